internal import CostModels

/// The latest decode cost line of each number of sequences. A cost model is a pure function and a line holds over its whole
/// segment, so that most batches are priced without asking the model.
struct CostLineCache: ~Copyable, Sendable {
    private struct Entry: Sendable, BitwiseCopyable {
        var line: DecodeCostLine
        /// Of the line; no number of SMs while there is none.
        var sms: Int
    }

    /// By number of sequences.
    private var entries = UniqueBuffer<Entry>()

    init() {}

    /// The line of a batch, if it is known.
    @inline(__always)
    func line(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine? {
        guard sequences < entries.count else { return nil }
        let entry = entries[sequences]
        return entry.sms == sms && entry.line.holds(at: contextTokens) ? entry.line : nil
    }

    /// Asks the model for the line of a batch, and keeps it.
    mutating func ask(
        _ model: any CostModel, sequences: Int, contextTokens: Int, sms: Int
    ) -> DecodeCostLine {
        let line = model.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
        precondition(
            line.holds(at: contextTokens), "cost line \(line) does not hold at \(contextTokens) context tokens")
        while entries.count <= sequences { entries.append(Entry(line: line, sms: -1)) }
        entries[sequences] = Entry(line: line, sms: sms)
        return line
    }
}

extension DecodeCostLine {
    @inline(__always)
    fileprivate func holds(at contextTokens: Int) -> Bool {
        firstContext <= contextTokens && contextTokens <= lastContext
    }
}
