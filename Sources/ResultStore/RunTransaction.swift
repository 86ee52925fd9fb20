internal import EventKernel
internal import GRDB
internal import Metrics

/// The one transaction in which a run is written, on a connection of its own.
///
/// A class because it stands for something outside: whoever holds the last reference and lets go of it before the
/// commit undoes what was written. What changes in it is touched on the connection's own queue only.
final class RunTransaction: @unchecked Sendable {
    private let description: RunDescription
    private let rows: RowKeeping
    private let path: String
    private let connection: DatabaseQueue
    /// Set with the first write; the write lock is held from then on.
    private var open: OpenRun?

    init(description: RunDescription, rows: RowKeeping, path: String, connection: DatabaseQueue) {
        self.description = description
        self.rows = rows
        self.path = path
        self.connection = connection
    }

    deinit { rollback() }

    /// What an open transaction holds on to: the run's number and prepared statements.
    private struct OpenRun {
        let id: Int64
        let request: RowInserter
        let interval: RowInserter
        let partitionChange: RowInserter
        let transfer: RowInserter
        var intervals = 0
        var partitionChanges = 0
        var transfers = 0

        init(_ db: Database) throws {
            // Nobody else can take this number: the transaction holds the write lock.
            id = try Int64.fetchOne(db, sql: "SELECT coalesce(max(id), 0) + 1 FROM run")!
            request = try RowInserter(db, table: "request", columns: RequestRecord.columnCount)
            interval = try RowInserter(db, table: "interval", columns: IntervalRecord.columnCount)
            partitionChange = try RowInserter(db, table: "partitionChange", columns: PartitionChangeRecord.columnCount)
            transfer = try RowInserter(db, table: "transfer", columns: TransferRecord.columnCount)
        }
    }

    func write(_ batch: RowBatch) throws(ResultStoreError) {
        try undoingOnFailure { db in
            var run = try openRun(db)
            for record in batch.requests { try run.request.insert { record.append(run: run.id, to: &$0) } }
            for record in batch.intervals {
                try run.interval.insert { record.append(run: run.id, sequence: run.intervals, to: &$0) }
                run.intervals += 1
            }
            for record in batch.partitionChanges {
                try run.partitionChange.insert { record.append(run: run.id, sequence: run.partitionChanges, to: &$0) }
                run.partitionChanges += 1
            }
            for record in batch.transfers {
                try run.transfer.insert { record.append(run: run.id, sequence: run.transfers, to: &$0) }
                run.transfers += 1
            }
            open = run
        }
    }

    func commit(
        _ outcome: RunOutcome, summary: RunSummary, histograms: [MetricHistogram],
        wallSeconds: Double
    ) throws(ResultStoreError) -> StoredRun {
        try undoingOnFailure { db in
            let id = try openRun(db).id
            let run = StoredRun(
                id: id, description: description, rowsKept: rows,
                gpus: outcome.instances.reduce(0) { $0 + $1.gpus }, iterations: outcome.iterations,
                fingerprint: outcome.fingerprint, wallSeconds: wallSeconds, summary: summary,
                histograms: histograms)
            try run.insert(into: db, endNanoseconds: outcome.end.nanoseconds)
            try Self.insert(outcome.instances, run: id, into: db)
            try description.insertClasses(run: id, into: db)
            for (sequence, group) in summary.groups.enumerated() {
                try group.insert(run: id, sequence: sequence, into: db)
            }
            for histogram in histograms { try Self.insert(histogram, run: id, into: db) }
            open = nil
            try db.commit()
            return run
        }
    }

    private static func insert(_ instances: [InstanceRecord], run: Int64, into db: Database) throws {
        let inserter = try RowInserter(db, table: "instance", columns: InstanceRecord.columnCount)
        for instance in instances { try inserter.insert { instance.append(run: run, to: &$0) } }
    }

    private static func insert(_ histogram: MetricHistogram, run: Int64, into db: Database) throws {
        let inserter = try RowInserter(db, table: "latencyHistogram", columns: 4)
        for bucket in histogram.buckets {
            try inserter.insert {
                $0.append(run)
                $0.append(histogram.metric.rawValue)
                $0.append(bucket.upperBound)
                $0.append(bucket.count)
            }
        }
    }

    /// Begins the transaction if there is none yet, waiting for other writers.
    private func openRun(_ db: Database) throws -> OpenRun {
        if let open { return open }
        try db.beginTransaction(.immediate)
        let run = try OpenRun(db)
        open = run
        return run
    }

    private func undoingOnFailure<Result>(_ body: (Database) throws -> Result) throws(ResultStoreError) -> Result {
        do {
            return try connection.writeWithoutTransaction(body)
        } catch {
            rollback()
            throw ResultStoreError(error, path: path)
        }
    }

    private func rollback() {
        connection.writeWithoutTransaction { db in
            open = nil
            // A transaction that cannot even be rolled back is undone when the database is opened next.
            if db.isInsideTransaction { try? db.rollback() }
        }
    }
}
