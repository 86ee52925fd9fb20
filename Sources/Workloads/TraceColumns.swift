public import EventKernel

/// What statistics look at: the rows of a trace file as they are, failures recorded as zero tokens among them, and of a
/// file without times too. In order of arrival.
public struct TraceColumns: Sendable {
    /// Empty for a file without times.
    public var arrivals: [SimulationTime]
    public var promptTokens: [Int]
    public var outputTokens: [Int]
    public var blockHashes: BlockHashes?

    /// - Precondition: columns of one length, sorted by arrival.
    public init(
        arrivals: [SimulationTime], promptTokens: [Int], outputTokens: [Int], blockHashes: BlockHashes? = nil
    ) {
        precondition(
            promptTokens.count == outputTokens.count && (arrivals.isEmpty || arrivals.count == promptTokens.count),
            "\(arrivals.count) arrivals, \(promptTokens.count) prompts, \(outputTokens.count) outputs")
        self.arrivals = arrivals
        self.promptTokens = promptTokens
        self.outputTokens = outputTokens
        self.blockHashes = blockHashes
    }

    public init(_ trace: Trace) {
        self.init(
            arrivals: trace.requests.map(\.arrival), promptTokens: trace.requests.map(\.promptTokens),
            outputTokens: trace.requests.map(\.outputTokens), blockHashes: trace.blockHashes)
    }
}
