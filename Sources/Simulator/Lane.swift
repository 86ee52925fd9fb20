internal import CostModels
internal import EventKernel

/// Which of an instance's workers a lane is.
enum LaneRole: Int, Sendable {
    /// The prefill worker, or the only worker of an instance that has one.
    case main = 0
    /// The decode worker of a semi-PD instance.
    case decode = 1
}

/// An iteration in flight, or a run of equal decode iterations, on a set of SMs.
struct Lane: Sendable {
    let role: LaneRole
    var sms: Int
    var batch = Batch()
    var isRunning = false
    /// The batch of the run in flight: nothing but decodes, so that it may span several iterations.
    var isDecodeRun = false

    /// Iterations from `runStart` on. After a change of speed in the middle of an iteration its rest is a run of its own.
    var run = IterationRun(first: .zero, increment: .zero, slowdown: .none)
    var runStart = SimulationTime.zero
    var plannedIterations = 0
    /// The full work of the iteration whose rest is in flight; `nil` if the run began with a whole iteration.
    var resumedWork: Work?
    /// What the other lane's slowdown depends on: the shape of the batch, for decodes at the middle of the cost line's
    /// segment.
    var rateShape = IterationShape.empty
    /// The last Σ context for which the cost line of a decode run holds.
    var lastContext = 0
    /// Sequence number of the live end event.
    var endEvent: UInt32 = 0

    /// Undisturbed work done in all iterations.
    var workDone = Work.zero
    var busy = SimulationDuration.zero
    var sampledBusy = SimulationDuration.zero
    var iterations = 0
    /// When the members of the decode set that did not join since got their latest token.
    var lastToken = SimulationTime.zero
    /// Members of the decode set that have not yet generated a token in it.
    var joiners: ContiguousArray<Int32> = []

    init(role: LaneRole, sms: Int) {
        self.role = role
        self.sms = sms
    }

    var end: SimulationTime { runStart + run.duration(count: plannedIterations) }

    /// Busy time up to `now`, the part of the iteration in flight included.
    func busy(at now: SimulationTime) -> SimulationDuration { isRunning ? busy + (now - runStart) : busy }
}
