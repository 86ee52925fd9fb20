public import EventKernel
public import Metrics

extension ResultStore {
    /// Starts a run. Nothing of it is in the database before `RunWriter.commit`.
    public func startRun(
        _ description: RunDescription, keeping rows: RowKeeping, expectedRequests: Int = 0
    ) throws(ResultStoreError) -> RunWriter {
        RunWriter(
            summaryBuilder: RunSummaryBuilder(
                slo: description.slo, pricePerHour: description.pricePerHour, groups: description.groups,
                expectedRequests: expectedRequests),
            rows: rows,
            transaction: RunTransaction(
                description: description, rows: rows, path: path, connections: connections,
                connection: try withStoreErrors(at: path) { try connections.takeWriter() }))
    }
}

/// Takes the records of one run: makes its summary and stores its rows.
///
/// Rows are held back and written in batches, on a thread of their own while the run goes on. The database is locked for writing from the first batch on: a run of few
/// rows locks it only for the moment of its commit. A writer that is dropped before `commit` leaves nothing behind.
public struct RunWriter: Recorder {
    /// Rows held back, of all kinds together: a few megabytes.
    static let batchRows = 16_384

    private var summaryBuilder: RunSummaryBuilder
    private let rows: RowKeeping
    private let transaction: RunTransaction
    /// What goes wrong there is told by `commit`, since records cannot be refused.
    private let pipeline: RowPipeline
    private var batch = RowBatch()

    init(summaryBuilder: RunSummaryBuilder, rows: RowKeeping, transaction: RunTransaction) {
        self.summaryBuilder = summaryBuilder
        self.rows = rows
        self.transaction = transaction
        pipeline = RowPipeline(transaction)
    }

    public mutating func record(_ request: RequestRecord) {
        summaryBuilder.record(request)
        if rows == .all {
            batch.requests.append(request)
            writeIfFull()
        }
    }

    public var recordsIterations: Bool { false }

    public var tokenGaps: TokenGapRecording { summaryBuilder.tokenGaps }

    public mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) {
        summaryBuilder.recordTokenGaps(gap, count: count)
    }

    public mutating func recordTokenGaps(_ gaps: LatencyHistogram) { summaryBuilder.recordTokenGaps(gaps) }

    public mutating func record(_ interval: IntervalRecord) {
        if rows == .all {
            batch.intervals.append(interval)
            writeIfFull()
        }
    }

    public mutating func record(_ change: PartitionChangeRecord) {
        if rows == .all {
            batch.partitionChanges.append(change)
            writeIfFull()
        }
    }

    public mutating func record(_ transfer: TransferRecord) {
        if rows == .all {
            batch.transfers.append(transfer)
            writeIfFull()
        }
    }

    private mutating func writeIfFull() {
        guard batch.count >= Self.batchRows else { return }
        pipeline.write(batch)
        batch = RowBatch()
    }

    /// Stores the run as a whole, or throws and leaves the database as it was.
    /// - Parameter wallSeconds: How long the simulation took.
    public mutating func commit(_ outcome: RunOutcome, wallSeconds: Double) throws(ResultStoreError) -> StoredRun {
        let summary = summaryBuilder.summary(of: outcome)
        try pipeline.finish()
        try transaction.write(batch)
        batch = RowBatch()
        return try transaction.commit(
            outcome, summary: summary, histograms: summaryBuilder.histograms, wallSeconds: wallSeconds)
    }
}

/// Rows that wait to be written.
struct RowBatch: Sendable {
    var requests: [RequestRecord] = []
    var intervals: [IntervalRecord] = []
    var partitionChanges: [PartitionChangeRecord] = []
    var transfers: [TransferRecord] = []

    var count: Int { requests.count + intervals.count + partitionChanges.count + transfers.count }
}
