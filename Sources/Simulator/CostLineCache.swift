internal import CostModels

/// The latest decode cost line of each number of sequences, with what it rests on. A cost model is a pure function and a
/// line holds over its whole segment, so that most batches are priced without asking the model.
struct CostLineCache: ~Copyable, Sendable {
    private struct Entry: Sendable, BitwiseCopyable {
        var line: DecodeCostLine
        /// Of the line; no number of SMs while there is none.
        var sms: Int
        /// What the line rests on, where that is not the same for all prices.
        var split: ProvenanceSplit
    }

    /// By number of sequences.
    private var entries = UniqueBuffer<Entry>()

    init() {}

    /// Whether the line of a batch is known.
    @inline(__always)
    func holds(sequences: Int, contextTokens: Int, sms: Int) -> Bool {
        sequences < entries.count && entries[sequences].sms == sms && entries[sequences].line.holds(at: contextTokens)
    }

    /// Of the batch of which `holds` has just been true.
    @inline(__always)
    func line(sequences: Int) -> DecodeCostLine { entries[sequences].line }

    /// The same; means nothing where every price rests on the same.
    @inline(__always)
    func split(sequences: Int) -> ProvenanceSplit { entries[sequences].split }

    /// Asks the model for the line of a batch, and keeps it.
    mutating func ask(_ model: any CostModel, sequences: Int, contextTokens: Int, sms: Int) {
        let (line, split): (DecodeCostLine, ProvenanceSplit)
        if model.uniformProvenance == nil {
            let (known, provenance) = model.decodeLineAndProvenance(
                sequences: sequences, contextTokens: contextTokens, sms: sms)
            (line, split) = (known, provenance.split)
        } else {
            line = model.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
            split = ProvenanceShares().split
        }
        precondition(
            line.holds(at: contextTokens), "cost line \(line) does not hold at \(contextTokens) context tokens")
        while entries.count <= sequences { entries.append(Entry(line: line, sms: -1, split: split)) }
        entries[sequences] = Entry(line: line, sms: sms, split: split)
    }
}

extension DecodeCostLine {
    @inline(__always)
    fileprivate func holds(at contextTokens: Int) -> Bool {
        firstContext <= contextTokens && contextTokens <= lastContext
    }
}
