internal import Reporting

/// What a suite found of a candidate.
public struct RegressionReport: Hashable, Sendable {
    public var suite: String
    public var baseline: String
    public var confidence: Double
    public var comparisons: [PairedComparison]
    public var breakages: [Breakage]
    /// Cases that the baseline cannot run, with the reason: nothing is said of them.
    public var uncompared: [Breakage]

    /// Compares the cases of a suite, in its order.
    ///
    /// - Parameter baseline: what the candidate is compared with, in a few words.
    public init(_ suite: RegressionSuite, baseline: String, results: [(baseline: SideResult, candidate: SideResult)]) {
        precondition(results.count == suite.cases.count, "\(results.count) results of \(suite.cases.count) cases")
        self.suite = suite.name
        self.baseline = baseline
        confidence = suite.confidence
        comparisons = []
        breakages = []
        uncompared = []
        for (test, result) in zip(suite.cases, results) {
            switch result.baseline {
            case .failed(let reason): uncompared.append(Breakage(caseName: test.name, what: reason))
            case .runs(let theirs):
                if let breakage = Breakage.find(in: test.name, baseline: theirs, candidate: result.candidate) {
                    breakages.append(breakage)
                }
                if case .runs(let mine) = result.candidate {
                    append(test.name, suite, baseline: theirs, candidate: mine)
                }
            }
        }
    }

    private mutating func append(
        _ name: String, _ suite: RegressionSuite, baseline: [SideRun], candidate: [SideRun]
    ) {
        for (position, limit) in suite.limits.enumerated() {
            let pairs = zip(baseline, candidate).compactMap { theirs, mine in
                theirs.values[position].flatMap { a in mine.values[position].map { (a, $0) } }
            }
            let had = baseline.contains { $0.values[position] != nil }
            if pairs.isEmpty {
                if had {
                    breakages.append(Breakage(caseName: name, what: "has no \(limit.metric.name), the baseline has"))
                }
                continue
            }
            comparisons.append(
                PairedComparison(
                    caseName: name, limit: limit, baseline: pairs.map(\.0), candidate: pairs.map(\.1),
                    allowedError: suite.allowedError))
        }
    }

    /// Whether the gate stays shut.
    public var hasFailed: Bool { !breakages.isEmpty || comparisons.contains { $0.verdict == .worse } }

    public func count(_ verdict: PairedComparison.Verdict) -> Int { comparisons.count { $0.verdict == verdict } }
}
