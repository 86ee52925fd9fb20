internal import EventKernel
internal import Workloads

/// The requests of several runs sent to one server, as the paper's client sends them: those of a run when all of the run
/// before have been answered.
struct RatesInTurn: RequestSource {
    private let runs: [Trace]
    private var run = 0
    private var position = 0
    /// When the run began.
    private var start = SimulationTime.zero
    private var given = 0
    private var answered = 0

    /// - Precondition: there are runs, and each has requests.
    init(_ runs: [Trace]) {
        precondition(!runs.isEmpty && runs.allSatisfy { !$0.requests.isEmpty }, "a run without requests")
        self.runs = runs
    }

    var reacts: Bool { true }

    mutating func next() -> Request? {
        guard position < runs[run].requests.count else { return nil }
        var request = runs[run].requests[position]
        request.index = given
        request.arrival = start + (request.arrival - .zero)
        (position, given) = (position + 1, given + 1)
        return request
    }

    mutating func takeBack(_ request: Request) { (position, given) = (position - 1, given - 1) }

    mutating func finished(_ request: Int, at time: SimulationTime) {
        answered += 1
        guard answered == given, position == runs[run].requests.count, run + 1 < runs.count else { return }
        (run, position, start) = (run + 1, 0, time)
    }
}
