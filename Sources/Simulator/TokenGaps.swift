internal import EventKernel
internal import Metrics

/// The gaps between tokens of a run on their way to its recorder. Most recorders want no more than counts, which are kept
/// here, in storage of one owner, until the run is over.
struct TokenGaps: ~Copyable {
    private let recording: TokenGapRecording
    /// By class; empty if nothing is counted.
    private var counts: UniqueBuffer<Int>

    init(_ recording: TokenGapRecording) {
        self.recording = recording
        counts = UniqueBuffer(repeating: 0, count: recording == .counted ? GapClass.count : 0)
    }

    /// - Precondition: the gap is not negative and below 146 years.
    @inline(__always)
    mutating func record(_ gap: SimulationDuration, count: Int, _ recorder: inout some Recorder) {
        switch recording {
        case .ignored: break
        // Tokens of a run: fewer than 2⁶³.
        case .counted: counts[GapClass.index(of: gap)] &+= count
        case .each: recorder.recordTokenGaps(gap, count: count)
        }
    }

    /// Counts `present` gaps, each of `first`, and `others` others from `shortest` to `longest`, if those are of one class.
    /// Otherwise it records nothing and returns `false`.
    @inline(__always)
    mutating func count(
        _ first: SimulationDuration, of present: Int, and shortest: SimulationDuration, to longest: SimulationDuration,
        of others: Int
    ) -> Bool {
        guard recording == .counted else { return recording == .ignored }
        let place = GapClass.index(of: longest)
        guard GapClass.index(of: shortest) == place else { return false }
        counts[place] &+= others
        if present > 0 { counts[GapClass.index(of: first)] &+= present }
        return true
    }

    /// Counts gaps from `shortest` to `longest`, if those are of one class. Otherwise it records nothing and returns `false`.
    @inline(__always)
    mutating func count(from shortest: SimulationDuration, to longest: SimulationDuration, of all: Int) -> Bool {
        guard recording == .counted else { return recording == .ignored }
        let place = GapClass.index(of: longest)
        guard GapClass.index(of: shortest) == place else { return false }
        counts[place] &+= all
        return true
    }

    /// The longest gap that it makes no difference to record as `gap`.
    @inline(__always)
    func longest(countedWith gap: SimulationDuration) -> SimulationDuration {
        switch recording {
        case .ignored: SimulationDuration(nanoseconds: .max)
        case .counted: GapClass(of: gap).longest
        case .each: gap
        }
    }

    /// Tells the recorder what was counted.
    func hand(to recorder: inout some Recorder) {
        guard recording == .counted else { return }
        var histogram = LatencyHistogram()
        for index in counts.indices where counts[index] > 0 {
            histogram.record(GapClass(index: index).shortest, count: counts[index])
        }
        recorder.recordTokenGaps(histogram)
    }
}
