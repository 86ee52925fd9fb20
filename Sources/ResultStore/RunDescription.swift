public import Metrics

/// What is known of a run before it starts. Texts are stored as they are given; a NUL character
/// ends them.
public struct RunDescription: Hashable, Sendable {
    /// When the run was started, as text that sorts by time (ISO 8601). The store itself reads no clock.
    public var createdAt: String
    public var name: String
    /// The same text for all runs of one comparison and for no others; the run stored first is what the others are
    /// compared with.
    public var comparison: String?
    /// What serves the requests, in a few words: the heading of its column in a comparison.
    public var deployment: String
    /// The resolved scenario, which can be fed back.
    public var scenario: String
    public var seed: UInt64
    public var runNumber: UInt64
    /// Of the program that simulated it.
    public var revision: String
    public var traceSource: String
    public var slo: SLO?
    /// Classes and tenants of the workload, by class index; empty if it has none.
    public var groups: [RequestGroup]
    /// Dollars per hour of all GPUs of the deployment together.
    public var pricePerHour: Double?
    /// The mean arrival rate that was asked for, or that of the trace, in requests per second; `nil` if all arrive at
    /// once.
    public var requestRate: Double?
    /// What was simulated in plain words, a fact a line.
    public var configuration: String?

    public init(
        createdAt: String, name: String, comparison: String? = nil, deployment: String, scenario: String,
        seed: UInt64, runNumber: UInt64, revision: String, traceSource: String, slo: SLO?,
        groups: [RequestGroup] = [], pricePerHour: Double?, requestRate: Double? = nil, configuration: String? = nil
    ) {
        self.createdAt = createdAt
        self.name = name
        self.comparison = comparison
        self.deployment = deployment
        self.scenario = scenario
        self.seed = seed
        self.runNumber = runNumber
        self.revision = revision
        self.traceSource = traceSource
        self.slo = slo
        self.groups = groups
        self.pricePerHour = pricePerHour
        self.requestRate = requestRate
        self.configuration = configuration
    }
}

/// Which rows of a run are stored besides its summary, its instances and its histograms of latencies.
public enum RowKeeping: String, CaseIterable, Hashable, Sendable {
    /// Requests, interval samples, partition changes and transfers.
    case all
    case none
}

/// A run as it is stored, with its summary.
public struct StoredRun: Hashable, Sendable {
    public var id: Int64
    public var description: RunDescription
    public var rowsKept: RowKeeping
    public var gpus: Int
    public var iterations: Int
    public var fingerprint: UInt64
    /// Seconds that the simulation took. No comparison reads it.
    public var wallSeconds: Double
    public var summary: RunSummary
    /// In order of time, if rows were kept.
    public var partitionChanges: [PartitionChangeRecord]
    /// Distributions of TTFT, TPOT and token gaps.
    public var histograms: [MetricHistogram]

    public init(
        id: Int64, description: RunDescription, rowsKept: RowKeeping, gpus: Int, iterations: Int, fingerprint: UInt64,
        wallSeconds: Double, summary: RunSummary, partitionChanges: [PartitionChangeRecord] = [],
        histograms: [MetricHistogram] = []
    ) {
        self.id = id
        self.description = description
        self.rowsKept = rowsKept
        self.gpus = gpus
        self.iterations = iterations
        self.fingerprint = fingerprint
        self.wallSeconds = wallSeconds
        self.summary = summary
        self.partitionChanges = partitionChanges
        self.histograms = histograms
    }
}

extension StoredRun {
    /// The fingerprint as 16 hexadecimal digits, the form in which it is stored and printed.
    public var fingerprintText: String {
        let digits = String(fingerprint, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// One line of a list of runs.
public struct RunOverview: Hashable, Sendable {
    public var id: Int64
    public var createdAt: String
    public var name: String
    public var comparison: String?
    public var deployment: String
    public var seed: UInt64
    public var gpus: Int
    public var arrived: Int
    public var completed: Int
    public var sloAttainment: Double?
    public var saturation: SaturationVerdict?

    public init(
        id: Int64, createdAt: String, name: String, comparison: String?, deployment: String, seed: UInt64, gpus: Int,
        arrived: Int, completed: Int, sloAttainment: Double?, saturation: SaturationVerdict?
    ) {
        self.id = id
        self.createdAt = createdAt
        self.name = name
        self.comparison = comparison
        self.deployment = deployment
        self.seed = seed
        self.gpus = gpus
        self.arrived = arrived
        self.completed = completed
        self.sloAttainment = sloAttainment
        self.saturation = saturation
    }
}
