internal import CostModels

/// Decode cost lines that were asked for, with what they rest on. A cost model is a pure function and a line holds over its
/// whole segment, so that most batches are priced without asking the model.
struct CostLineCache: ~Copyable, Sendable {
    fileprivate struct Entry: Sendable, BitwiseCopyable {
        var line: DecodeCostLine
        /// What the line rests on, where that is not the same for all prices.
        var split: ProvenanceSplit
        /// See `DecodeLinePrice`; no number where it is not known.
        var kernelSeconds: Double
        /// Of the line; no number of SMs while there is none.
        var sms: Int32

        @inline(__always)
        func holds(at contextTokens: Int, sms: Int) -> Bool {
            self.sms == sms && line.firstContext <= contextTokens && contextTokens <= line.lastContext
        }
    }

    /// Lines over four octaves of Σ context and more, by number of sequences.
    private var wide = UniqueBuffer<Entry>()
    /// The others. Each number of sequences has so many places, one for each eighth of an octave, over which models cut
    /// their lines, and for four octaves, over which the contexts of batches of one size wander.
    private var narrow = UniqueBuffer<Entry>()
    private static let placesPerSize = 32

    init() {}

    /// The place of the line of a batch: among the narrow ones, or what `~` makes of one among the wide ones; `nil` if the
    /// line is not known.
    @inline(__always)
    mutating func place(sequences: Int, contextTokens: Int, sms: Int) -> Int? {
        if sequences < wide.count, wide[known: sequences].holds(at: contextTokens, sms: sms) { return ~sequences }
        let place = Self.narrowPlace(sequences: sequences, contextTokens: contextTokens)
        return place < narrow.count && narrow[known: place].holds(at: contextTokens, sms: sms) ? place : nil
    }

    @inline(__always)
    private static func narrowPlace(sequences: Int, contextTokens: Int) -> Int {
        // The three bits behind the highest one, none of which lies below the units, and two of where that one is.
        let octave = Int.bitWidth &- 4 &- (contextTokens | 8).leadingZeroBitCount
        let eighth = (contextTokens &>> octave) & 7
        return sequences * placesPerSize + ((octave & 3) &<< 3 | eighth)
    }

    /// What `place` has just found.
    @inline(__always)
    func line(at place: Int) -> DecodeCostLine { place < 0 ? wide[known: ~place].line : narrow[known: place].line }

    /// The same; means nothing where every price rests on the same.
    @inline(__always)
    func split(at place: Int) -> ProvenanceSplit { place < 0 ? wide[~place].split : narrow[place].split }

    @inline(__always)
    func kernelSeconds(at place: Int) -> Double? {
        let seconds = place < 0 ? wide[~place].kernelSeconds : narrow[place].kernelSeconds
        return seconds.isNaN ? nil : seconds
    }

    /// Asks the model for a line that is not known. Returns its place.
    @inline(never)
    mutating func ask(_ model: any CostModel, sequences: Int, contextTokens: Int, sms: Int) -> Int {
        let price =
            model.uniformProvenance == nil
            ? model.linePrice(sequences: sequences, contextTokens: contextTokens, sms: sms)
            : DecodeLinePrice(
                line: model.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms),
                provenance: ProvenanceShares())
        let entry = Entry(
            line: price.line, split: price.provenance.split, kernelSeconds: price.kernelSeconds ?? .nan, sms: Int32(sms)
        )
        precondition(
            entry.holds(at: contextTokens, sms: sms),
            "cost line \(price.line) does not hold at \(contextTokens) context tokens")
        if price.line.lastContext / 16 >= max(1, price.line.firstContext) {
            wide.keep(entry, at: sequences)
            return ~sequences
        }
        let place = Self.narrowPlace(sequences: sequences, contextTokens: contextTokens)
        narrow.keep(entry, at: place)
        return place
    }
}

extension UniqueBuffer<CostLineCache.Entry> {
    fileprivate mutating func keep(_ entry: CostLineCache.Entry, at place: Int) {
        var nothing = entry
        nothing.sms = -1
        while count <= place { append(nothing) }
        self[place] = entry
    }
}
