internal import Metrics
internal import Reporting
internal import Statistics

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// One number of one case, candidate against baseline, replication by replication.
public struct PairedComparison: Hashable, Sendable {
    public enum Verdict: String, CaseIterable, Hashable, Sendable {
        /// Beyond both limits, and not by chance.
        case worse
        case better
        /// Not by chance, but within a limit.
        case drift
        /// Nothing that chance does not explain.
        case same
    }

    public var caseName: String
    public var limit: RegressionLimit
    /// Means over the replications.
    public var baseline: Double
    public var candidate: Double
    public var replications: Int
    /// Half the width of the interval around candidate − baseline, at the confidence of this one comparison; `nil` for
    /// one replication.
    public var halfWidth: Double?
    public var verdict: Verdict

    public var difference: Double { candidate - baseline }
    /// `nil` for a baseline of 0.
    public var relativeDifference: Double? { baseline != 0 ? difference / abs(baseline) : nil }

    /// Compares values of the same replications in the same order.
    ///
    /// - Parameter allowedError: the chance to call a difference of mere chance significant, in each direction. A single
    ///   replication is of a case without chance: any difference is significant.
    public init(
        caseName: String, limit: RegressionLimit, baseline: [Double], candidate: [Double], allowedError: Double
    ) {
        precondition(baseline.count == candidate.count, "\(baseline.count) values beside \(candidate.count)")
        self.caseName = caseName
        self.limit = limit
        replications = baseline.count
        let differences = zip(candidate, baseline).map { $0 - $1 }
        let interval = MeanInterval(of: differences)
        self.baseline = MeanInterval(of: baseline).mean
        // Not the mean of the candidate's values: the two ways differ by rounding, which must not look like a change.
        self.candidate = self.baseline + interval.mean
        halfWidth = interval.halfWidth(confidence: 1 - 2 * allowedError)
        guard interval.mean != 0, Self.isSignificant(interval, baseline, candidate, allowedError: allowedError),
            let isBetterHigher = limit.metric.metric.isBetterHigher
        else {
            verdict = .same
            return
        }
        let isBeyond =
            abs(interval.mean) > limit.absolute && abs(interval.mean) > limit.relative * abs(self.baseline)
        verdict = isBeyond ? (interval.mean > 0) == isBetterHigher ? .better : .worse : .drift
    }

    /// Whether chance does not explain the difference. Two tests look at the same pairs, each with half of the allowed
    /// error: of differences, which sees a shift, and of ratios, which sees a factor where draws differ by much more than
    /// that, as tails of queues do.
    private static func isSignificant(
        _ differences: MeanInterval, _ baseline: [Double], _ candidate: [Double], allowedError: Double
    ) -> Bool {
        guard let chance = differences.probabilityAtMost(0) else { return true }
        if min(chance, 1 - chance) <= allowedError / 2 { return true }
        guard (baseline + candidate).allSatisfy({ $0 > 0 }) else { return false }
        let ratios = MeanInterval(of: zip(candidate, baseline).map { log($0 / $1) })
        guard (ratios.mean > 0) == (differences.mean > 0), let chance = ratios.probabilityAtMost(0) else {
            return false
        }
        return min(chance, 1 - chance) <= allowedError / 2
    }
}
