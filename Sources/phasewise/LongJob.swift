internal import Foundation
internal import Synchronization

/// Tells a waiting user how far a job of many runs is: nothing in the first second, nothing if standard error is no
/// terminal.
final class LongJob: Sendable {
    private struct State {
        var done = 0
        var lastShown: Date?
    }

    private let label: String
    private let total: Int
    private let started = Date()
    private let isShown: Bool
    private let state = Mutex(State())

    init(_ label: String, total: Int, isQuiet: Bool) {
        self.label = label
        self.total = total
        isShown = !isQuiet && Terminal.errorIsTerminal
    }

    var elapsed: Double { Date().timeIntervalSince(started) }

    /// One more is done.
    func advance() {
        guard isShown else { return }
        state.withLock { state in
            state.done += 1
            let now = Date()
            let elapsed = now.timeIntervalSince(started)
            guard elapsed > 1, state.lastShown.map({ now.timeIntervalSince($0) > 0.25 }) ?? true else { return }
            state.lastShown = now
            let left = Int((elapsed / Double(state.done) * Double(total - state.done)).rounded(.up))
            Terminal.overwrite("\(label): \(state.done) of \(total), \(left) s left")
        }
    }

    /// Clears the line.
    func end() {
        if state.withLock({ $0.lastShown != nil }) { Terminal.overwrite("") }
    }
}
