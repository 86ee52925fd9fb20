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
    /// When they are done, and their work.
    private(set) var end = LaneTime.zero
    private var plannedWork = Work.zero

    /// Iterations from the last one booked on. A change of speed in the middle of an iteration begins a run with its rest.
    private(set) var run = IterationRun(start: .zero, first: .zero, increment: .zero, slowdown: .none)
    /// The first and the last Σ context for which the cost line of a decode run holds.
    private var firstContext = 0
    private(set) var lastContext = 0
    /// What every price rests on; `nil` if that depends on the iteration.
    let uniformProvenance: CostProvenance?
    /// Otherwise what the run's price rests on; the same for every iteration of a cost line.
    var provenanceSplit = ProvenanceShares().split
    /// Units of work whose price rests on `uniformProvenance`.
    private var uniformUnits: Int64 = 0
    /// The same, of what no longer fitted.
    private var closedUnits: Int128 = 0
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
        return ProvenanceWork(uniformProvenance, units: closedUnits + Int128(uniformUnits))
    }

    /// Begins the batch, nothing but decodes, at the price of a line. It is on the clock when its plan and slowdown are
    /// given.
    @inline(__always)
    mutating func begin(at now: SimulationTime, price line: DecodeCostLine) {
        firstContext = line.firstContext
        lastContext = line.lastContext
        begin(
            at: now, first: line.work(contextTokens: batch.shape.decodeContextTokens),
            increment: Work(units: line.perContextToken.units * Int64(batch.shape.decodeSequences)))
    }

    /// The same of a batch with prompts in it.
    @inline(__always)
    mutating func begin(at now: SimulationTime, price work: Work) { begin(at: now, first: work, increment: .zero) }

    @inline(__always)
    private mutating func begin(at now: SimulationTime, first: Work, increment: Work) {
        // What follows the iteration before without a pause begins where that one ended, not at the nanosecond after.
        let start = run.start.time == now ? run.start : LaneTime(now)
        run = IterationRun(start: start, first: first, increment: increment, slowdown: .none)
        began = now
        bookedUntil = now
        plannedIterations = 0
        isRunning = true
    }

    /// Begins `iterations` of a batch of the whole decode set at the price of a line and puts them on the clock, where no
    /// other lane slows them.
    @inline(__always)
    mutating func runDecodes(
        iterations: Int, sequences: Int, contextTokens: Int, price line: DecodeCostLine, at now: SimulationTime
    ) {
        batch.decodeOnly(sequences: sequences, contextTokens: contextTokens)
        firstContext = line.firstContext
        lastContext = line.lastContext
        let start = run.start.time == now ? run.start : LaneTime(now)
        let run = IterationRun(
            start: start, first: line.work(contextTokens: contextTokens),
            increment: Work(units: line.perContextToken.units * Int64(sequences)), slowdown: .none)
        self.run = run
        began = now
        bookedUntil = now
        isRunning = true
        isDecodeRun = true
        plannedIterations = iterations
        let work = run.totalWork(count: iterations)
        plannedWork = work
        end = start.after(work, at: .none)
    }

    /// What the other lane's slowdown depends on: the shape of the batch, for decodes at the middle of the cost line's
    /// segment.
    @inline(__always)
    var rateShape: IterationShape {
        guard batch.shape.isDecodeOnly else { return batch.shape }
        return .decode(sequences: batch.shape.decodeSequences, contextTokens: (firstContext + lastContext) / 2)
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
    @inline(__always)
    mutating func plan(iterations: Int, slowdown: Slowdown) {
        run.slowdown = slowdown
        plannedIterations = iterations
        plannedWork = iterations == 1 ? run.first : run.totalWork(count: iterations)
        end = run.start.after(plannedWork - run.done, at: slowdown)
    }

    @inline(__always)
    mutating func plan(iterations: Int) { plan(iterations: iterations, slowdown: run.slowdown) }

    /// Ends the run in flight at the first boundary from now on. Returns whether that is earlier than planned.
    @inline(__always)
    mutating func cut(at now: SimulationTime) -> Bool {
        // Time is whole nanoseconds: that boundary follows the iterations that were over at the one before.
        let before = SimulationTime(nanoseconds: now.nanoseconds &- 1)
        guard let boundary = run.firstBoundary(after: before, limit: plannedIterations) else { return false }
        plannedIterations = boundary.iterations
        plannedWork = boundary.work
        end = run.start.after(plannedWork - run.done, at: run.slowdown)
        return true
    }

    /// Goes on with the rest of the iteration in flight, and those after it, at another speed.
    mutating func resume(at now: SimulationTime, slowdown: Slowdown, iterations: Int) {
        run.done = min(run.done + run.start.work(until: now, at: run.slowdown), run.first)
        busy += now - run.start.time
        run.start = LaneTime(now)
        plan(iterations: iterations, slowdown: slowdown)
    }

    /// Books `iterations` of the run in flight. If the run goes on, the next iteration is in flight and holds its
    /// blocks. Returns the undisturbed work of the last iteration.
    @inline(always)
    mutating func commit(
        iterations count: Int, ended: Bool, decodeSet: inout DecodeSet, memory: inout KVCacheManager,
        requests: inout RequestTable, _ gaps: inout TokenGaps, _ recorder: inout some Recorder
    ) -> Work {
        let isAll = count == plannedIterations
        let planned = isAll ? plannedWork : run.totalWork(count: count)
        let end = isAll ? end : run.start.after(planned - run.done, at: run.slowdown)
        // No more than all of them, whose work was summed with checks.
        let last = Work(units: run.first.units &+ run.increment.units &* Int64(count &- 1))
        if batch.decodes {
            let blocks = decodeSet.beginBlocks(iterations: count, anotherInFlight: !ended)
            if blocks > 0 {
                let allocated = memory.allocate(blocks)
                precondition(allocated, "a run of \(count) iterations outgrew its memory")
            }
            // Of one iteration no more than its end counts: the run is not looked at.
            if count == 1 {
                decodeSet.generateOnce(until: end, in: &requests, &gaps, &recorder)
            } else {
                decodeSet.generate(iterations: count, of: run, last, until: end, in: &requests, &gaps, &recorder)
            }
            workDone = Work(units: workDone.units &+ planned.units)
        }
        if uniformProvenance == nil {
            mixedProvenance.add(planned, provenanceSplit)
        } else {
            let (units, isTooLong) = uniformUnits.addingReportingOverflow(planned.units)
            if isTooLong { closeUnits() }
            uniformUnits = isTooLong ? planned.units : units
        }
        // Of a time that is not negative.
        busy.nanoseconds &+= (end.time - run.start.time).nanoseconds
        // In the plan there are no fewer.
        iterations &+= count
        bookedUntil = end.time
        run.first = last + run.increment
        run.start = end
        run.done = .zero
        plannedIterations &-= count
        if !isAll { plannedWork = plannedWork - planned }
        if ended { isRunning = false }
        return last
    }

    @inline(never)
    private mutating func closeUnits() { closedUnits += Int128(uniformUnits) }

    /// Drops what is in flight, of which everything that is over has been booked.
    mutating func abandon(at now: SimulationTime) {
        busy = busy(at: now)
        isRunning = false
        batch.removeAll()
    }

    /// How many iterations are over at `now`, and whether the last of them ends there.
    @inline(__always)
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
