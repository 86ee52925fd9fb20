/// How much of everything is run.
public struct Extent: Hashable, Sendable {
    /// Seeds of each point. Tables show the median and the ends.
    public var replications: Int
    /// Requests of a run on ShareGPT; a quarter of it on LongBench. The paper states neither; how
    /// latencies of overloaded runs grow with the rate implies about 2000 and 500.
    public var requests: Int

    public init(replications: Int = 5, requests: Int = 2000) {
        precondition(replications > 0 && requests >= 8, "\(replications) replications of \(requests) requests")
        self.replications = replications
        self.requests = requests
    }

    func requests(of workload: PaperWorkload) -> Int { workload == .shareGPT ? requests : requests / 4 }
}
