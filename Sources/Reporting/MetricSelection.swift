public import Metrics

/// A number of a run summary as users name it: `ttft.p99`, `sloAttainment`.
public struct MetricSelection: Hashable, Sendable {
    public var metric: Metric
    public var statistic: Statistic

    public init(_ metric: Metric, _ statistic: Statistic) {
        self.metric = metric
        self.statistic = statistic
    }

    /// `nil` if no summary has such a number.
    public init?(_ text: String) {
        guard let match = Self.all.first(where: { $0.name == text }) else { return nil }
        self = match
    }

    public var name: String { statistic == .value ? metric.rawValue : "\(metric.rawValue).\(statistic.rawValue)" }

    /// Every number of a summary, in its order.
    public static let all: [MetricSelection] = Metric.allCases.flatMap { metric in
        if Metric.distributions.contains(metric) {
            return Statistic.ofDistributions.map { MetricSelection(metric, $0) }
        }
        return [MetricSelection(metric, Metric.latencyParts.contains(metric) ? .mean : .value)]
    }
}
