internal import EventKernel
internal import GRDB
internal import Metrics

extension ResultStore {
    /// All runs, in the order in which they were stored.
    public func runs() throws(ResultStoreError) -> [RunOverview] {
        try withStoreErrors(at: path) {
            try read { db in
                try Row.fetchAll(db, sql: "SELECT * FROM runOverview ORDER BY runId").map(RunOverview.init)
            }
        }
    }

    /// One run with its summary.
    public func run(_ id: Int64) throws(ResultStoreError) -> StoredRun {
        try withStoreErrors(at: path) {
            try read { db in
                guard let row = try Row.fetchOne(db, sql: "SELECT * FROM run WHERE id = ?", arguments: [id]) else {
                    throw ResultStoreError.noSuchRun(path: path, run: id)
                }
                let entries = try Row.fetchAll(db, sql: "SELECT * FROM summary WHERE runId = ?", arguments: [id])
                let changes = try Row.fetchAll(
                    db, sql: "SELECT * FROM partitionChange WHERE runId = ? ORDER BY sequence", arguments: [id])
                let buckets = try Row.fetchAll(
                    db, sql: "SELECT * FROM latencyHistogram WHERE runId = ? ORDER BY upperNs", arguments: [id])
                let classes = try Row.fetchAll(
                    db, sql: "SELECT * FROM requestClass WHERE runId = ? ORDER BY class", arguments: [id])
                let groups = try Row.fetchAll(
                    db, sql: "SELECT * FROM groupSummary WHERE runId = ? ORDER BY sequence", arguments: [id])
                return try StoredRun(
                    row, classes: classes, groups: groups.map(GroupSummary.init),
                    summaryEntries: entries.map(SummaryEntry.init),
                    partitionChanges: changes.map(PartitionChangeRecord.init),
                    histograms: [.ttft, .tpot, .itl].map { MetricHistogram($0, rows: buckets) })
            }
        }
    }
}

extension RunOverview {
    init(_ row: Row) {
        self.init(
            id: row["runId"], createdAt: row["createdAt"], name: row["name"], comparison: row["comparison"],
            deployment: row["deployment"], seed: UInt64(bitPattern: row["seed"] as Int64), gpus: row["gpus"],
            arrived: Int(row["arrived"] as Double? ?? 0), completed: Int(row["completed"] as Double? ?? 0),
            sloAttainment: row["sloAttainment"],
            saturation: (row["verdict"] as String?).flatMap(SaturationVerdict.init))
    }
}

extension StoredRun {
    /// Summary entries come in no order; the order of a summary is that of `Metric` and `Statistic`.
    init(
        _ row: Row, classes: [Row], groups: [GroupSummary], summaryEntries: [SummaryEntry],
        partitionChanges: [PartitionChangeRecord],
        histograms: [MetricHistogram]
    ) throws {
        var slo = SLO(row)
        slo?.addClasses(classes)
        let description = RunDescription(
            createdAt: row["createdAt"], name: row["name"], comparison: row["comparison"],
            deployment: row["deployment"], scenario: row["scenario"], seed: UInt64(bitPattern: row["seed"] as Int64),
            runNumber: UInt64(bitPattern: row["runNumber"] as Int64), revision: row["revision"],
            traceSource: row["traceSource"], slo: slo,
            groups: classes.map { RequestGroup(className: $0["name"], tenant: $0["tenant"]) },
            pricePerHour: row["pricePerHour"],
            requestRate: row["requestRate"],
            configuration: row["configuration"])
        let entries = Metric.allCases.flatMap { metric in
            Statistic.allCases.flatMap { statistic in
                summaryEntries.filter { $0.metric == metric && $0.statistic == statistic }
            }
        }
        self.init(
            id: row["id"], description: description, rowsKept: RowKeeping(rawValue: row["rowsKept"]) ?? .none,
            gpus: row["gpus"], iterations: row["iterations"],
            fingerprint: UInt64(row["fingerprint"] as String, radix: 16) ?? 0, wallSeconds: row["wallSeconds"],
            summary: RunSummary(entries: entries, slo: slo, groups: groups), partitionChanges: partitionChanges,
            histograms: histograms)
    }
}

extension PartitionChangeRecord {
    init(_ row: Row) {
        self.init(
            time: SimulationTime(nanoseconds: row["timeNs"]), instance: row["instance"],
            prefillSMs: row["prefillSMs"], decodeSMs: row["decodeSMs"], reason: row["reason"])
    }
}

extension SummaryEntry {
    init(_ row: Row) throws {
        guard let metric = Metric(rawValue: row["metric"]), let statistic = Statistic(rawValue: row["statistic"]) else {
            throw DatabaseError(message: "found a summary of \(row["metric"] as String), which is not known here")
        }
        self.init(metric, statistic, value: row["value"], count: row["count"])
    }
}

extension MetricHistogram {
    /// - Parameter rows: of all metrics of a run.
    init(_ metric: Metric, rows: [Row]) {
        self.init(
            metric: metric,
            buckets: rows.filter { $0["metric"] == metric.rawValue }.map { row in
                .init(upperBound: SimulationDuration(nanoseconds: row["upperNs"]), count: row["count"])
            })
    }
}
