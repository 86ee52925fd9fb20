public import EventKernel

/// The parts of a request's latency. They sum exactly to its end-to-end time.
public struct LatencyParts: Hashable, Sendable {
    /// Arrival to the start of its first prefill iteration.
    public var queue = SimulationDuration.zero
    /// In prefill iterations that carried its tokens, as long as they would take undisturbed.
    public var prefillRun = SimulationDuration.zero
    /// Between its first prefill iteration and its first token, but not in `prefillRun`: slowed by the other lane, or
    /// waiting between chunks.
    public var prefillStalled = SimulationDuration.zero
    /// KV cache on its way from the prefill to the decode instance, waiting for the link included.
    public var transfer = SimulationDuration.zero
    /// Prefilled, and waiting for a place in a decode batch.
    public var decodeWait = SimulationDuration.zero
    /// In iterations that generated its tokens, as long as they would take undisturbed.
    public var decodeRun = SimulationDuration.zero
    /// Admitted to decoding, but not in `decodeRun`: held up by prefill iterations, or slowed by the other lane.
    public var decodeStalled = SimulationDuration.zero
    /// From each preemption until it generates again, recomputation included.
    public var preempted = SimulationDuration.zero

    @inlinable
    public init() {}

    public var total: SimulationDuration {
        queue + prefillRun + prefillStalled + transfer + decodeWait + decodeRun + decodeStalled + preempted
    }
}

/// What became of a request.
public enum RequestOutcome: String, CaseIterable, Hashable, Sendable {
    case completed
    /// Can never fit into the KV memory of any instance it could go to.
    case rejected
    /// Still in the system when the run was stopped.
    case unfinished
    /// Lost with an instance that failed.
    case lost
}

/// One row of the results: the stamps of a request and the parts of its latency.
///
/// One is written and read for every request. Its fields lie as those of a request in the simulator do, so that they are
/// copied together, and what may be missing takes no more room than what is there.
public struct RequestRecord: Hashable, Sendable {
    public var request: Int
    public var arrival: SimulationTime
    public var promptTokens: Int
    public var outputTokens: Int
    public var classIndex: Int
    public var parts: LatencyParts
    /// Missing stamps are `.never`, missing instances −1.
    @usableFromInline var scheduledOrNever: SimulationTime
    @usableFromInline var firstTokenOrNever: SimulationTime
    public var preemptions: Int
    @usableFromInline var prefillInstanceOrNone: Int32
    @usableFromInline var decodeInstanceOrNone: Int32
    @usableFromInline var completionOrNever: SimulationTime
    public var outcome: RequestOutcome

    @inlinable
    public init(
        request: Int, classIndex: Int, outcome: RequestOutcome, arrival: SimulationTime, promptTokens: Int,
        outputTokens: Int, scheduled: SimulationTime? = nil, firstToken: SimulationTime? = nil,
        completion: SimulationTime? = nil, parts: LatencyParts = LatencyParts(), preemptions: Int = 0,
        prefillInstance: Int? = nil, decodeInstance: Int? = nil
    ) {
        self.request = request
        self.arrival = arrival
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.classIndex = classIndex
        self.parts = parts
        scheduledOrNever = scheduled ?? .never
        firstTokenOrNever = firstToken ?? .never
        self.preemptions = preemptions
        // Fewer than 2³¹, here and below.
        prefillInstanceOrNone = Int32(truncatingIfNeeded: prefillInstance ?? -1)
        decodeInstanceOrNone = Int32(truncatingIfNeeded: decodeInstance ?? -1)
        completionOrNever = completion ?? .never
        self.outcome = outcome
    }

    /// Start of its first prefill iteration.
    @inlinable
    public var scheduled: SimulationTime? {
        get { scheduledOrNever == .never ? nil : scheduledOrNever }
        set { scheduledOrNever = newValue ?? .never }
    }
    @inlinable
    public var firstToken: SimulationTime? {
        get { firstTokenOrNever == .never ? nil : firstTokenOrNever }
        set { firstTokenOrNever = newValue ?? .never }
    }
    @inlinable
    public var completion: SimulationTime? {
        get { completionOrNever == .never ? nil : completionOrNever }
        set { completionOrNever = newValue ?? .never }
    }
    /// The instance that prefilled it, as numbered over the whole deployment.
    @inlinable
    public var prefillInstance: Int? {
        get { prefillInstanceOrNone < 0 ? nil : Int(prefillInstanceOrNone) }
        set { prefillInstanceOrNone = Int32(truncatingIfNeeded: newValue ?? -1) }
    }
    /// The instance that decoded it, likewise.
    @inlinable
    public var decodeInstance: Int? {
        get { decodeInstanceOrNone < 0 ? nil : Int(decodeInstanceOrNone) }
        set { decodeInstanceOrNone = Int32(truncatingIfNeeded: newValue ?? -1) }
    }

    /// Time to first token: first token − arrival.
    public var timeToFirstToken: SimulationDuration? { firstToken.map { $0 - arrival } }
    /// End-to-end latency: completion − arrival.
    public var endToEnd: SimulationDuration? { completion.map { $0 - arrival } }
    /// Time per output token in seconds, (completion − first token)/(n − 1); `nil` for one token (vLLM bench).
    public var timePerOutputToken: Double? {
        guard let firstToken, let completion, outputTokens > 1 else { return nil }
        return (completion - firstToken).seconds / Double(outputTokens - 1)
    }
}
