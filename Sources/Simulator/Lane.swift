internal import CostModels
internal import EventKernel
internal import Metrics

/// An iteration in flight, or a run of equal decode iterations, on a set of SMs.
struct Lane: ~Copyable, Sendable {
    var sms: Int
    var batch = Batch()
    var isRunning = false
    /// The batch of the run in flight: nothing but decodes, so that it may span several iterations.
    var isDecodeRun = false
    /// When the batch began.
    private(set) var began = SimulationTime.zero
    /// Up to when it is booked what ran.
    private(set) var bookedUntil = SimulationTime.zero
    /// Iterations until the run in flight ends; 0 until the run is on the clock.
    private(set) var plannedIterations = 0
    /// When they are done.
    private(set) var end = LaneTime.zero

    /// Iterations from the last one booked on. After a change of speed in the middle of an iteration its rest is a run of
    /// its own.
    private(set) var run = IterationRun(start: .zero, first: .zero, increment: .zero, slowdown: .none)
    /// The full work of the iteration whose rest is in flight; `nil` if the run began with a whole iteration.
    private var resumedWork: Work?
    /// What the other lane's slowdown depends on: the shape of the batch, for decodes at the middle of the cost line's
    /// segment.
    private(set) var rateShape = IterationShape.empty
    /// The last Σ context for which the cost line of a decode run holds.
    private(set) var lastContext = 0
    /// What every price rests on; `nil` if that depends on the iteration.
    private let uniformProvenance: CostProvenance?
    /// Otherwise what the run's price rests on; the same for every iteration of a cost line.
    private var provenanceSplit = ProvenanceShares().split
    /// Units of work whose price rests on `uniformProvenance`.
    private var uniformUnits: Int128 = 0
    private var mixedProvenance = ProvenanceWork()

    /// Undisturbed work done in iterations that generated tokens of the decode set. Only differences of it mean anything: it wraps after 104 days.
    private(set) var workDone = Work.zero
    private(set) var iterations = 0
    private var busy = SimulationDuration.zero
    private var sampledBusy = SimulationDuration.zero

    init(sms: Int, uniformProvenance: CostProvenance?) {
        self.sms = sms
        self.uniformProvenance = uniformProvenance
    }

    /// Undisturbed work by what its price rests on.
    var provenance: ProvenanceWork {
        guard let uniformProvenance else { return mixedProvenance }
        return ProvenanceWork(uniformProvenance, units: uniformUnits)
    }

    /// Prices the batch. It is on the clock when its plan and slowdown are given.
    mutating func begin(at now: SimulationTime, model: some CostModel) {
        let shape = batch.shape
        // What follows the iteration before without a pause begins where that one ended, not at the nanosecond after.
        let start = run.start.time == now ? run.start : LaneTime(now)
        var increment = Work.zero
        let work: Work
        rateShape = shape
        if shape.isDecodeOnly {
            let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
            let line = model.decodeLine(sequences: sequences, contextTokens: context, sms: sms)
            precondition(
                line.firstContext <= context && context <= line.lastContext,
                "cost line \(line) does not hold at \(context) context tokens")
            work = line.work(contextTokens: context)
            increment = Work(units: line.perContextToken.units * Int64(sequences))
            rateShape = .decode(sequences: sequences, contextTokens: (line.firstContext + line.lastContext) / 2)
            lastContext = line.lastContext
        } else {
            work = model.work(of: shape, sms: sms)
        }
        if uniformProvenance == nil { provenanceSplit = model.provenance(of: rateShape, sms: sms).split }
        run = IterationRun(start: start, first: work, increment: increment, slowdown: .none)
        began = now
        bookedUntil = now
        plannedIterations = 0
        resumedWork = nil
        isRunning = true
    }

    /// Adds to the price of the batch that has just begun.
    mutating func lengthen(by work: Work) { run.first += work }

    /// Puts the batch that has just begun off until `start`, with another price.
    mutating func begin(at start: SimulationTime, taking duration: SimulationDuration) {
        let work = Work(units: duration.nanoseconds << Work.fractionBits)
        run = IterationRun(start: LaneTime(start), first: work, increment: .zero, slowdown: .none)
        (began, bookedUntil) = (start, start)
    }

    /// Puts a run of `iterations` on the clock, or ends the one in flight after so many.
    mutating func plan(iterations: Int, slowdown: Slowdown) {
        run.slowdown = slowdown
        plannedIterations = iterations
        end = run.end(count: iterations)
    }

    mutating func plan(iterations: Int) { plan(iterations: iterations, slowdown: run.slowdown) }

    /// Goes on with the rest of the iteration in flight at another speed.
    mutating func resume(at now: SimulationTime, slowdown: Slowdown) {
        let done = min(run.start.work(until: now, at: run.slowdown), run.first)
        resumedWork = resumedWork ?? run.first
        busy += now - run.start.time
        run = IterationRun(start: LaneTime(now), first: run.first - done, increment: .zero, slowdown: slowdown)
        plan(iterations: 1)
    }

    /// Books `iterations` of the run in flight. If the run goes on, the next iteration is in flight and holds its
    /// blocks. Returns the undisturbed work of the last iteration.
    mutating func commit(
        iterations count: Int, ended: Bool, decodeSet: inout DecodeSet, memory: inout KVCacheManager,
        requests: borrowing RequestTable, _ recorder: inout some Recorder
    ) -> Work {
        let end = count == plannedIterations ? end : run.end(count: count)
        let last = resumedWork ?? run.work(at: count - 1)
        let total = resumedWork ?? run.totalWork(count: count)
        if batch.decodes {
            let more = ended ? count - 1 : count
            if more > 0 {
                let allocated = memory.allocate(decodeSet.blocksBegunAfterNext(iterations: more))
                precondition(allocated, "a run of \(count) iterations outgrew its memory")
            }
            decodeSet.generate(iterations: count, of: run, until: end, in: requests, &recorder)
            workDone = Work(units: workDone.units &+ total.units)
        }
        if uniformProvenance == nil {
            mixedProvenance.add(total, provenanceSplit)
        } else {
            uniformUnits += Int128(total.units)
        }
        resumedWork = nil
        busy += end.time - run.start.time
        iterations += count
        bookedUntil = end.time
        run.first = run.work(at: count)
        run.start = end
        plannedIterations -= count
        if ended { isRunning = false }
        return last
    }

    /// Drops what is in flight, of which everything that is over has been booked.
    mutating func abandon(at now: SimulationTime) {
        busy = busy(at: now)
        isRunning = false
        batch.removeAll()
    }

    /// How many iterations are over at `now`, and whether the last of them ends there.
    func completed(at now: SimulationTime) -> (iterations: Int, atBoundary: Bool) {
        let iterations = run.iterationsCompleted(by: now, limit: plannedIterations)
        return (iterations, iterations > 0 && run.end(count: iterations).time == now)
    }

    /// Busy time up to `now`, the part of the iteration in flight included.
    func busy(at now: SimulationTime) -> SimulationDuration {
        isRunning && now > run.start.time ? busy + (now - run.start.time) : busy
    }

    /// Busy time since the last sample.
    mutating func takeBusySample(at now: SimulationTime) -> SimulationDuration {
        let total = busy(at: now)
        defer { sampledBusy = total }
        return total - sampledBusy
    }
}
