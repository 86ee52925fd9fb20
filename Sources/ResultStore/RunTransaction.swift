internal import EventKernel
internal import Metrics

/// The one transaction in which a run is written, on a connection that meanwhile nobody else has.
///
/// A class because it stands for something outside: whoever holds the last reference and lets go of it before the
/// commit undoes what was written. One thread at a time uses it: the writing one, then who waited for that to finish.
final class RunTransaction: @unchecked Sendable {
    private let description: RunDescription
    private let rows: RowKeeping
    private let path: String
    private let connections: StoreConnections
    /// `nil` after the commit.
    private var connection: WriteConnection?
    /// Set with the first write; the write lock is held from then on.
    private var open: OpenRun?

    init(
        description: RunDescription, rows: RowKeeping, path: String, connections: StoreConnections,
        connection: WriteConnection
    ) {
        self.description = description
        self.rows = rows
        self.path = path
        self.connections = connections
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

        init(_ connection: WriteConnection) throws {
            // Nobody else can take this number: the transaction holds the write lock.
            id = Int64(try connection.integer("SELECT coalesce(max(id), 0) + 1 FROM run"))
            request = RowInserter(connection, table: "request", columns: RequestRecord.columnCount)
            interval = RowInserter(connection, table: "interval", columns: IntervalRecord.columnCount)
            partitionChange = RowInserter(
                connection, table: "partitionChange", columns: PartitionChangeRecord.columnCount)
            transfer = RowInserter(connection, table: "transfer", columns: TransferRecord.columnCount)
        }
    }

    func write(_ batch: RowBatch) throws(ResultStoreError) {
        try undoingOnFailure { connection in
            var run = try openRun(connection)
            try run.request.insert(count: batch.requests.count) { row, values in
                batch.requests[row].append(run: run.id, to: &values)
            }
            try run.interval.insert(count: batch.intervals.count) { row, values in
                batch.intervals[row].append(run: run.id, sequence: run.intervals + row, to: &values)
            }
            try run.partitionChange.insert(count: batch.partitionChanges.count) { row, values in
                batch.partitionChanges[row].append(run: run.id, sequence: run.partitionChanges + row, to: &values)
            }
            try run.transfer.insert(count: batch.transfers.count) { row, values in
                batch.transfers[row].append(run: run.id, sequence: run.transfers + row, to: &values)
            }
            run.intervals += batch.intervals.count
            run.partitionChanges += batch.partitionChanges.count
            run.transfers += batch.transfers.count
            open = run
        }
    }

    func commit(
        _ outcome: RunOutcome, summary: RunSummary, histograms: [MetricHistogram],
        wallSeconds: Double
    ) throws(ResultStoreError) -> StoredRun {
        try undoingOnFailure { connection in
            let id = try openRun(connection).id
            let run = StoredRun(
                id: id, description: description, rowsKept: rows,
                gpus: outcome.instances.reduce(0) { $0 + $1.gpus }, iterations: outcome.iterations,
                fingerprint: outcome.fingerprint, wallSeconds: wallSeconds, summary: summary,
                histograms: histograms)
            try run.insert(into: connection, endNanoseconds: outcome.end.nanoseconds)
            try Self.insert(outcome.instances, run: id, into: connection)
            try description.insertClasses(run: id, into: connection)
            for (sequence, group) in summary.groups.enumerated() {
                try group.insert(run: id, sequence: sequence, into: connection)
            }
            for histogram in histograms { try Self.insert(histogram, run: id, into: connection) }
            open = nil
            try connection.execute("COMMIT")
            connections.giveBack(connection)
            self.connection = nil
            return run
        }
    }

    private static func insert(_ instances: [InstanceRecord], run: Int64, into connection: WriteConnection) throws {
        let inserter = RowInserter(connection, table: "instance", columns: InstanceRecord.columnCount)
        try inserter.insert(count: instances.count) { instances[$0].append(run: run, to: &$1) }
    }

    private static func insert(_ histogram: MetricHistogram, run: Int64, into connection: WriteConnection) throws {
        let inserter = RowInserter(connection, table: "latencyHistogram", columns: 4)
        let buckets = histogram.buckets
        try inserter.insert(count: buckets.count) { row, values in
            values.append(run)
            values.append(histogram.metric.rawValue)
            values.append(buckets[row].upperBound)
            values.append(buckets[row].count)
        }
    }

    /// Begins the transaction if there is none yet, waiting for other writers.
    private func openRun(_ connection: WriteConnection) throws -> OpenRun {
        if let open { return open }
        try connection.execute("BEGIN IMMEDIATE")
        let run = try OpenRun(connection)
        open = run
        return run
    }

    private func undoingOnFailure<Result>(_ body: (WriteConnection) throws -> Result) throws(ResultStoreError) -> Result
    {
        guard let connection else { preconditionFailure("a run that is committed is written to") }
        do {
            return try body(connection)
        } catch {
            rollback()
            throw ResultStoreError(error, path: path)
        }
    }

    private func rollback() {
        open = nil
        // A transaction that cannot even be rolled back is undone when the database is opened next.
        if let connection, connection.isInsideTransaction { try? connection.execute("ROLLBACK") }
    }
}
