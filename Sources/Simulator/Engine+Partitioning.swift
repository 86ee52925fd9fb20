internal import CostModels
internal import EventKernel
internal import Metrics
internal import Workloads

// A semi-PD instance tells its partition control what happens, asks it at iteration boundaries, and follows it.

extension Engine {
    var isControlled: Bool { !partitionControl.isEmpty }

    // MARK: What happens

    /// Of a request whose prefill has just ended; not if it was computed again after a preemption.
    /// - Precondition: `isControlled`, here as below.
    mutating func tellFirstToken(of slot: Int32, at now: SimulationTime) {
        guard instance.requests[slot].firstToken == now else { return }
        let (arrival, scheduled) = (instance.requests[slot].request.arrival, instance.requests[slot].scheduled ?? now)
        partitionControl[0].recordFirstToken(
            FirstTokenSample(timeToFirstToken: now - arrival, execution: now - scheduled, wait: scheduled - arrival),
            at: now)
    }

    /// Of a prefill iteration that has just ended; its prompts are not yet booked.
    mutating func recordPrefill(at now: SimulationTime) {
        var prompts = 0
        for position in instance.lanes[0].batch.chunks.indices {
            let chunk = instance.lanes[0].batch.chunks[position]
            if chunk.tokens == instance.requests[chunk.slot].remainingPrefill { prompts += 1 }
        }
        let duration = now - instance.lanes[0].began
        partitionControl[0].recordPrefillIteration(duration, prompts: prompts)
    }

    mutating func tellCompletion(_ record: RequestRecord, at now: SimulationTime) {
        let (parts, tokens) = (record.parts, record.outputTokens)
        if tokens <= 1 { return }
        let iterating = parts.prefillRun + parts.prefillStalled + parts.decodeRun + parts.decodeStalled
        partitionControl[0].recordCompletion(
            CompletionSample(internalTimePerOutputToken: iterating.seconds / Double(tokens), outputTokens: tokens),
            at: now)
    }

    // MARK: What is decided

    /// Equal iterations after which the controller may be due, the next one included.
    var iterationsUntilControl: Int { isControlled ? partitionControl[0].iterationsUntilDue ?? .max : .max }

    /// Asks the controller if it is due, lets lanes between two iterations change over, and says which may begin another.
    /// Everything that ends at this instant is booked already.
    /// - Precondition: `isControlled`.
    @inline(__always)
    mutating func repartition(_ context: inout RunContext, _ recorder: inout some Recorder) -> PhasePair<Bool> {
        // In its place: a control holds whatever its controller remembers, and is long to copy.
        partitionControl[0].countIterations(instance.lanes[0].iterations + instance.lanes[1].iterations)
        if partitionControl[0].isQuiet(at: context.now), hasCapsInForce {
            return PhasePair(prefill: true, decode: true)
        }
        return decidePartition(&context, &recorder)
    }

    private var hasCapsInForce: Bool {
        @inline(__always) mutating get {
            let caps = partitionControl[0].inForce
            return caps.prefill == instance.lanes[0].sms && caps.decode == instance.lanes[1].sms
        }
    }

    private mutating func decidePartition(
        _ context: inout RunContext, _ recorder: inout some Recorder
    ) -> PhasePair<Bool> {
        let now = context.now
        if partitionControl[0].isDue(at: now) {
            let load = instance.load
            _ = partitionControl[0].consult(at: now, load: load)
        }
        var mayBegin = PhasePair(prefill: false, decode: false)
        let usedBlocks = instance.memory.usedBlocks
        if !instance.lanes[1].isRunning {
            mayBegin.decode =
                partitionControl[0].reachBoundary(of: .decode, at: now, usedBlocks: usedBlocks) <= now
        }
        if !instance.lanes[0].isRunning {
            mayBegin.prefill =
                partitionControl[0].reachBoundary(of: .prefill, at: now, usedBlocks: usedBlocks) <= now
        }
        applyPartition(&context, &recorder)
        if let controlTimer { context.timers.set(controlTimer, to: partitionControl[0].nextLook(after: now)) }
        return mayBegin
    }

    /// Caps of lanes that are running stay what they were until their boundary: the control changes no others.
    private mutating func applyPartition(_ context: inout RunContext, _ recorder: inout some Recorder) {
        if hasCapsInForce { return }
        let caps = partitionControl[0].inForce
        instance.lanes[0].sms = caps.prefill
        instance.lanes[1].sms = caps.decode
        let record = instance.partitionRecord(reason: partitionControl[0].reason ?? "")
        context.fold(record)
        recorder.record(record)
    }
}

extension Instance {
    /// The caps of both lanes from now on.
    func partitionRecord(reason: String) -> PartitionChangeRecord {
        PartitionChangeRecord(
            time: now, instance: index, prefillSMs: lanes[0].sms, decodeSMs: lanes[1].sms, reason: reason)
    }

    /// What a partition controller sees of what waits and runs. O(requests that are not decoding).
    var load: InstanceLoad {
        func remaining(_ slots: [Int32]) -> Int {
            slots.reduce(0) { $0 + requests[$1].remainingPrefill }
        }
        return InstanceLoad(
            waitingRequests: waiting.count, waitingTokens: remaining(waiting.elements) + remaining(prefilling.elements),
            oldestWait: waiting.first.map { now - requests[$0].request.arrival } ?? .zero,
            prefilledRequests: prefilled.count + swapped.count, decodeSequences: decodeSet.count,
            decodeContextTokens: decodeSet.contextTokens)
    }
}
