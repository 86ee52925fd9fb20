public import Metrics
public import Reporting

/// How far a number may get worse before that counts.
public struct RegressionLimit: Hashable, Sendable {
    public var metric: MetricSelection
    /// In the metric's own unit.
    public var absolute: Double
    /// As a share of the baseline.
    public var relative: Double

    public init(_ metric: MetricSelection, absolute: Double, relative: Double) {
        self.metric = metric
        self.absolute = absolute
        self.relative = relative
    }

    /// What a suite that names no limits is held to: latencies by mean and tail, and the share within the SLO. The
    /// absolute limits are below what a user of the service would notice.
    public static let defaults: [RegressionLimit] = [
        RegressionLimit(.init(.ttft, .mean), absolute: 0.5e-3, relative: 0.01),
        RegressionLimit(.init(.ttft, .p99), absolute: 2e-3, relative: 0.03),
        RegressionLimit(.init(.tpot, .mean), absolute: 0.05e-3, relative: 0.01),
        RegressionLimit(.init(.tpot, .p99), absolute: 0.2e-3, relative: 0.03),
        RegressionLimit(.init(.endToEnd, .mean), absolute: 10e-3, relative: 0.01),
        RegressionLimit(.init(.sloAttainment, .value), absolute: 0.01, relative: 0.01),
    ]
}

extension Metric {
    /// Whether more of it is better; `nil` where neither direction is.
    public var isBetterHigher: Bool? {
        switch self {
        case .ttft, .tpot, .itl, .endToEnd, .normalisedLatency, .queueTime: false
        case .requestThroughput, .outputTokenThroughput, .totalTokenThroughput, .outputTokenThroughputPerGPU: true
        case .goodput, .sloAttainment, .completed, .prefixHitRate, .prefixHitRateCumulative: true
        case .attainmentFairness, .tokenFairness: true
        case .costPerMillionOutputTokens, .costPerMillionTokens, .saturation, .duration: false
        case .rejected, .unfinished, .lost, .preempted, .preemptions, .gpus: false
        case .queuePart, .prefillRunPart, .prefillStalledPart, .transferPart, .decodeWaitPart, .decodeRunPart: false
        case .decodeStalledPart, .preemptedPart: false
        case .prefillStarved, .prefillStarvedLongest, .decodeStarved, .decodeStarvedLongest: false
        case .kvPeakFraction, .busyFraction, .arrived, .singleToken, .promptTokens, .outputTokens: nil
        case .measuredShare, .interpolatedShare, .heldUtilisationShare, .analyticShare, .givenShare: nil
        }
    }
}
