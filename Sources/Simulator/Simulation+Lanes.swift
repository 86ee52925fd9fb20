internal import CostModels
internal import EventKernel
internal import Metrics
internal import Workloads

// MARK: - Iterations begin and end

extension Simulation {
    /// Asks every touched instance what to run next.
    mutating func startTouched(_ recorder: inout some Recorder) {
        for instance in touched {
            isTouched[instance] = false
            start(instance, &recorder)
if configuration.checksInvariants, let broken = instances[instance].brokenInvariant() {
                preconditionFailure("instance \(instance) at \(now): \(broken)")
            }
        }
        touched.removeAll(keepingCapacity: true)
    }

    private mutating func start(_ index: Int, _ recorder: inout some Recorder) {
        instances[index].now = now
        // Whoever shares memory or SMs with a run of iterations must see it where it is now.
        if instances[index].lanes.count > 1 || instances[index].role == .decode {
            settle(instance: index, lane: instances[index].decodeLane, &recorder)
        }
        // The decode lane first: running requests grow before new prompts take memory.
        var begun = [false, false]
        for lane in instances[index].lanes.indices.reversed() where !instances[index].lanes[lane].isRunning {
            instances[index].schedulingLane = lane
            instances[index].lanes[lane].batch.removeAll()
            policies[index * 2 + lane].schedule(&instances[index])
            if !instances[index].lanes[lane].batch.isEmpty {
                begin(instance: index, lane: lane)
                begun[lane] = true
            }
        }
        // After admissions have made way for prompts, and running requests have their blocks.
        if instances[index].role == .decode { pull(into: index) }
        setRates(instance: index, begun: begun)
    }

    /// Prices the batch of a lane. The run is put on the clock by `setRates`, once the other lane is known.
    private mutating func begin(instance index: Int, lane laneIndex: Int) {
        let model = configuration.pools[pools[index]].costModel
        let shape = instances[index].lanes[laneIndex].batch.shape
        let sms = instances[index].lanes[laneIndex].sms
        var isDecodeRun = false
        var rateShape = shape
        let run: IterationRun
        if shape.isDecodeOnly {
            let line = model.decodeLine(
                sequences: shape.decodeSequences, contextTokens: shape.decodeContextTokens, sms: sms)
            precondition(
                line.firstContext <= shape.decodeContextTokens && shape.decodeContextTokens <= line.lastContext,
                "cost line \(line) does not hold at \(shape.decodeContextTokens) context tokens")
            run = IterationRun(
                first: line.work(contextTokens: shape.decodeContextTokens),
                increment: Work(units: line.perContextToken.units * Int64(shape.decodeSequences)), slowdown: .none)
            rateShape = .decode(
                sequences: shape.decodeSequences, contextTokens: (line.firstContext + line.lastContext) / 2)
            isDecodeRun = !configuration.stepByStep && policies[index * 2 + laneIndex].repeatsDecode
            instances[index].lanes[laneIndex].lastContext = line.lastContext
        } else {
            run = IterationRun(first: model.work(of: shape, sms: sms), increment: .zero, slowdown: .none)
        }
        let shares = model.provenance(of: shape, sms: sms).seconds
        for i in shares.indices { provenance[i] += shares[i] }

        instances[index].lanes[laneIndex].run = run
        instances[index].lanes[laneIndex].runStart = now
        instances[index].lanes[laneIndex].plannedIterations = 1
        instances[index].lanes[laneIndex].isDecodeRun = isDecodeRun
        instances[index].lanes[laneIndex].rateShape = rateShape
        instances[index].lanes[laneIndex].resumedWork = nil
        instances[index].lanes[laneIndex].isRunning = true
    }

    /// Gives each running lane the speed that its neighbour leaves it, and schedules its end if that is new.
    private mutating func setRates(instance index: Int, begun: [Bool]) {
        var slowdowns = LaneSlowdowns.none
        if instances[index].lanes.count > 1, instances[index].lanes[0].isRunning, instances[index].lanes[1].isRunning {
            let pool = configuration.pools[pools[index]]
            let partition = SMPartition(
                prefill: instances[index].lanes[0].sms, decode: instances[index].lanes[1].sms,
                total: pool.partition.total)
            slowdowns = pool.costModel.slowdowns(
                prefill: instances[index].lanes[0].rateShape, decode: instances[index].lanes[1].rateShape,
                partition: partition)
        }
        for lane in instances[index].lanes.indices where instances[index].lanes[lane].isRunning {
            let slowdown = lane == 0 ? slowdowns.prefill : slowdowns.decode
            if begun[lane] {
                instances[index].lanes[lane].run.slowdown = slowdown
                // Only now: the other lane may have taken blocks after this one was priced.
                if instances[index].lanes[lane].isDecodeRun {
                    instances[index].lanes[lane].plannedIterations = instances[index].equalIterations(lane: lane)
                }
            } else if instances[index].lanes[lane].run.slowdown != slowdown {
                instances[index].lanes[lane].resume(at: now, slowdown: slowdown)
            } else {
                continue
            }
            scheduleEnd(instance: index, lane: lane)
        }
    }

    private mutating func scheduleEnd(instance: Int, lane: Int) {
        instances[instance].lanes[lane].endEvent = queue.schedule(
            at: instances[instance].lanes[lane].end, kind: EventKind.laneEnd.rawValue, index: instance * 2 + lane)
    }

    mutating func endLane(_ event: Event, _ recorder: inout some Recorder) {
        let (index, lane) = (event.index / 2, event.index % 2)
        guard instances[index].lanes[lane].isRunning, instances[index].lanes[lane].endEvent == event.sequence else {
            return
        }
        instances[index].now = now
        // What ends here may free memory: the other lane's iterations before now took theirs first.
        if instances[index].lanes.count > 1, lane == 0 {
            bookEnded(by: SimulationTime(nanoseconds: now.nanoseconds - 1), instance: index, lane: 1, &recorder)
        }
        let work = instances[index].commit(
            lane: lane, iterations: instances[index].lanes[lane].plannedIterations, ended: true, &recorder)
        if instances[index].lanes[lane].batch.decodes {
            while let slot = instances[index].decodeSet.popCompleted(in: instances[index].requests) {
                instances[index].leaveDecodeSet(slot)
                complete(slot, instance: index, &recorder)
            }
        }
        for position in instances[index].lanes[lane].batch.chunks.indices {
            advancePrefill(instance: index, instances[index].lanes[lane].batch.chunks[position], work: work, &recorder)
        }
        touch(index)
    }

    /// Books a finished chunk; a finished prompt yields a token and moves on.
    private mutating func advancePrefill(
        instance index: Int, _ chunk: Batch.Chunk, work: Work, _ recorder: inout some Recorder
    ) {
        let slot = chunk.slot
        instances[index].requests[slot].computedTokens += chunk.tokens
        instances[index].requests[slot].prefillWork += work
        guard instances[index].requests[slot].remainingPrefill == 0 else { return }
        if let position = instances[index].prefilling.firstIndex(of: slot) {
            instances[index].prefilling.remove(at: position)
        }
        if instances[index].requests[slot].generatedTokens > 0 {
            recorder.recordTokenGaps(now - instances[index].requests[slot].lastToken, count: 1)
        }
        instances[index].finishPrefill(slot)
        let state = instances[index].requests[slot]
        if state.generatedTokens == state.request.outputTokens {
            return complete(slot, instance: index, &recorder)
        }
        switch instances[index].role {
        case .unified, .decode:
            instances[index].joinDecodeSet(slot)
        case .semiPD:
            instances[index].requests[slot].phase = .prefilled
            instances[index].prefilled.append(slot)
        case .prefill:
            instances[index].requests[slot].phase = .prefilled
            instances[index].prefilled.append(slot)
            offerToDecoder(slot, from: index)
        }
    }

    /// Ends a run of decode iterations at the first boundary from now on, because its batch may change there.
    mutating func cutRun(instance index: Int, lane: Int) {
        guard instances[index].lanes[lane].isDecodeRun, instances[index].lanes[lane].plannedIterations > 1 else { return }
        let elapsed = now - instances[index].lanes[lane].runStart
        let planned = instances[index].lanes[lane].plannedIterations
        let run = instances[index].lanes[lane].run
        let completed = run.iterationsCompleted(in: elapsed, limit: planned)
        let atBoundary = completed > 0 && run.duration(count: completed) == elapsed
        let cut = atBoundary ? completed : completed + 1
        guard cut < planned else { return }
        instances[index].lanes[lane].plannedIterations = cut
        scheduleEnd(instance: index, lane: lane)
    }

    /// Books the iterations of a run that ended by `time`, without changing its plan.
    mutating func bookEnded(by time: SimulationTime, instance index: Int, lane: Int, _ recorder: inout some Recorder) {
        guard instances[index].lanes[lane].isRunning, instances[index].lanes[lane].plannedIterations > 1 else { return }
        let completed = instances[index].lanes[lane].run.iterationsCompleted(
            in: time - instances[index].lanes[lane].runStart, limit: instances[index].lanes[lane].plannedIterations - 1)
        if completed > 0 { _ = instances[index].commit(lane: lane, iterations: completed, ended: false, &recorder) }
    }

    /// Books the iterations of a run that are over, so that the instance is as it is now. A run at a boundary ends; one
    /// in the middle of an iteration keeps that iteration alone, since what comes after it may be decided anew.
    private mutating func settle(instance index: Int, lane: Int, _ recorder: inout some Recorder) {
        guard instances[index].lanes[lane].isRunning, instances[index].lanes[lane].plannedIterations > 1 else { return }
        let elapsed = now - instances[index].lanes[lane].runStart
        let run = instances[index].lanes[lane].run
        let completed = run.iterationsCompleted(in: elapsed, limit: instances[index].lanes[lane].plannedIterations)
        let atBoundary = completed > 0 && run.duration(count: completed) == elapsed
        if completed > 0 { _ = instances[index].commit(lane: lane, iterations: completed, ended: atBoundary, &recorder) }
        if !atBoundary {
            instances[index].lanes[lane].plannedIterations = 1
            scheduleEnd(instance: index, lane: lane)
        }
    }
}

extension Lane {
    /// Goes on with the rest of the iteration in flight at another speed.
    mutating func resume(at now: SimulationTime, slowdown: Slowdown) {
        let elapsed = now - runStart
        let done = min(run.slowdown.work(in: elapsed), run.first)
        resumedWork = resumedWork ?? run.first
        busy += elapsed
        runStart = now
        run = IterationRun(first: run.first - done, increment: .zero, slowdown: slowdown)
        plannedIterations = 1
    }
}

extension Instance {
    /// How many iterations from the next on are alike: none completes a sequence before its end, needs a block that is
    /// not free, or leaves the segment of the cost line.
    func equalIterations(lane: Int) -> Int {
        let inSegment = (lanes[lane].lastContext - decodeSet.contextTokens) / decodeSet.count + 1
        let untilDue = decodeSet.nextDue.map { max(1, $0 - decodeSet.iteration) } ?? 1
        let limit = min(inSegment, untilDue)
        // The blocks of the first iteration are allocated already.
        return 1 + decodeSet.iterationsWithin(free: memory.freeBlocks, skip: 1, limit: limit - 1)
    }

    /// Books `iterations` of the run in flight. If the run goes on, the next iteration is in flight and holds its
    /// blocks. Returns the undisturbed work of the last iteration.
    mutating func commit(lane: Int, iterations: Int, ended: Bool, _ recorder: inout some Recorder) -> Work {
        let run = lanes[lane].run
        let duration = run.duration(count: iterations)
        let lastWork = lanes[lane].resumedWork ?? run.work(at: iterations - 1)
        if lanes[lane].batch.decodes {
            recordGaps(lane: lane, iterations: iterations, &recorder)
            let more = ended ? iterations - 1 : iterations
            let allocated = memory.allocate(decodeSet.blocksBegun(skip: 1, iterations: more))
            precondition(allocated, "a run of \(iterations) iterations outgrew its memory")
            decodeSet.advance(iterations)
            lanes[lane].lastToken = lanes[lane].runStart + duration
        }
        lanes[lane].workDone += lanes[lane].resumedWork ?? run.totalWork(count: iterations)
        lanes[lane].resumedWork = nil
        lanes[lane].busy += duration
        lanes[lane].iterations += iterations
        lanes[lane].runStart += duration
        lanes[lane].run.first = run.work(at: iterations)
        lanes[lane].plannedIterations -= iterations
        if ended { lanes[lane].isRunning = false }
        return lastWork
    }

    /// Records the gaps between tokens that `iterations` of the run make, before they are booked.
    private mutating func recordGaps(lane: Int, iterations: Int, _ recorder: inout some Recorder) {
        let run = lanes[lane].run
        let firstEnd = lanes[lane].runStart + run.duration(at: 0)
        for slot in lanes[lane].joiners { recorder.recordTokenGaps(firstEnd - requests[slot].lastToken, count: 1) }
        let older = decodeSet.count - lanes[lane].joiners.count
        if older > 0 { recorder.recordTokenGaps(firstEnd - lanes[lane].lastToken, count: older) }
        lanes[lane].joiners.removeAll(keepingCapacity: true)
        var k = 1
        while k < iterations {
            let gap = run.duration(at: k)
            let next = run.firstIteration(longerThan: recorder.longestGap(countedWith: gap), after: k, limit: iterations)
            recorder.recordTokenGaps(gap, count: decodeSet.count * (next - k))
            k = next
        }
    }
}
