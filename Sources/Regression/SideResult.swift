public import Metrics
internal import Reporting

/// What one side of a case did in one replication.
public struct SideRun: Hashable, Sendable {
    /// In the order of the suite's limits; `nil` where the run has no such number.
    public var values: [Double?]
    public var rejected: Int
    public var unfinished: Int
    public var isOverloaded: Bool

    public init(values: [Double?], rejected: Int, unfinished: Int, isOverloaded: Bool) {
        self.values = values
        self.rejected = rejected
        self.unfinished = unfinished
        self.isOverloaded = isOverloaded
    }

    public init(_ summary: RunSummary, limits: [RegressionLimit]) {
        self.init(
            values: limits.map { summary[$0.metric.metric, $0.metric.statistic] }, rejected: summary.count(.rejected),
            unfinished: summary.count(.unfinished) + summary.count(.lost),
            isOverloaded: summary.saturation == .overloaded)
    }
}

/// One side of a case: all replications, or why there are none.
public enum SideResult: Hashable, Sendable {
    case runs([SideRun])
    case failed(reason: String)
}

/// A case in which something that worked no longer works.
public struct Breakage: Hashable, Sendable {
    public var caseName: String
    public var what: String

    /// `nil` if everything that worked still works. A case that the baseline cannot run proves nothing.
    static func find(in name: String, baseline: [SideRun], candidate: SideResult) -> Breakage? {
        guard case .runs(let runs) = candidate else {
            if case .failed(let reason) = candidate { return Breakage(caseName: name, what: "does not run: \(reason)") }
            return nil
        }
        func total(_ runs: [SideRun], _ count: (SideRun) -> Int) -> Int { runs.reduce(0) { $0 + count($1) } }
        if total(baseline, \.rejected) == 0, total(runs, \.rejected) > 0 {
            return Breakage(caseName: name, what: "rejects \(total(runs, \.rejected)) requests, the baseline none")
        }
        if total(baseline, \.unfinished) == 0, total(runs, \.unfinished) > 0 {
            return Breakage(caseName: name, what: "leaves \(total(runs, \.unfinished)) requests unfinished")
        }
        // One replication may tip over by chance; all of them do not.
        if !baseline.contains(where: \.isOverloaded), runs.allSatisfy(\.isOverloaded) {
            return Breakage(caseName: name, what: "is overloaded in every replication, the baseline in none")
        }
        return nil
    }
}
