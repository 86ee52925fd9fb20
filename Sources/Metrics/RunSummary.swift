/// One number of a run summary.
public struct SummaryEntry: Hashable, Sendable {
    public var metric: Metric
    public var statistic: Statistic
    /// `nil` where there is nothing to compute it from.
    public var value: Double?
    /// How many samples are behind it; 1 for plain numbers.
    public var count: Int

    public init(_ metric: Metric, _ statistic: Statistic, value: Double?, count: Int) {
        self.metric = metric
        self.statistic = statistic
        self.value = value
        self.count = count
    }
}

/// What is reported of a run: an ordered list of numbers, made by `RunSummaryBuilder`.
public struct RunSummary: Hashable, Sendable {
    public var entries: [SummaryEntry]
    /// The limits that goodput and attainment are about.
    public var slo: SLO?
    /// Of every class, then of every tenant, in the order of the workload's; empty in a workload without.
    public var groups: [GroupSummary]

    public init(entries: [SummaryEntry], slo: SLO?, groups: [GroupSummary] = []) {
        self.entries = entries
        self.slo = slo
        self.groups = groups
    }

    /// The value of a metric, or `nil` if it has none.
    public subscript(_ metric: Metric, _ statistic: Statistic = .value) -> Double? {
        entries.first { $0.metric == metric && $0.statistic == statistic }?.value
    }

    /// How many samples are behind a metric.
    public func samples(of metric: Metric) -> Int {
        entries.first { $0.metric == metric }?.count ?? 0
    }

    /// The value of a metric that counts something.
    public func count(_ metric: Metric) -> Int { Int(self[metric] ?? 0) }

    /// `nil` if there were too few requests to tell.
    public var saturation: SaturationVerdict? {
        self[.saturation].flatMap { rank in SaturationVerdict.allCases.first { Double($0.rank) == rank } }
    }

    /// Whether the share of requests that met the SLO reaches its target; `nil` without SLO or requests.
    public var meetsSLO: Bool? {
        guard let slo, let attainment = self[.sloAttainment] else { return nil }
        return attainment >= slo.attainmentTarget
    }
}
