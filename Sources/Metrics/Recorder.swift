public import EventKernel

/// Receives what happens in a run, in order of simulated time.
public protocol Recorder {
    /// A request reached its end: completed, rejected, lost, or unfinished when the run was stopped.
    mutating func record(_ request: RequestRecord)
    /// `count` gaps between successive tokens of a sequence, each of `gap`. Only where `tokenGaps` is `each`.
    mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int)
    /// All gaps of a run that came to its end, then. Only where `tokenGaps` is `counted`.
    mutating func recordTokenGaps(_ gaps: LatencyHistogram)
    /// Not called of a recorder whose `recordsIterations` is false.
    mutating func record(_ iterations: IterationRecord)
    mutating func record(_ interval: IntervalRecord)
    mutating func record(_ change: PartitionChangeRecord)
    mutating func record(_ transfer: TransferRecord)
    /// Whether it wants to be told of iterations; the same throughout a run.
    var recordsIterations: Bool { get }
    /// How it wants to be told of gaps between tokens; the same throughout a run.
    var tokenGaps: TokenGapRecording { get }
}

/// How a recorder is told of the gaps between tokens, of which there are hundreds per request.
public enum TokenGapRecording: Sendable {
    case ignored
    /// Once, by the classes of `LatencyHistogram`.
    case counted
    /// As they happen, equal ones together.
    case each
}

extension Recorder {
    public var recordsIterations: Bool { true }
    public mutating func record(_ iterations: IterationRecord) {}
    public mutating func record(_ interval: IntervalRecord) {}
    public mutating func record(_ change: PartitionChangeRecord) {}
    public mutating func record(_ transfer: TransferRecord) {}
    public mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) {}
    public mutating func recordTokenGaps(_ gaps: LatencyHistogram) {}
    public var tokenGaps: TokenGapRecording { .each }
}
