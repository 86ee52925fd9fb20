public import CostModels
public import EventKernel

/// What a controller sees of one instance: what happened since the previous observation, and how things stand.
public struct PartitionObservation: Hashable, Sendable {
    public var time: SimulationTime
    /// Since the previous observation, or the start of the run.
    public var elapsed: SimulationDuration
    /// In force; no change is under way.
    public var partition: SMPartition
    /// Requests that got their first token, in order, except while a change of prefill was under way.
    public var firstTokens: [FirstTokenSample]
    /// Requests of at least two tokens that completed, in order, except while a change of prefill was under way.
    public var completions: [CompletionSample]
    public var arrivals: Int
    /// Σ over arrivals.
    public var arrivedPromptTokens: Int
    /// Time in which the prefill lane ran.
    public var prefillBusy: SimulationDuration
    /// Prompts whose prefill ended, the time of which is in `prefillBusy`.
    public var prefilledPrompts: Int
    public var load: InstanceLoad

    public init(
        time: SimulationTime, elapsed: SimulationDuration, partition: SMPartition, firstTokens: [FirstTokenSample],
        completions: [CompletionSample], arrivals: Int, arrivedPromptTokens: Int, prefillBusy: SimulationDuration,
        prefilledPrompts: Int, load: InstanceLoad
    ) {
        self.time = time
        self.elapsed = elapsed
        self.partition = partition
        self.firstTokens = firstTokens
        self.completions = completions
        self.arrivals = arrivals
        self.arrivedPromptTokens = arrivedPromptTokens
        self.prefillBusy = prefillBusy
        self.prefilledPrompts = prefilledPrompts
        self.load = load
    }
}

/// How a request got its first token.
public struct FirstTokenSample: Hashable, Sendable {
    public var timeToFirstToken: SimulationDuration
    /// From the start of the first prefill batch that the prompt was in to the token.
    public var execution: SimulationDuration
    /// Arrival to the start of the first of them.
    public var wait: SimulationDuration

    public init(timeToFirstToken: SimulationDuration, execution: SimulationDuration, wait: SimulationDuration) {
        self.timeToFirstToken = timeToFirstToken
        self.execution = execution
        self.wait = wait
    }
}

/// How a request was decoded.
public struct CompletionSample: Hashable, Sendable {
    /// Durations of all iterations that the request took part in, prefill included and all waiting excluded, over its
    /// output tokens; in seconds. It does not see requests wait for a place in the decode batch.
    public var internalTimePerOutputToken: Double
    public var outputTokens: Int

    public init(internalTimePerOutputToken: Double, outputTokens: Int) {
        self.internalTimePerOutputToken = internalTimePerOutputToken
        self.outputTokens = outputTokens
    }
}

/// What waits and runs in an instance at a moment.
public struct InstanceLoad: Hashable, Sendable {
    /// Requests of which no token has been computed.
    public var waitingRequests: Int
    /// Prompt tokens not yet computed, of waiting and of partly prefilled requests.
    public var waitingTokens: Int
    /// Since the arrival of the request at the head of the queue; zero if none waits.
    public var oldestWait: SimulationDuration
    /// Prefilled requests without a place in the decode batch.
    public var prefilledRequests: Int
    public var decodeSequences: Int
    /// Σ of their contexts.
    public var decodeContextTokens: Int

    public static let idle = InstanceLoad(
        waitingRequests: 0, waitingTokens: 0, oldestWait: .zero, prefilledRequests: 0, decodeSequences: 0,
        decodeContextTokens: 0)

    public init(
        waitingRequests: Int, waitingTokens: Int, oldestWait: SimulationDuration, prefilledRequests: Int,
        decodeSequences: Int, decodeContextTokens: Int
    ) {
        self.waitingRequests = waitingRequests
        self.waitingTokens = waitingTokens
        self.oldestWait = oldestWait
        self.prefilledRequests = prefilledRequests
        self.decodeSequences = decodeSequences
        self.decodeContextTokens = decodeContextTokens
    }
}
