internal import CostModels
internal import EventKernel
internal import Metrics
internal import Workloads

enum ProvenanceTotals {
    static let zero = ProvenanceShares().seconds
}

// MARK: - Requests come and go

extension Simulation {
    mutating func arrive(_ request: Request, _ recorder: inout some Recorder) {
        arrived += 1
        let target = entry.next()
        guard canEverServe(request, at: target) else {
            return finish(RequestState(request), as: .rejected, completion: nil, decodeInstance: nil, &recorder)
        }
        inSystem += 1
        instances[target].enqueue(RequestState(request))
        entry.addLoad(1, to: target)
        if !instances[target].lanes[0].isRunning {
            touch(target)
        } else {
            cutRun(instance: target, lane: 0)
        }
    }

    /// Whether the request fits into the memory of every instance it may have to go through.
    private func canEverServe(_ request: Request, at target: Int) -> Bool {
        guard instances[target].role == .prefill else { return instances[target].canEverHold(request) }
        let memory = instances[target].memory
        return memory.blocks(for: request.promptTokens) <= memory.totalBlocks
            && (request.outputTokens == 1 || instances.allSatisfy { $0.role != .decode || $0.canEverHold(request) })
    }

    /// Called when the last token of a request is generated.
    mutating func complete(_ slot: Int32, instance: Int, _ recorder: inout some Recorder) {
        let state = instances[instance].release(slot)
        if instances[instance].role == .decode {
            decoders.addLoad(-1, to: instance)
        } else {
            entry.addLoad(-1, to: instance)
        }
        inSystem -= 1
        finish(state, as: .completed, completion: now, decodeInstance: instance, &recorder)
    }

    mutating func finish(
        _ state: RequestState, as outcome: RequestOutcome, completion: SimulationTime?, decodeInstance: Int?,
        _ recorder: inout some Recorder
    ) {
        let record = state.record(outcome, completion: completion, decodeInstance: decodeInstance)
        outcomes[outcome, default: 0] += 1
        fingerprint.fold(UInt64(record.request))
        fingerprint.fold(record.firstToken ?? .never)
        fingerprint.fold(completion ?? .never)
        fingerprint.fold(UInt64(record.preemptions))
        recorder.record(record)
    }

    /// Sends a prefilled request on from a prefill instance: it stays pinned there until a decode instance pulls it.
    mutating func offerToDecoder(_ slot: Int32, from source: Int) {
        let target = decoders.next()
        let blocks = instances[target].memory.blocks(for: instances[source].requests[slot].computedTokens)
        instances[target].bridge.append(BridgeEntry(source: source, slot: slot, blocks: blocks))
        instances[target].outstanding += 1
        decoders.addLoad(1, to: target)
        touch(target)
    }

    /// What is left when a run is stopped, in order of arrival.
    mutating func recordUnfinished(_ recorder: inout some Recorder) {
        var left: [RequestState] = []
        for index in instances.indices {
            left += instances[index].liveRequests()
        }
        left.sort { $0.request.index < $1.request.index }
        for state in left { finish(state, as: .unfinished, completion: nil, decodeInstance: nil, &recorder) }
    }

    func outcome() -> RunOutcome {
        RunOutcome(
            end: now, arrived: arrived, completed: outcomes[.completed, default: 0],
            rejected: outcomes[.rejected, default: 0], unfinished: outcomes[.unfinished, default: 0],
            fingerprint: fingerprint.value, requestNanoseconds: requestNanoseconds,
            iterations: instances.reduce(0) { $0 + $1.lanes.reduce(0) { $0 + $1.iterations } },
            provenanceSeconds: provenance,
            instances: instances.map { instance in
                let pool = configuration.pools[pools[instance.index]]
                let decode = instance.role == .decode ? instance.lanes[0] : instance.lanes.count > 1 ? instance.lanes[1] : nil
                let main = instance.role == .decode ? nil : instance.lanes[0]
                return InstanceRecord(
                    instance: instance.index, pool: pool.name, gpus: pool.gpusPerInstance,
                    totalBlocks: instance.memory.totalBlocks, peakBlocks: instance.memory.peakBlocks,
                    prefillBusy: main?.busy ?? .zero, decodeBusy: decode?.busy ?? .zero,
                    prefillIterations: main?.iterations ?? 0, decodeIterations: decode?.iterations ?? 0,
                    preemptions: instance.preemptions)
            })
    }
}

extension Instance {
    /// Every request that is here, brought up to date, in no particular order.
    mutating func liveRequests() -> [RequestState] {
        var slots = Array(waiting) + Array(prefilling) + Array(prefilled)
        var slot = decodeSet.first
        while slot != RequestTable.none {
            slots.append(slot)
            slot = requests[slot].next
        }
        return slots.map { requests[$0] }
    }
}
