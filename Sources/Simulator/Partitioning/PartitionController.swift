public import CostModels
public import EventKernel

/// Decides the SM partition of one semi-PD instance from what it sees of the instance.
///
/// Contract: `decide` is a function of the observations so far; it sees each sample once, and never while a change that
/// it ordered is under way. Returning `nil` leaves things as they are. A returned partition must be admissible for the
/// mechanism in use. `cadence` is read before each decision.
public protocol PartitionController: Sendable {
    var cadence: ObservationCadence { get }
    mutating func decide(_ observation: PartitionObservation) -> PartitionDecision?
}

/// When a controller wants to be asked.
public enum ObservationCadence: Hashable, Sendable {
    /// As soon as so many decoded requests have completed since the last observation.
    case completions(Int)
    /// As soon as so many iterations of either phase have ended since the last observation.
    case iterations(Int)
    /// So long after the last observation, or when the change that it led to is complete if that is later.
    case every(SimulationDuration)
}

/// A partition to change to.
public struct PartitionDecision: Hashable, Sendable {
    public var partition: SMPartition
    /// The phases that change over. The released semi-PD code starts a worker anew even where its share stays the same.
    public var phases: ServingPhases
    /// Why, for people who read the run afterwards.
    public var reason: String

    public init(_ partition: SMPartition, phases: ServingPhases, reason: String) {
        precondition(!phases.isEmpty, "a change of no phase to \(partition)")
        self.partition = partition
        self.phases = phases
        self.reason = reason
    }

    /// The phases whose caps differ; `nil` if none does.
    public init?(from current: SMPartition, to target: SMPartition, reason: String) {
        var phases: ServingPhases = []
        if current.prefill != target.prefill { phases.insert(.prefill) }
        if current.decode != target.decode { phases.insert(.decode) }
        guard !phases.isEmpty else { return nil }
        self.init(target, phases: phases, reason: reason)
    }
}
