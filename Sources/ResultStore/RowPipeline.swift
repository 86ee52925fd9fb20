internal import Dispatch
internal import Synchronization

/// Writes batches of rows on a thread of its own, in the order in which they come, while the run goes on.
///
/// A class because the thread is shared identity: who lets go of the last reference waits for what is under way.
final class RowPipeline: Sendable {
    /// Batches under way at once. A run that makes rows faster than the database takes them waits, so that memory does
    /// not grow.
    static let depth = 2

    private let transaction: RunTransaction
    private let thread = DispatchQueue(label: "phasewise.rows")
    private let room = DispatchSemaphore(value: depth)
    private let outcome = Outcome()

    /// The first thing that went wrong; nothing is written after it.
    private final class Outcome: Sendable { let failure = Mutex<ResultStoreError?>(nil) }

    init(_ transaction: RunTransaction) { self.transaction = transaction }

    deinit { thread.sync {} }

    /// Hands over a batch; waits while `depth` of them are under way.
    func write(_ batch: RowBatch) {
        room.wait()
        // Not `self`: its end would wait for the thread that it is on.
        thread.async { [transaction, room, outcome] in
            defer { room.signal() }
            if outcome.failure.withLock({ $0 != nil }) { return }
            do throws(ResultStoreError) {
                try transaction.write(batch)
            } catch {
                outcome.failure.withLock { $0 = error }
            }
        }
    }

    /// Waits until everything is written.
    func finish() throws(ResultStoreError) {
        thread.sync {}
        if let failure = outcome.failure.withLock({ $0 }) { throw failure }
    }
}
