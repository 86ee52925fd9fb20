public import EventKernel

/// One request of a trace: what the simulator is given and never changes.
public struct Request: Hashable, Sendable, BitwiseCopyable {
    /// Position in the trace, from 0, in order of arrival.
    public var index: Int
    public var arrival: SimulationTime
    /// At least 1.
    public var promptTokens: Int
    /// At least 1: the first token comes out of prefill.
    public var outputTokens: Int
    /// Index into the workload's classes; 0 where there are none.
    public var classIndex: Int

    public init(index: Int, arrival: SimulationTime, promptTokens: Int, outputTokens: Int, classIndex: Int = 0) {
        precondition(
            promptTokens >= 1 && outputTokens >= 1, "request \(index): \(promptTokens) in, \(outputTokens) out")
        self.index = index
        self.arrival = arrival
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.classIndex = classIndex
    }
}

/// Requests in order of arrival, one at a time: a trace in memory, a file being streamed, or a generator.
public protocol RequestSource {
    /// The next request, or `nil` after the last. Arrivals never go back; indices count up from 0.
    mutating func next() throws -> Request?
}
