public import EventKernel

/// One request of a trace: what the simulator is given and never changes.
///
/// 32 bytes, which go from hand to hand in registers: traces have millions, and each is handed on a few times.
public struct Request: Hashable, Sendable, BitwiseCopyable {
    /// Position in the trace, from 0, in order of arrival.
    public var index: Int
    public var arrival: SimulationTime
    @usableFromInline var prompt: Int32
    @usableFromInline var output: Int32
    @usableFromInline var ofClass: Int32

    /// - Precondition: fewer than 2³¹ tokens each.
    public init(index: Int, arrival: SimulationTime, promptTokens: Int, outputTokens: Int, classIndex: Int = 0) {
        precondition(
            promptTokens >= 1 && outputTokens >= 1, "request \(index): \(promptTokens) in, \(outputTokens) out")
        self.index = index
        self.arrival = arrival
        prompt = Int32(promptTokens)
        output = Int32(outputTokens)
        ofClass = Int32(classIndex)
    }

    /// At least 1.
    @inlinable
    public var promptTokens: Int {
        get { Int(prompt) }
        set { prompt = Int32(newValue) }
    }
    /// At least 1: the first token comes out of prefill.
    @inlinable
    public var outputTokens: Int {
        get { Int(output) }
        set { output = Int32(newValue) }
    }
    /// Index into the workload's classes; 0 where there are none.
    @inlinable
    public var classIndex: Int {
        get { Int(ofClass) }
        set { ofClass = Int32(newValue) }
    }
}

/// Requests in order of arrival, one at a time: a trace in memory, a file being streamed, or a generator.
public protocol RequestSource {
    /// The next request, or `nil` after the last. Arrivals never go back; indices count up from 0.
    mutating func next() throws -> Request?

    /// Whether what becomes of requests decides when others arrive. Such a source is told by `finished`, and `next`
    /// returns `nil` where nothing arrives until another request has finished.
    var reacts: Bool { get }
    /// A request has been answered or refused.
    mutating func finished(_ request: Int, at time: SimulationTime)
    /// Takes back the request given last, which has not arrived: others may arrive before it by now.
    mutating func takeBack(_ request: Request)

    /// What ids of blocks mean; `nil` for requests without.
    var blockFormat: BlockFormat? { get }
    /// The ids of the blocks of a request that was given and has not finished, first block first.
    func blockIDs(of request: Int) -> ArraySlice<UInt32>
}

extension RequestSource {
    public var reacts: Bool { false }
    public mutating func finished(_ request: Int, at time: SimulationTime) {}
    public mutating func takeBack(_ request: Request) { preconditionFailure("\(request) taken back") }
    public var blockFormat: BlockFormat? { nil }
    public func blockIDs(of request: Int) -> ArraySlice<UInt32> { [] }
}
