internal import CostModels
internal import EventKernel
internal import Metrics
internal import Workloads

/// An instance with what drives it: the policy of each lane and the price of iterations.
///
/// Everything that an event changes within one instance happens here; what concerns several is in `Simulation`.
struct Engine: ~Copyable, Sendable {
    var instance: Instance
    let pool: Int
    /// Of the first lane; that of a second one follows. The others where there are such.
    let laneTimer: Int
    var linkTimer: Int?
    var controlTimer: Int?
    /// Whether it is to be asked for new batches at the end of the instant.
    var isTouched = false
    private let costModel: any CostModel
    private let streamingMultiprocessors: Int
    private var mainPolicy: any SchedulingPolicy
    private var decodePolicy: any SchedulingPolicy
    private let handOff: HandOff
    /// Whether of the run in flight on the second of two lanes only the iteration in flight is certain, until `setRates` says
    /// what comes after it.
    private var isDecodeCut = false
    /// Of the batch of each of two lanes, where its price says that.
    private var kernelSeconds = PhasePair<Double?>(prefill: nil, decode: nil)
    /// The work of a prefill iteration that has ended and of which the decode worker has yet to learn.
    var undelivered: Work?
    /// One for a semi-PD instance whose partition may change, else none. A buffer because to look into an optional
    /// copies what it holds.
    var partitionControl = UniqueBuffer<PartitionControl>()
    private let ignoresArrivalsBehindFirst: Bool
    /// Whether the policy of its only lane, or of its decode worker, need not be asked for batches of the decode set alone.
    private let decodesAllAlone: Bool
    /// Whether no iteration begins while prompts are pulled into this decode instance.
    let pausesForPulls: Bool
    /// The timetable of the stages that it shares with the other virtual engines of its instance, and what they are.
    private let pipeline: Int?
    private let stages: PipelineStages?
    /// The virtual engines of its instance, itself included, where they share a scheduler.
    let sharing: Range<Int>?
    /// Whether nobody but its only lane touches its memory, and whether all phases of a request are there too.
    let hasOnlyOneLane: Bool
    let isUnified: Bool
    /// Whether its only lane ends batches without looking at another engine: of decode instances too, whose memory transfers
    /// touch in between.
    let endsAlone: Bool

    /// - Parameter transfer: how prompts are pulled into it, if it decodes what others have prefilled.
    init(
        index: Int, pool: Int, laneTimer: Int, pipeline: Int?, _ configuration: PoolConfiguration,
        transfer: TransferConfiguration?, sharing: Range<Int>? = nil
    ) {
        self.laneTimer = laneTimer
        instance = Instance(index: index, pool: configuration)
        self.pool = pool
        self.pipeline = pipeline
        self.sharing = sharing
        hasOnlyOneLane = (configuration.role == .unified || configuration.role == .prefill) && sharing == nil
        endsAlone = configuration.role != .semiPD && sharing == nil
        isUnified = configuration.role == .unified && sharing == nil
        stages = configuration.pipeline
        costModel = configuration.costModel
        streamingMultiprocessors = configuration.partition.total
        mainPolicy = configuration.role == .decode ? configuration.decodePolicy : configuration.prefillPolicy
        decodePolicy = configuration.decodePolicy
        handOff = configuration.handOff
        if let control = configuration.partitionControl { partitionControl.append(control) }
        ignoresArrivalsBehindFirst = mainPolicy.ignoresArrivalsBehindFirst
        decodesAllAlone =
            configuration.role == .semiPD
            ? decodePolicy.decodesAllAlone && decodePolicy.ignoresPrompts
            : mainPolicy.decodesAllAlone && configuration.role != .prefill && pipeline == nil
                && configuration.memory.host == nil
        pausesForPulls = configuration.role == .decode && transfer?.pausesDecode == true
    }

    /// Policies and partition are those of an engine that has just started.
    mutating func restart(_ configuration: PoolConfiguration) {
        mainPolicy = configuration.role == .decode ? configuration.decodePolicy : configuration.prefillPolicy
        decodePolicy = configuration.decodePolicy
        if let control = configuration.partitionControl { partitionControl[0] = control }
        guard instance.role == .semiPD else { return }
        instance.lanes[0].sms = configuration.partition.prefill
        instance.lanes[1].sms = configuration.partition.decode
    }

    /// What is wrong with its sums, or with a lane that does nothing. Lanes that a partition control, a message or a pull
    /// holds back may wait beside work.
    func brokenInvariant() -> String? {
        if let broken = instance.brokenInvariant() { return broken }
        if isControlled || handOff == .byMessage || pausesForPulls && instance.blocksInTransfer > 0 { return nil }
        return instance.idleLane(reserve: (mainPolicy as? FCFSPrefillPolicy)?.reserve ?? 0)
    }

}

// MARK: - What happens to it

extension Engine {
    /// A request has been enqueued. Returns whether the instance is to be asked what to run.
    @inline(__always)
    mutating func arrive(promptTokens: Int, _ context: inout RunContext) -> Bool {
        if isControlled { partitionControl[0].recordArrival(promptTokens: promptTokens) }
        guard instance.lanes[0].isRunning else { return true }
        if instance.waitingCount == 1 || !ignoresArrivalsBehindFirst { cutRun(&context) }
        return false
    }

    /// Ends a run of decode iterations at the first boundary from now on, because its batch may change there.
    @inline(__always)
    private mutating func cutRun(_ context: inout RunContext) {
        guard instance.lanes[0].isDecodeRun, instance.lanes[0].plannedIterations > 1 else { return }
        if instance.lanes[0].cut(at: context.now) { schedule(lane: 0, &context) }
    }

    /// A prompt has been pulled into this decode instance. Returns whether the instance is to be asked what to run: while it
    /// runs, the prompt is admitted at the next boundary.
    @inline(__always)
    mutating func noteReceived(_ context: inout RunContext) -> Bool {
        if pausesForPulls || !instance.lanes[0].isRunning { return true }
        cutRun(&context)
        return false
    }

    /// Whether the prompt that waits to be pulled into this decode instance, if it may be, leaves the run in flight the blocks
    /// that it begins: then the run need neither be booked nor end.
    @inline(__always)
    mutating func pullsBesideRun(at now: SimulationTime) -> Bool {
        guard instance.bridge.count == 1, instance.lanes[0].isRunning, instance.lanes[0].isDecodeRun,
            instance.lanes[0].end.time > now, !pausesForPulls, instance.prefixes == nil
        else { return false }
        let begun = instance.decodeSet.blocksBegunAfterNext(iterations: instance.lanes[0].plannedIterations &- 1)
        return instance.bridge[0].blocks + begun <= instance.freeBlocks
    }

    /// Books what a lane has done when its timer is due.
    @inline(__always)
    mutating func endLane(_ lane: Int, _ context: inout RunContext, _ recorder: inout some Recorder) {
        instance.now = context.now
        // What ends here may free memory, or make room among cached prefixes: the other lane's iterations before now took
        // theirs first.
        if lane == 0, instance.lanes.count > 1, instance.prefixes != nil || instance.endsRequests(lane: 0) {
            let before = SimulationTime(nanoseconds: context.now.nanoseconds - 1)
            instance.bookEnded(by: before, lane: 1, &context, &recorder)
        }
        let work = book(lane: lane, &context, &recorder)
        if lane == 0, isControlled { recordPrefill(at: context.now) }
        if lane == 0, handOff == .byMessage, instance.lanes.count > 1, instance.lanes[1].isRunning {
            undelivered = work
        } else if !instance.lanes[lane].batch.chunks.isEmpty {
            finishChunks(of: lane, work: work, &context, &recorder)
        }
    }

    /// The same where there is one lane, which is touched by nobody else.
    @inline(always)
    mutating func endOnlyLane(_ context: inout RunContext, _ recorder: inout some Recorder) {
        instance.now = context.now
        let work = book(lane: 0, &context, &recorder)
        if !instance.lanes[0].batch.chunks.isEmpty { finishChunks(of: 0, work: work, &context, &recorder) }
    }

    /// Books a batch that ends now, and the requests that it completes. Returns the work of its last iteration.
    @inline(always)
    private mutating func book(lane: Int, _ context: inout RunContext, _ recorder: inout some Recorder) -> Work {
        let work = instance.commit(
            lane: lane, iterations: instance.lanes[lane].plannedIterations, ended: true, &context, &recorder)
        if instance.lanes[lane].batch.decodes {
            while instance.decodeSet.mayBeCompleted { completeFirstDue(&context, &recorder) }
        }
        return work
    }

    @inline(never)
    private mutating func finishChunks(
        of lane: Int, work: Work, _ context: inout RunContext, _ recorder: inout some Recorder
    ) {
        finishChunk(at: 0, of: lane, work: work, &context, &recorder)
        if instance.lanes[lane].batch.chunks.count > 1 { finishOthers(of: lane, work: work, &context, &recorder) }
    }

    /// Mostly there are none; and what happens in a loop makes ready before it what one time does not need.
    @inline(never)
    private mutating func finishOthers(
        of lane: Int, work: Work, _ context: inout RunContext, _ recorder: inout some Recorder
    ) {
        for position in 1..<instance.lanes[lane].batch.chunks.count {
            finishChunk(at: position, of: lane, work: work, &context, &recorder)
        }
    }

    @inline(__always)
    private mutating func finishChunk(
        at position: Int, of lane: Int, work: Work, _ context: inout RunContext, _ recorder: inout some Recorder
    ) {
        let chunk = instance.lanes[lane].batch.chunks[position]
        guard instance.finishChunk(chunk, work: work, &context.gaps, &recorder) else { return }
        if isControlled { tellFirstToken(of: chunk.slot, at: context.now) }
        goOn(chunk.slot, &context, &recorder)
    }

    /// Called when the only token of a request comes out of its prefill.
    @inline(never)
    private mutating func completePrefilled(
        _ slot: Int32, _ context: inout RunContext, _ recorder: inout some Recorder
    ) {
        complete(slot, &context, &recorder)
    }

    /// Sends a request that has just been prefilled where its next token comes from.
    @inline(__always)
    private mutating func goOn(_ slot: Int32, _ context: inout RunContext, _ recorder: inout some Recorder) {
        if instance.requests[known: slot].generatedTokens == instance.requests[known: slot].request.outputTokens {
            return completePrefilled(slot, &context, &recorder)
        }
        // Not one of four cases: a jump to where a table says is slow to foresee.
        if instance.role == .unified || instance.role == .decode || instance.requests[known: slot].stays {
            instance.joinDecodeSet(slot)
        } else {
            instance.handOver(slot)
        }
    }

    /// Called when a sequence of the decode set may have generated its last token. Not inlined: what it needs would be made
    /// ready at the end of every iteration.
    @inline(never)
    private mutating func completeFirstDue(_ context: inout RunContext, _ recorder: inout some Recorder) {
        if let slot = instance.decodeSet.popFirstDue(in: &instance.requests) { complete(slot, &context, &recorder) }
    }

    /// Called when the last token of a request is generated.
    @inline(__always)
    private mutating func complete(_ slot: Int32, _ context: inout RunContext, _ recorder: inout some Recorder) {
        let record = instance.lastRecord(of: slot)
        context.finish(record, &recorder)
        if instance.requests[known: slot].promisedBlocks > 0 {
            context.promisedBlocks -= Int(instance.requests[known: slot].promisedBlocks)
        }
        if isControlled { tellCompletion(record, at: context.now) }
        instance.release(slot)
    }
}

// MARK: - What it runs next

extension Engine {
    /// Asks the policy for a batch, prices it and puts it on the clock, where there is one lane and nobody else touches its
    /// memory.
    @inline(always)
    mutating func startOnlyLane(_ context: inout RunContext) {
        instance.now = context.now
        if instance.lanes[0].isRunning || mayDecodeAlone(context) && decodesAlone(&context) { return }
        instance.beginBatch(of: 0)
        let repeatsDecode = mainPolicy.fillBatch(of: &instance)
        if instance.role == .prefill {
            instance.noteRefusedPrompts()
            lookForStarvation(at: context.now)
        }
        if instance.batch.isEmpty { return }
        price(lane: 0, repeatsDecode: repeatsDecode, &context)
        if instance.uncopiedBlocks > 0 { copyBlocks(lane: 0) }
        if let pipeline { enter(pipeline, lane: 0, &context) }
        // No partition is controlled.
        let iterations = instance.lanes[0].isDecodeRun ? instance.equalIterations(lane: 0) : 1
        instance.lanes[0].plan(iterations: iterations, slowdown: .none)
        schedule(lane: 0, &context)
    }

    /// Whether the policy would have the decode set alone run on the only lane, if memory is not short. Mutating although it
    /// changes nothing.
    @inline(__always)
    private mutating func mayDecodeAlone(_ context: borrowing RunContext) -> Bool {
        decodesAllAlone && instance.hasOnlyDecodes && !context.stepByStep
    }

    /// Begins a run of the decode set alone and puts it on the clock, if memory is not short. Returns whether it does.
    @inline(never)
    private mutating func decodesAlone(_ context: inout RunContext) -> Bool {
        guard instance.memory.allocate(instance.decodeSet.blocksBegun) else { return false }
        let (sequences, tokens) = (instance.decodeSet.count, instance.decodeSet.contextTokens)
        let sms = instance.lanes[0].sms
        let place =
            context.costLines[pool].place(sequences: sequences, contextTokens: tokens, sms: sms)
            ?? askLine(sequences: sequences, contextTokens: tokens, sms: sms, &context)
        let line = context.costLines[pool].line(at: place)
        if instance.lanes[0].uniformProvenance == nil {
            instance.lanes[0].provenanceSplit = context.costLines[pool].split(at: place)
        }
        let iterations = instance.equalIterations(lastContext: line.lastContext)
        instance.lanes[0].runDecodes(
            iterations: iterations, sequences: sequences, contextTokens: tokens, price: line, at: context.now)
        schedule(lane: 0, &context)
        return true
    }

    /// At the end of an instant, where phases have instances or lanes of their own.
    @inline(__always)
    mutating func lookForStarvation(at now: SimulationTime) {
        let swapped = instance.swapped.count
        instance.starvation.look(swapped: swapped, at: now)
    }

    /// Asks the policy of a decode instance for a batch if its lane is idle, and prices it. What is pulled then takes its
    /// blocks before the batch is planned.
    @inline(__always)
    mutating func formDecodeBatch(_ context: inout RunContext, _ recorder: inout some Recorder) {
        instance.now = context.now
        // Whoever shares memory with a run of iterations must see it where it is now.
        if instance.lanes[0].isRunning { settle(lane: 0, &context, &recorder) }
        if instance.lanes[0].isRunning || pausesForPulls && instance.blocksInTransfer > 0 { return }
        // What is pulled now takes its blocks before the batch is planned.
        if instance.bridge.isEmpty, mayDecodeAlone(context), decodesAlone(&context) {
            return instance.noteRefusedPrefilled()
        }
        instance.beginBatch(of: 0)
        let repeatsDecode = mainPolicy.fillBatch(of: &instance)
        instance.noteRefusedPrefilled()
        begin(lane: 0, repeatsDecode: repeatsDecode, &context)
    }

    /// Plans what has just begun on the only lane of an instance.
    @inline(__always)
    mutating func planOnlyLane(_ context: inout RunContext) {
        if instance.lanes[0].isRunning, instance.lanes[0].plannedIterations == 0 {
            putOnClock(lane: 0, .none, &context)
        }
    }

    /// Asks the policies of the idle lanes of a semi-PD instance for batches and prices them.
    mutating func formBatches(_ context: inout RunContext, _ recorder: inout some Recorder) {
        instance.now = context.now
        // Whoever shares memory or SMs with a run of iterations must see it where it is now.
        if instance.lanes[1].isRunning { isDecodeCut = bookEnded(lane: 1, &context, &recorder) }
        let decodeIsBetweenIterations = !instance.lanes[1].isRunning
        if let work = undelivered, decodeIsBetweenIterations {
            undelivered = nil
            if !instance.lanes[0].batch.chunks.isEmpty { finishChunks(of: 0, work: work, &context, &recorder) }
        }
        var mayBegin =
            isControlled ? repartition(&context, &recorder) : PhasePair(prefill: true, decode: true)
        if handOff == .byMessage {
            mayBegin.prefill = mayBegin.prefill && decodeIsBetweenIterations && undelivered == nil
        }
        // The decode lane first: running requests grow before new prompts take memory.
        if decodeIsBetweenIterations, mayBegin.decode {
            instance.beginBatch(of: 1)
            let repeatsDecode = repeatsDecodeSet(context) || decodePolicy.fillBatch(of: &instance)
            instance.noteRefusedPrefilled()
            begin(lane: 1, repeatsDecode: repeatsDecode, &context)
        }
        // A worker of prompts is not asked where there are none.
        if !instance.lanes[0].isRunning, mayBegin.prefill, instance.hasPrompts {
            instance.beginBatch(of: 0)
            let repeatsDecode = mainPolicy.fillBatch(of: &instance)
            instance.noteRefusedPrompts()
            begin(lane: 0, repeatsDecode: repeatsDecode, &context)
        }
    }

    /// Forms the batch of the decode worker of a semi-PD instance, if it is the decode set alone and would be the same again.
    /// Returns whether it is.
    @inline(__always)
    private mutating func repeatsDecodeSet(_ context: borrowing RunContext) -> Bool {
        decodesAllAlone && !context.stepByStep && instance.decodeSet.count > 0
            && instance.prefilled.isEmpty && instance.swapped.isEmpty && instance.decodeAll()
    }

    /// Begins the batch that a policy has formed.
    @inline(always)
    private mutating func begin(lane: Int, repeatsDecode: Bool, _ context: inout RunContext) {
        if instance.batch.isEmpty { return }
        price(lane: lane, repeatsDecode: repeatsDecode, &context)
        if lane == instance.decodeLane, instance.uncopiedBlocks > 0 { copyBlocks(lane: lane) }
        if let pipeline { enter(pipeline, lane: lane, &context) }
    }

    @inline(always)
    private mutating func price(lane: Int, repeatsDecode: Bool, _ context: inout RunContext) {
        let sms = instance.lanes[lane].sms
        if instance.lanes[lane].batch.shape.isDecodeOnly {
            let sequences = instance.lanes[lane].batch.shape.decodeSequences
            let tokens = instance.lanes[lane].batch.shape.decodeContextTokens
            let place =
                context.costLines[pool].place(sequences: sequences, contextTokens: tokens, sms: sms)
                ?? askLine(sequences: sequences, contextTokens: tokens, sms: sms, &context)
            instance.lanes[lane].begin(at: context.now, price: context.costLines[pool].line(at: place))
            if instance.lanes[lane].uniformProvenance == nil {
                instance.lanes[lane].provenanceSplit = context.costLines[pool].split(at: place)
                if lane == 1 { kernelSeconds.decode = context.costLines[pool].kernelSeconds(at: place) }
            }
            // What waits to be pulled between two iterations may get its turn after any of them.
            let mayPause = pausesForPulls && !instance.bridge.isEmpty
            instance.lanes[lane].isDecodeRun =
                repeatsDecode && !context.stepByStep && !instance.admissionMayChange && !mayPause
        } else {
            instance.lanes[lane].begin(at: context.now, price: priceOfPrompts(lane: lane, sms: sms))
            instance.lanes[lane].isDecodeRun = false
        }
    }

    /// Not inlined: the caller would copy the model.
    @inline(never)
    private mutating func askLine(
        sequences: Int, contextTokens: Int, sms: Int, _ context: inout RunContext
    ) -> Int {
        context.costLines[pool].ask(costModel, sequences: sequences, contextTokens: contextTokens, sms: sms)
    }

    /// Of a batch with prompts in it.
    @inline(never)
    private mutating func priceOfPrompts(lane: Int, sms: Int) -> Work {
        let shape = instance.lanes[lane].batch.shape
        if instance.lanes[lane].uniformProvenance != nil { return costModel.work(of: shape, sms: sms) }
        let price = costModel.price(of: shape, sms: sms)
        instance.lanes[lane].provenanceSplit = price.provenance.split
        kernelSeconds.prefill = price.kernelSeconds
        return price.work
    }

    /// Copies what was swapped before the kernels of a lane's batch. The next iteration copies something else.
    @inline(never)
    private mutating func copyBlocks(lane: Int) {
        if let host = instance.host {
            instance.lanes[lane].lengthen(by: Work(rounding: Double(instance.uncopiedBlocks) * host.secondsPerBlock))
            instance.lanes[lane].isDecodeRun = false
        }
        instance.uncopiedBlocks = 0
    }

    /// Sends the batch of a lane through the stages. Its work is what they take; what it waits for them comes before. The
    /// others' batches come in between, so that every iteration is an event.
    @inline(never)
    private mutating func enter(_ pipeline: Int, lane: Int, _ context: inout RunContext) {
        guard let stages else { return }
        let durations = stages.durations(
            of: instance.lanes[lane].batch.shape, work: instance.lanes[lane].run.first, sms: instance.lanes[lane].sms)
        let work = durations.reduce(SimulationDuration.zero, +)
        let end = context.pipelines[pipeline].enter(durations, at: context.now)
        let start = SimulationTime(nanoseconds: end.nanoseconds - work.nanoseconds)
        instance.lanes[lane].isDecodeRun = false
        instance.lanes[lane].begin(at: start, taking: work)
    }

    /// Empties the stages of its instance.
    func clearPipeline(_ context: inout RunContext) {
        if let pipeline { context.pipelines[pipeline].clear() }
    }

    /// Books the iterations of a run that are over, so that the instance is as it is now. A run at a boundary ends; one
    /// in the middle of an iteration keeps that iteration alone, since what comes after it may be decided anew.
    mutating func settle(lane: Int, _ context: inout RunContext, _ recorder: inout some Recorder) {
        if bookEnded(lane: lane, &context, &recorder) { cutAfterNext(lane: lane, &context) }
    }

    /// Books the iterations of a run that are over. Returns whether the run goes on.
    private mutating func bookEnded(
        lane: Int, _ context: inout RunContext, _ recorder: inout some Recorder
    ) -> Bool {
        guard instance.lanes[lane].isRunning,
            instance.lanes[lane].plannedIterations > 1 || isCutNow(lane: lane, context)
        else { return false }
        let (completed, atBoundary) = instance.lanes[lane].completed(at: context.now)
        if completed > 0 {
            _ = instance.commit(lane: lane, iterations: completed, ended: atBoundary, &context, &recorder)
        }
        if atBoundary { context.timers.set(timer(lane: lane), to: .never) }
        return !atBoundary
    }

    /// Ends a run with the iteration in flight.
    @inline(__always)
    private mutating func cutAfterNext(lane: Int, _ context: inout RunContext) {
        instance.lanes[lane].plan(iterations: 1)
        schedule(lane: lane, &context)
    }

    /// Whether a request has just arrived at a decode instance and cut its run at the boundary that it is at. What is pulled
    /// then must find the iterations before booked, as when they are events of their own.
    private func isCutNow(lane: Int, _ context: borrowing RunContext) -> Bool {
        instance.role == .decode && instance.lanes[lane].isDecodeRun && instance.lanes[lane].plannedIterations == 1
            && instance.lanes[lane].end.time == context.now
    }

    /// Gives each running lane of two the speed that its neighbour leaves it, plans what has just begun, and sets the timers
    /// of what is new.
    mutating func setRates(_ context: inout RunContext) {
        let isCut = isDecodeCut
        isDecodeCut = false
        var slowdowns = LaneSlowdowns.none
        if instance.lanes[0].isRunning, instance.lanes[1].isRunning {
            // Both ran before: neither has changed.
            if instance.lanes[0].plannedIterations > 0, instance.lanes[1].plannedIterations > 0 {
                if isCut { cutAfterNext(lane: 1, &context) }
                return
            }
            let partition = SMPartition(
                prefill: instance.lanes[0].sms, decode: instance.lanes[1].sms, total: streamingMultiprocessors)
            slowdowns = costModel.slowdowns(
                prefill: LaneLoad(shape: instance.lanes[0].rateShape, kernelSeconds: kernelSeconds.prefill),
                decode: LaneLoad(shape: instance.lanes[1].rateShape, kernelSeconds: kernelSeconds.decode),
                partition: partition)
        }
        for lane in 0..<2 where instance.lanes[lane].isRunning {
            setRate(lane: lane, lane == 0 ? slowdowns.prefill : slowdowns.decode, isCut: isCut && lane == 1, &context)
        }
    }

    @inline(__always)
    private mutating func setRate(
        lane: Int, _ slowdown: Slowdown, isCut: Bool, _ context: inout RunContext
    ) {
        if instance.lanes[lane].plannedIterations == 0 {
            // Only now: the other lane may have taken blocks after this one was priced.
            putOnClock(lane: lane, slowdown, &context)
        } else if instance.lanes[lane].run.slowdown != slowdown {
            let goesOn = lane == 1 && instance.lanes[lane].isDecodeRun && decidesNothingAtBoundary(context.now)
            let iterations = goesOn ? min(instance.equalIterations(lane: lane), iterationsUntilControl) : 1
            instance.lanes[lane].resume(at: context.now, slowdown: slowdown, iterations: iterations)
            schedule(lane: lane, &context)
        } else if isCut {
            cutAfterNext(lane: lane, &context)
        }
    }

    /// Plans what has just begun on a lane.
    @inline(__always)
    private mutating func putOnClock(lane: Int, _ slowdown: Slowdown, _ context: inout RunContext) {
        let iterations =
            instance.lanes[lane].isDecodeRun ? min(instance.equalIterations(lane: lane), iterationsUntilControl) : 1
        instance.lanes[lane].plan(iterations: iterations, slowdown: slowdown)
        schedule(lane: lane, &context)
    }

    /// Whether the decode worker of a semi-PD instance would only repeat its batch after the iteration in flight.
    private func decidesNothingAtBoundary(_ now: SimulationTime) -> Bool {
        if isControlled, partitionControl[0].isSwitching(at: now) { return false }
        return decodePolicy.ignoresPrompts && instance.prefilled.isEmpty && instance.swapped.isEmpty
            && handOff == .inProcess && !instance.admissionMayChange
    }

    @inline(__always)
    private func schedule(lane: Int, _ context: inout RunContext) {
        context.timers.set(timer(lane: lane), to: instance.lanes[lane].end.time)
    }

    private func timer(lane: Int) -> Int { laneTimer + lane }
}
