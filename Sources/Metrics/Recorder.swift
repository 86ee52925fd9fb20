public import EventKernel

/// Receives what happens in a run, in order of simulated time.
public protocol Recorder {
    /// A request reached its end: completed, rejected, lost, or unfinished when the run was stopped.
    mutating func record(_ request: RequestRecord)
    /// `count` gaps between successive tokens of a sequence, each of `gap`.
    mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int)
    /// Not called of a recorder whose `recordsIterations` is false.
    mutating func record(_ iterations: IterationRecord)
    mutating func record(_ interval: IntervalRecord)
    mutating func record(_ change: PartitionChangeRecord)
    mutating func record(_ transfer: TransferRecord)
    /// Whether it wants to be told of iterations; the same throughout a run.
    var recordsIterations: Bool { get }
    /// The longest gap that is counted together with `gap`. Lets a caller who knows many growing gaps count them in
    /// groups; a recorder that keeps every gap apart returns `gap` itself.
    func longestGap(countedWith gap: SimulationDuration) -> SimulationDuration
}

extension Recorder {
    public var recordsIterations: Bool { true }
    public mutating func record(_ iterations: IterationRecord) {}
    public mutating func record(_ interval: IntervalRecord) {}
    public mutating func record(_ change: PartitionChangeRecord) {}
    public mutating func record(_ transfer: TransferRecord) {}
    public mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) {}
    public func longestGap(countedWith gap: SimulationDuration) -> SimulationDuration { gap }
}
