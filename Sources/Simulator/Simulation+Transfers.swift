internal import EventKernel
internal import Metrics
internal import Workloads

/// Prompt KV on its way into a decode instance.
struct Transfer: Sendable {
    var source: Int
    var destination: Int
    var slot: Int32
    var blocks: Int
    var requested: SimulationTime
    var started: SimulationTime
}

extension Simulation {
    /// Pulls offered prompts into a decode instance in the order they were offered, as long as it has the blocks and
    /// prompts that it holds but does not decode yet take less than a twentieth of its memory (DistServe's bridge queue
    /// as released with semi-PD, branch distserve_base; decision D18 of the semi-PD notes). The link into the instance
    /// carries one transfer at a time; the others wait for it.
    mutating func pull(into index: Int) {
        while let offer = instances[index].bridge.first, let link = configuration.transfer {
            let undecoded = instances[index].undecodedBlocks
            let isCrowded = undecoded > 0 && undecoded * 20 >= instances[index].memory.totalBlocks
            guard !isCrowded, instances[index].memory.allocate(offer.blocks) else { return }
            instances[index].bridge.removeFirst()
            instances[index].undecodedBlocks += offer.blocks
            instances[index].blocksInTransfer += offer.blocks
            let mark = instances[offer.source].requests[offer.slot].mark
            instances[offer.source].requests[offer.slot].parts.decodeWait += now - mark
            instances[offer.source].requests[offer.slot].mark = now

            let start = max(now, linkFree[index])
            linkFree[index] = start + link.duration(tokens: instances[offer.source].requests[offer.slot].computedTokens)
            let transfer = Transfer(
                source: offer.source, destination: index, slot: offer.slot, blocks: offer.blocks, requested: now,
                started: start)
            schedule(.transferEnd, at: linkFree[index], index: transfers.insert(transfer))
        }
    }

    mutating func endTransfer(_ id: Int, _ recorder: inout some Recorder) {
        guard let link = configuration.transfer else { preconditionFailure("a transfer ends without a link") }
        let transfer = transfers.remove(id)
        let (source, index) = (transfer.source, transfer.destination)
        if let position = instances[source].prefilled.firstIndex(of: transfer.slot) {
            instances[source].prefilled.remove(at: position)
        }
        var state = instances[source].release(transfer.slot)
        entry.addLoad(-1, to: source)
        recorder.record(
            TransferRecord(
                request: state.request.index, source: source, destination: index,
                bytes: state.computedTokens * link.bytesPerToken, requested: transfer.requested,
                started: transfer.started, finished: now))
        state.parts.transfer += now - state.mark
        state.mark = now
        state.blocks = transfer.blocks
        instances[index].blocksInTransfer -= transfer.blocks
        instances[index].prefilled.append(instances[index].requests.insert(state))
        touch(source)
        touch(index)
    }
}

/// Values addressed by small numbers that are used again.
struct SlotTable<Value: Sendable>: Sendable {
    private var values: ContiguousArray<Value> = []
    private var freeSlots: ContiguousArray<Int> = []

    mutating func insert(_ value: Value) -> Int {
        if let slot = freeSlots.popLast() {
            values[slot] = value
            return slot
        }
        values.append(value)
        return values.count - 1
    }

    mutating func remove(_ slot: Int) -> Value {
        freeSlots.append(slot)
        return values[slot]
    }
}
