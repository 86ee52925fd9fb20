internal import CostModels

/// Decode cost lines that were asked for, with what they rest on. A cost model is a pure function and a line holds over its
/// whole segment, so that most batches are priced without asking the model.
struct CostLineCache: ~Copyable, Sendable {
    private struct Entry: Sendable, BitwiseCopyable {
        var line: DecodeCostLine
        /// What the line rests on, where that is not the same for all prices.
        var split: ProvenanceSplit
        /// See `DecodeLinePrice`; no number where it is not known.
        var kernelSeconds: Double
        /// Of the line; no number of SMs while there is none.
        var sms: Int32
    }

    /// Each number of sequences has this many, one for each eighth of an octave of Σ context, over which models cut their
    /// lines, and for four octaves, over which the contexts of batches of one size wander.
    private static let placesPerSize = 32

    /// By place.
    private var entries = UniqueBuffer<Entry>()

    init() {}

    /// The place of the line of a batch, of which the model is asked if it is not known.
    @inline(__always)
    mutating func place(_ model: any CostModel, sequences: Int, contextTokens: Int, sms: Int) -> Int {
        // The three bits behind the highest one, none of which lies below the units, and two of where that one is.
        let octave = Int.bitWidth &- 4 &- (contextTokens | 8).leadingZeroBitCount
        let eighth = (contextTokens &>> octave) & 7
        let place = sequences * Self.placesPerSize + ((octave & 3) &<< 3 | eighth)
        if place >= entries.count || entries[known: place].sms != sms
            || !entries[known: place].line.holds(at: contextTokens)
        {
            ask(model, place, sequences: sequences, contextTokens: contextTokens, sms: sms)
        }
        return place
    }

    /// What `place` has just found.
    @inline(__always)
    func line(at place: Int) -> DecodeCostLine { entries[place].line }

    /// The same; means nothing where every price rests on the same.
    @inline(__always)
    func split(at place: Int) -> ProvenanceSplit { entries[place].split }

    @inline(__always)
    func kernelSeconds(at place: Int) -> Double? {
        let seconds = entries[place].kernelSeconds
        return seconds.isNaN ? nil : seconds
    }

    @inline(never)
    private mutating func ask(
        _ model: any CostModel, _ place: Int, sequences: Int, contextTokens: Int, sms: Int
    ) {
        let price =
            model.uniformProvenance == nil
            ? model.linePrice(sequences: sequences, contextTokens: contextTokens, sms: sms)
            : DecodeLinePrice(
                line: model.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms),
                provenance: ProvenanceShares())
        precondition(
            price.line.holds(at: contextTokens),
            "cost line \(price.line) does not hold at \(contextTokens) context tokens")
        var entry = Entry(
            line: price.line, split: price.provenance.split, kernelSeconds: price.kernelSeconds ?? .nan, sms: -1)
        while entries.count < (sequences + 1) * Self.placesPerSize { entries.append(entry) }
        entry.sms = Int32(sms)
        entries[place] = entry
        // A line over four octaves is one for all of them: its model is asked once for each size, not for each place.
        if price.line.lastContext / 16 >= max(1, price.line.firstContext) {
            let first = sequences * Self.placesPerSize
            for other in first..<first + Self.placesPerSize where entries[other].sms != entry.sms {
                entries[other] = entry
            }
        }
    }
}

extension DecodeCostLine {
    @inline(__always)
    fileprivate func holds(at contextTokens: Int) -> Bool {
        firstContext <= contextTokens && contextTokens <= lastContext
    }
}
