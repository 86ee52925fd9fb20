internal import Dispatch
internal import Foundation
internal import Synchronization

/// Spreads independent work over threads.
struct Parallel: Sendable {
    let workers: Int

    /// - Parameter workers: `nil` for one on each core.
    init(workers: Int?) { self.workers = workers ?? ProcessInfo.processInfo.activeProcessorCount }

    private struct Progress {
        var next = 0
        var failure: (any Error)?
    }

    /// Does `body` for every number below `count`, lower ones first, and returns when all are done.
    ///
    /// - Throws: what the first `body` that failed threw; work that had not begun is then not done.
    func forEach(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
        let progress = Mutex(Progress())
        DispatchQueue.concurrentPerform(iterations: max(1, min(workers, count))) { _ in
            while true {
                let index: Int? = progress.withLock { state in
                    guard state.next < count, state.failure == nil else { return nil }
                    state.next += 1
                    return state.next - 1
                }
                guard let index else { return }
                do { try body(index) } catch { progress.withLock { $0.failure = $0.failure ?? error } }
            }
        }
        if let failure = progress.withLock({ $0.failure }) { throw failure }
    }

    /// The results of `body` for every number below `count`, in order.
    func map<Result: Sendable>(_ count: Int, _ body: @Sendable (Int) throws -> Result) throws -> [Result] {
        let results = Mutex([Result?](repeating: nil, count: count))
        try forEach(count) { index in
            let result = try body(index)
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap(\.self) }
    }
}
