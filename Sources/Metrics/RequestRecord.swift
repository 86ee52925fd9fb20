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
public struct RequestRecord: Hashable, Sendable {
    public var request: Int
    public var classIndex: Int
    public var outcome: RequestOutcome
    public var arrival: SimulationTime
    public var promptTokens: Int
    public var outputTokens: Int
    public var parts: LatencyParts
    /// Start of its first prefill iteration.
    public var scheduled: SimulationTime?
    public var firstToken: SimulationTime?
    public var completion: SimulationTime?
    public var preemptions: Int
    /// The instance that prefilled it, and the one that decoded it, as numbered over the whole deployment.
    public var prefillInstance: Int?
    public var decodeInstance: Int?

    @inlinable
    public init(
        request: Int, classIndex: Int, outcome: RequestOutcome, arrival: SimulationTime, promptTokens: Int,
        outputTokens: Int, scheduled: SimulationTime? = nil, firstToken: SimulationTime? = nil,
        completion: SimulationTime? = nil, parts: LatencyParts = LatencyParts(), preemptions: Int = 0,
        prefillInstance: Int? = nil, decodeInstance: Int? = nil
    ) {
        self.request = request
        self.classIndex = classIndex
        self.outcome = outcome
        self.arrival = arrival
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.scheduled = scheduled
        self.firstToken = firstToken
        self.completion = completion
        self.parts = parts
        self.preemptions = preemptions
        self.prefillInstance = prefillInstance
        self.decodeInstance = decodeInstance
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
