public import CostModels
public import EventKernel

/// Partition control of one semi-PD instance: its controller, what the controller has yet to see, and the change under
/// way. The simulator tells it what happens and asks it before it starts an iteration.
public struct PartitionControl: Sendable {
    private var controller: any PartitionController
    /// The controller's, until it decides anew.
    private var cadence: ObservationCadence
    private var change: PartitionSwitch
    private var firstTokens: [FirstTokenSample] = []
    private var completions: [CompletionSample] = []
    private var arrivals = 0
    private var arrivedPromptTokens = 0
    private var prefillBusy = SimulationDuration.zero
    private var prefilledPrompts = 0
    /// Of both lanes since the start of the run: now, and at the last observation.
    private var iterations = 0
    private var observedIterations = 0
    private let keyValueBytesPerBlock: Int
    private var lastObservation = SimulationTime.zero

    /// - Parameter keyValueBytesPerBlock: On each GPU; a naive restart copies the blocks in use.
    public init(
        _ controller: any PartitionController, initial: SMPartition, cost: PartitionSwitchCost,
        keyValueBytesPerBlock: Int = 0
    ) {
        if case .every(let interval) = controller.cadence {
            precondition(interval > .zero, "a controller that is always due")
        }
        self.controller = controller
        cadence = controller.cadence
        self.keyValueBytesPerBlock = keyValueBytesPerBlock
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
        prefillBusy += duration
        prefilledPrompts += prompts
    }

    /// - Parameter total: Iterations of both lanes that have ended since the start of the run.
    public mutating func countIterations(_ total: Int) { iterations = total }

    // MARK: What is decided

    /// Whether the controller wants to see the instance now.
    public func isDue(at now: SimulationTime) -> Bool {
        if change.isSwitching(at: now) { return false }
        return switch cadence {
        case .completions(let count): completions.count >= count
        case .iterations(let count): iterations - observedIterations >= count
        case .every(let interval): now >= lastObservation + interval
        }
    }

    /// Whether nothing is under way, due or awaited, as is so at most events: both phases may go on as they are.
    ///
    /// Mutating although it changes nothing: to borrow a control for what is inlined copies it.
    @inline(__always)
    mutating func isQuiet(at now: SimulationTime) -> Bool {
        let isDecided =
            switch cadence {
            case .completions(let count): completions.count < count
            case .iterations(let count): iterations - observedIterations < count
            // It waits for a time.
            case .every: false
            }
        return isDecided && !change.isSwitching(at: now)
    }

    /// Whether a change is under way.
    public func isSwitching(at now: SimulationTime) -> Bool { change.isSwitching(at: now) }

    /// Iterations after which the controller may be due: a run of equal iterations must not be longer. `nil` if their
    /// number does not matter.
    public var iterationsUntilDue: Int? {
        guard case .iterations(let count) = cadence else { return nil }
        return max(1, count - (iterations - observedIterations))
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
        (arrivals, arrivedPromptTokens, prefilledPrompts) = (0, 0, 0)
        observedIterations = iterations
        prefillBusy = .zero
        lastObservation = now
        defer { cadence = controller.cadence }
        guard let decision = controller.decide(observation) else { return nil }
        let accepted = change.begin(decision, at: now)
        precondition(accepted, "a controller was asked at \(now) while a change was under way")
        return decision
    }

    /// Says that `phase` is between two iterations; see `PartitionSwitch.reachBoundary`.
    public mutating func reachBoundary(
        of phase: ServingPhase, at now: SimulationTime, usedBlocks: Int
    ) -> SimulationTime {
        change.reachBoundary(of: phase, at: now, keyValueBytes: usedBlocks * keyValueBytesPerBlock)
    }

    /// When the simulator must look at the instance again even if nothing else happens: at the end of a preparation or of
    /// a stall, or when the controller is due; now, if a change has just ended that kept the controller from being asked.
    /// `never` if only iterations, arrivals or completions matter.
    public func nextLook(after now: SimulationTime) -> SimulationTime {
        if isDue(at: now) { return now }
        let change = change.nextChange(after: now) ?? .never
        guard case .every(let interval) = cadence, !self.change.isSwitching(at: now) else { return change }
        return min(change, lastObservation + interval)
    }
}
