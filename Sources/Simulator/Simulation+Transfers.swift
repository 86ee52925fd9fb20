internal import DequeModule
internal import EventKernel
internal import Metrics
internal import Workloads

/// A prompt that waits on its prefill instance for a decode instance to pull it.
struct BridgeEntry: Sendable {
    var source: Int
    var slot: Int32
    var blocks: Int
}

/// Prompt KV on its way into a decode instance.
struct Transfer: Sendable {
    var offer: BridgeEntry
    var requested: SimulationTime
    var started: SimulationTime
    var finished: SimulationTime
}

extension Simulation {
    /// Sends a prefilled request on from a prefill instance: it stays pinned there until a decode instance pulls it.
    mutating func offer(from source: Int, at position: Int) {
        let target = decoders.next()
        let slot = engines[source].instance.prefilled[position]
        let blocks = engines[target].instance.memory.blocks(
            for: engines[source].instance.requests[slot].computedTokens)
        engines[target].instance.bridge.append(BridgeEntry(source: source, slot: slot, blocks: blocks))
        engines[target].instance.outstanding += 1
        decoders.setLoad(engines[target].instance.outstanding, of: target)
        touch(target)
    }

    /// Pulls offered prompts into a decode instance in the order they were offered, as long as it has the blocks and
    /// prompts that it holds but does not decode yet take less than a twentieth of its memory (DistServe's bridge queue
    /// as released with semi-PD, branch distserve_base; decision D18 of the semi-PD notes). The link into the instance
    /// carries one transfer at a time; the others wait for it.
    mutating func pull(into index: Int) {
        guard let link = configuration.transfer else { return }
        while let offer = engines[index].instance.pullFirstOffered() {
            engines[offer.source].instance.requests[offer.slot].bookDecodeWait(until: context.now)
            let tokens = engines[offer.source].instance.requests[offer.slot].computedTokens
            let started = max(context.now, inbound[index].last?.finished ?? .zero)
            let transfer = Transfer(
                offer: offer, requested: context.now, started: started,
                finished: started + link.duration(tokens: tokens))
            if inbound[index].isEmpty { setLinkTimer(index, to: transfer.finished) }
            inbound[index].append(transfer)
        }
    }

    mutating func endTransfer(into index: Int, _ recorder: inout some Recorder) {
        guard let link = configuration.transfer else { preconditionFailure("a transfer ends without a link") }
        let transfer = inbound[index].removeFirst()
        if let next = inbound[index].first { setLinkTimer(index, to: next.finished) }
        let source = transfer.offer.source
        var state = engines[source].instance.releasePulled(transfer.offer.slot)
        entry.setLoad(engines[source].instance.outstanding, of: source)
        recorder.record(
            TransferRecord(
                request: state.request.index, source: source, destination: index,
                bytes: state.computedTokens * link.bytesPerToken, requested: transfer.requested,
                started: transfer.started, finished: context.now))
        state.parts.transfer += context.now - state.mark
        state.mark = context.now
        state.blocks = transfer.offer.blocks
        engines[index].instance.receive(state)
        touch(source)
        touch(index)
    }

    private mutating func setLinkTimer(_ index: Int, to time: SimulationTime) {
        context.timers.set(2 * engines.count + index, to: time)
    }
}

extension Instance {
    /// Takes the first prompt offered to this decode instance off the bridge and allocates its blocks, if it may be
    /// pulled now.
    fileprivate mutating func pullFirstOffered() -> BridgeEntry? {
        guard let offer = bridge.first else { return nil }
        let isCrowded = undecodedBlocks > 0 && undecodedBlocks * 20 >= memory.totalBlocks
        guard !isCrowded, memory.allocate(offer.blocks) else { return nil }
        bridge.removeFirst()
        undecodedBlocks += offer.blocks
        blocksInTransfer += offer.blocks
        return offer
    }

    /// Lets go of a prompt whose KV another instance has.
    fileprivate mutating func releasePulled(_ slot: Int32) -> RequestState {
        if prefilled.first == slot {
            prefilled.removeFirst()
        } else if let position = prefilled.firstIndex(of: slot) {
            prefilled.remove(at: position)
        }
        let state = requests[slot]
        release(slot)
        return state
    }

    fileprivate mutating func receive(_ state: RequestState) {
        blocksInTransfer -= state.blocks
        prefilled.append(requests.insert(state))
    }
}
