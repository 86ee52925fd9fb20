internal import DequeModule
internal import EventKernel
internal import Metrics
internal import Workloads

extension Simulation {
    /// Sends a prefilled request on from a prefill instance: it stays pinned there until a decode instance pulls it.
    ///
    /// - Parameter pushTime: for which the links were free for its layers while it was prefilled.
    mutating func offer(_ slot: Int32, from source: Int, pushTime: SimulationDuration = .zero) {
        guard let target = decoders.next() else {
            return unoffered.append(BridgeEntry(source: source, slot: slot, blocks: 0))
        }
        let blocks = engines[target].instance.memory.blocks(
            for: engines[source].instance.requests[slot].computedTokens)
        engines[target].instance.bridge.append(
            BridgeEntry(source: source, slot: slot, blocks: blocks, offered: context.now, pushTime: pushTime))
        let tokens = engines[source].instance.requests[slot].request.promptTokens
        engines[target].instance.outstanding += 1
        engines[target].instance.promptTokensAhead += tokens
        if decoders.comparesLoads {
            decoders.sent(engines[target].instance.load(of: tokens, for: configuration.router), to: target)
            updateDecoders(target)
        }
        touch(target)
    }

    /// Pulls offered prompts into a decode instance in the order they were offered, as long as it has the blocks and
    /// prompts that it holds but does not decode yet take less than a twentieth of its memory (DistServe's bridge queue
    /// as released with semi-PD, branch distserve_base; decision D18 of the semi-PD notes).
    mutating func pull(into index: Int) {
        guard let link else { return }
        while let offer = engines[index].instance.pullFirstOffered() {
            engines[offer.source].instance.requests[offer.slot].bookDecodeWait(until: context.now)
            let tokens = engines[offer.source].instance.requests[offer.slot].computedTokens
            // Where there is no room when a prompt is prefilled, there was none to push it to before.
            let alone =
                offer.offered == context.now
                ? link.duration(tokens: tokens, beside: offer.pushTime) : link.duration(tokens: tokens)
            let transfer = Transfer(offer: offer, to: index, requested: context.now, alone: alone)
            fabric.request(transfer, at: context.now)
            setChangedLinkTimers()
            if engines[index].instance.bridge.isEmpty { return }
        }
    }

    /// The same for an instance that decodes nothing meanwhile: only where its last iteration is over.
    mutating func pullBetweenIterations(into index: Int, _ recorder: inout some Recorder) {
        engines[index].settle(lane: 0, &context, &recorder)
        if !engines[index].instance.lanes[0].isRunning { pull(into: index) }
    }

    mutating func endTransfer(into index: Int, _ recorder: inout some Recorder) {
        guard let link else { preconditionFailure("a transfer ends without a link") }
        let transfer = fabric.finish(into: index, at: context.now)
        setChangedLinkTimers()
        let (source, slot) = (transfer.offer.source, transfer.offer.slot)
        let now = context.now
        let request = engines[source].instance.requests[slot].request.index
        let tokens = engines[source].instance.requests[known: slot].computedTokens
        engines.withPair(index, source) {
            $0.instance.receive(slot, of: &$1.instance, blocks: transfer.offer.blocks, at: now)
            $1.instance.releasePulled(slot)
        }
        if mayBegin(source) { touch(source) }
        updateEntry(source)
        recorder.record(
            TransferRecord(
                request: request, source: source, destination: index, bytes: tokens * link.bytesPerToken,
                requested: transfer.requested, started: transfer.started, finished: now))
        if engines[index].noteReceived(&context) { touch(index) }
    }

    /// Whether a prefill instance is to be asked what to run after it has got room, or time. One that is to change its role
    /// may have been waiting for that.
    @inline(__always)
    mutating func mayBegin(_ index: Int) -> Bool {
        if !flips.isEmpty || engines[index].sharing != nil { return true }
        return !engines[index].instance.lanes[0].isRunning && engines[index].instance.hasWork
    }

    /// Mostly one has changed.
    @inline(__always)
    private mutating func setChangedLinkTimers() {
        if fabric.changed.count == 1 {
            setLinkTimer(of: fabric.changed[known: 0])
        } else {
            setChangedLinkTimersInTurn()
        }
    }

    @inline(never)
    private mutating func setChangedLinkTimersInTurn() {
        for position in fabric.changed.indices { setLinkTimer(of: fabric.changed[position]) }
    }

    mutating func setLinkTimers() {
        for index in engines.indices { setLinkTimer(of: index) }
    }

    @inline(__always)
    private mutating func setLinkTimer(of destination: Int) {
        guard let timer = engines[destination].linkTimer else { return }
        context.timers.set(timer, to: fabric.earliestFinish(into: destination))
    }
}

extension Instance {
    /// Takes the first prompt offered to this decode instance off the bridge and allocates its blocks, if it may be
    /// pulled now.
    @inline(__always)
    fileprivate mutating func pullFirstOffered() -> BridgeEntry? {
        starvation.refusesPulls = false
        guard let offer = bridge.first else { return nil }
        let isCrowded = undecodedBlocks > 0 && undecodedBlocks * 20 >= memory.totalBlocks
        if isCrowded { return nil }
        guard memory.allocate(offer.blocks) else {
            starvation.refusesPulls = true
            return nil
        }
        bridge.removeFirst()
        undecodedBlocks += offer.blocks
        blocksInTransfer += offer.blocks
        return offer
    }

    /// Lets go of a prompt whose KV another instance has.
    @inline(__always)
    fileprivate mutating func releasePulled(_ slot: Int32) {
        if prefilled.first == slot { prefilled.removeFirst() } else { removePrefilled(slot) }
        release(slot)
    }

    @inline(never)
    private mutating func removePrefilled(_ slot: Int32) {
        if let position = prefilled.firstIndex(of: slot) { prefilled.remove(at: position) }
    }

    /// Whether a lane that is idle may find something to run.
    @inline(__always)
    fileprivate var hasWork: Bool { mutating get { hasPrompts || decodeSet.count > 0 } }

    /// Takes in a prompt of another instance whose KV has come, into so many blocks.
    @inline(__always)
    fileprivate mutating func receive(
        _ slot: Int32, of source: inout Instance, blocks: Int, at now: SimulationTime
    ) {
        blocksInTransfer -= blocks
        let place = requests.insert(slot, of: &source.requests)
        // Only now: what has just been written in pieces takes long to be read as a whole.
        requests[known: place].bookTransfer(until: now)
        // What it shared with others stayed behind.
        requests[known: place].blocks = blocks
        requests[known: place].sharedBlocks = 0
        requests[known: place].sharedPrefixes = 0
        prefilled.append(place)
    }
}
