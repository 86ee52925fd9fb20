public import CostModels
public import EventKernel

/// Which partition is in force, and the change to the next one if there is any under way.
///
/// The states of a phase: *settled*; ordered and *preparing* until a time that is known when the order is given; *ready*,
/// which lasts to the phase's next iteration boundary; then settled again under the new cap. Phases change over on their
/// own, so that the old cap of one and the new cap of the other are in force together for a while, and may sum to more
/// than either partition does. While a change is under way another is refused.
///
/// A pure value: it is told the times and says what holds. Times never run back.
public struct PartitionSwitch: Hashable, Sendable {
    public let cost: PartitionSwitchCost
    /// The cap of each phase's current iteration, or of its next one if it is between two.
    public private(set) var inForce: SMPartition
    /// Why the latest change was ordered; `nil` before the first.
    public private(set) var reason: String?
    private var order: Order?
    /// Before these times no iteration may begin.
    private var resume = PhasePair(prefill: SimulationTime.zero, decode: SimulationTime.zero)

    private struct Order: Hashable, Sendable {
        var target: SMPartition
        var ready: SimulationTime
        /// Phases that have not yet changed over or, in a restart, not yet stopped.
        var waiting: ServingPhases
    }

    public init(_ initial: SMPartition, cost: PartitionSwitchCost) {
        inForce = initial
        self.cost = cost
    }

    /// Begins the change that a controller decided on. A restart is one of both phases, whichever the decision names.
    /// - Returns: Whether it was accepted; if another is under way, nothing changed.
    public mutating func begin(_ decision: PartitionDecision, at now: SimulationTime) -> Bool {
        guard !isSwitching(at: now) else { return false }
        switch cost {
        case .asynchronous(let preparation, _, _):
            order = Order(target: decision.partition, ready: now + preparation, waiting: decision.phases)
        case .restart:
            order = Order(target: decision.partition, ready: now, waiting: .both)
        }
        reason = decision.reason
        return true
    }

    /// Says that `phase` is between two iterations: to be called before each iteration begins and, for an idle phase,
    /// whenever something happens to the instance or `nextChange` is reached.
    ///
    /// - Parameter keyValueBytes: KV cache in use on each GPU, which a restart copies.
    /// - Returns: When the phase may begin its next iteration: now, later, or `.never` as long as it is waiting for the
    ///   other phase to stop.
    public mutating func reachBoundary(
        of phase: ServingPhase, at now: SimulationTime, keyValueBytes: Int
    ) -> SimulationTime {
        guard var order, now >= order.ready else { return max(now, resume[phase]) }
        let isNew = order.waiting.contains(ServingPhases(phase))
        order.waiting.remove(ServingPhases(phase))
        switch cost {
        case .asynchronous(_, let prefillStall, let decodeStall):
            if isNew {
                setCap(of: phase, from: order.target)
                resume[phase] = now + PhasePair(prefill: prefillStall, decode: decodeStall)[phase]
            }
        case .restart(let restart):
            guard order.waiting.isEmpty else {
                self.order = order
                return .never
            }
            inForce = order.target
            let end = now + restart.duration(keyValueBytes: keyValueBytes)
            resume = PhasePair(prefill: end, decode: end)
        }
        self.order = order.waiting.isEmpty ? nil : order
        return max(now, resume[phase])
    }

    /// Whether a change is under way.
    public func isSwitching(at now: SimulationTime) -> Bool {
        order != nil || now < max(resume.prefill, resume.decode)
    }

    /// Whether `phase` has a change before it, or is standing still for one. A restart is one change of both.
    public func isSwitching(_ phase: ServingPhase, at now: SimulationTime) -> Bool {
        if case .restart = cost { return isSwitching(at: now) }
        return order?.waiting.contains(ServingPhases(phase)) == true || now < resume[phase]
    }

    /// The next time after `now` at which preparation or a stall ends; `nil` if there is none.
    public func nextChange(after now: SimulationTime) -> SimulationTime? {
        // Asked at every event of an instance: no arrays.
        func ahead(_ time: SimulationTime) -> SimulationTime { time > now ? time : .never }
        let next = min(ahead(order?.ready ?? .never), ahead(resume.prefill), ahead(resume.decode))
        return next == .never ? nil : next
    }

    private mutating func setCap(of phase: ServingPhase, from target: SMPartition) {
        switch phase {
        case .prefill: inForce.prefill = target.prefill
        case .decode: inForce.decode = target.decode
        }
    }
}
