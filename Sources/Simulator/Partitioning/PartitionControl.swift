public import CostModels
public import EventKernel

/// Partition control of one semi-PD instance: its controller, what the controller has yet to see, and the change under
/// way. The simulator tells it what happens and asks it before it starts an iteration.
public struct PartitionControl: Sendable {
    private var controller: any PartitionController
    private var change: PartitionSwitch
    private var firstTokens: [FirstTokenSample] = []
    private var completions: [CompletionSample] = []
    private var arrivals = 0
    private var arrivedPromptTokens = 0
    private var prefillBusy = SimulationDuration.zero
    private var prefilledPrompts = 0
    private var iterations = 0
    private var lastObservation = SimulationTime.zero

    public init(_ controller: any PartitionController, initial: SMPartition, cost: PartitionSwitchCost) {
        self.controller = controller
        change = PartitionSwitch(initial, cost: cost)
    }

    /// The caps of both phases' current or next iterations.
    public var inForce: SMPartition { change.inForce }
    /// Why the latest change was ordered; `nil` before the first.
    public var reason: String? { change.reason }

    // MARK: What happens

    public mutating func recordArrival(promptTokens: Int) {
        arrivals += 1
        arrivedPromptTokens += promptTokens
    }

    public mutating func recordFirstToken(_ sample: FirstTokenSample, at now: SimulationTime) {
        if !change.isSwitching(.prefill, at: now) { firstTokens.append(sample) }
    }

    public mutating func recordCompletion(_ sample: CompletionSample, at now: SimulationTime) {
        if !change.isSwitching(.prefill, at: now) { completions.append(sample) }
    }

    /// - Parameter prompts: Prompts that the iteration completed.
    public mutating func recordPrefillIteration(_ duration: SimulationDuration, prompts: Int) {
        iterations += 1
        prefillBusy += duration
        prefilledPrompts += prompts
    }

    public mutating func recordDecodeIterations(_ count: Int) { iterations += count }

    // MARK: What is decided

    /// Whether the controller wants to see the instance now.
    public func isDue(at now: SimulationTime) -> Bool {
        if change.isSwitching(at: now) { return false }
        return switch controller.cadence {
        case .never: false
        case .completions(let count): completions.count >= count
        case .iterations(let count): iterations >= count
        case .every(let interval): now >= lastObservation + interval
        }
    }

    /// Iterations after which the controller may be due: a run of equal iterations must not be longer. `nil` if their
    /// number does not matter.
    public var iterationsUntilDue: Int? {
        guard case .iterations(let count) = controller.cadence else { return nil }
        return max(1, count - iterations)
    }

    /// Shows the controller everything since the last time, and begins the change that it decides on.
    /// - Precondition: `isDue(at: now)`.
    public mutating func consult(at now: SimulationTime, load: InstanceLoad) -> PartitionDecision? {
        let observation = PartitionObservation(
            time: now, elapsed: now - lastObservation, partition: change.inForce, firstTokens: firstTokens,
            completions: completions, arrivals: arrivals, arrivedPromptTokens: arrivedPromptTokens,
            prefillBusy: prefillBusy, prefilledPrompts: prefilledPrompts, load: load)
        firstTokens.removeAll(keepingCapacity: true)
        completions.removeAll(keepingCapacity: true)
        (arrivals, arrivedPromptTokens, prefilledPrompts, iterations) = (0, 0, 0, 0)
        prefillBusy = .zero
        lastObservation = now
        guard let decision = controller.decide(observation) else { return nil }
        let accepted = change.begin(decision, at: now)
        precondition(accepted, "a controller was asked at \(now) while a change was under way")
        return decision
    }

    /// Says that `phase` is between two iterations; see `PartitionSwitch.reachBoundary`.
    public mutating func reachBoundary(
        of phase: ServingPhase, at now: SimulationTime, keyValueBytes: Int
    ) -> SimulationTime {
        change.reachBoundary(of: phase, at: now, keyValueBytes: keyValueBytes)
    }

    /// When the simulator must look at the instance again even if nothing else happens: the end of a preparation or of
    /// a stall. Runs of equal iterations are cut short there.
    public func nextChange(after now: SimulationTime) -> SimulationTime? { change.nextChange(after: now) }
}
