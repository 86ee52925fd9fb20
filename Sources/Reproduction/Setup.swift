public import CostModels

/// How much of everything is run, and what was measured elsewhere.
public struct Setup: Sendable {
    /// Seeds of each point. Tables show the median and the ends.
    public var replications: Int
    /// Requests of a run on ShareGPT; a quarter of it on LongBench. The paper states neither; how
    /// latencies of overloaded runs grow with the rate implies about 2000 and 500.
    public var requests: Int
    /// How two lanes of an H200 slow each other, under MPS.
    public var coRuns: CoRunSurface

    public static let usualReplications = 30
    public static let usualRequests = 2000

    public init(
        replications: Int = usualReplications, requests: Int = usualRequests, coRuns: CoRunSurface
    ) {
        precondition(replications > 0 && requests >= 8, "\(replications) replications of \(requests) requests")
        self.replications = replications
        self.requests = requests
        self.coRuns = coRuns
    }

    func requests(of workload: PaperWorkload) -> Int { workload == .shareGPT ? requests : requests / 4 }
}
