internal import CostModels
internal import DequeModule
internal import EventKernel
internal import Metrics
internal import Workloads

// Instances that fail and join, links that change.

extension Simulation {
    /// Takes down the instances that are to join later.
    mutating func takeDownAbsent() {
        var seen: [Int] = []
        for change in configuration.changes {
            switch change.kind {
            case .join(let index):
                if !seen.contains(index) { for member in members(with: index) { setUp(false, member) } }
                seen += members(with: index)
            case .fail(let index, _): seen += members(with: index)
            case .flip, .linkBandwidth: break
            }
        }
    }

    /// Routers know of the roles that instances will have; for now they have their own.
    mutating func confineToRoles() {
        for case .flip(let index, _, _) in configuration.changes.map(\.kind) { setUp(true, index) }
    }

    mutating func apply(_ change: DeploymentChange.Kind, _ recorder: inout some Recorder) {
        switch change {
        case .fail(let index, let requests):
            for member in members(with: index) where !isDown[member] { fail(member, requests, &recorder) }
        case .join(let index):
            for member in members(with: index) where isDown[member] {
                if !flips.contains(where: { $0.instance == member }) { join(member, &recorder) }
            }
        case .flip(let index, let pool, let restart):
            if !isDown[index] { beginFlip(of: index, to: pool, restart: restart) }
        case .linkBandwidth(let bandwidth):
            guard let present = link?.bytesPerSecond else { return }
            link?.bytesPerSecond = bandwidth
            fabric.stretch(by: present / bandwidth, at: context.now)
            setLinkTimers()
        }
    }

    private mutating func setUp(_ isUp: Bool, _ index: Int) {
        isDown[index] = !isUp
        let decodes = engines[index].instance.role == .decode
        entry.setUp(isUp && !decodes, index)
        decoders.setUp(isUp && decodes, index)
    }

    private mutating func join(_ index: Int, _ recorder: inout some Recorder) {
        engines[index].restart(configuration.pools[engines[index].pool])
        comeUp(index, &recorder)
    }

    /// Takes an instance into service, and gives it what waited for one.
    mutating func comeUp(_ index: Int, _ recorder: inout some Recorder) {
        setUp(true, index)
        touch(index)
        let (waiting, pinned) = (homeless, unoffered)
        (homeless, unoffered) = ([], [])
        for pending in waiting { place(pending, &recorder) }
        for entry in pinned { offer(entry.slot, from: entry.source) }
    }

    private mutating func fail(
        _ index: Int, _ handling: InterruptedRequests, _ recorder: inout some Recorder
    ) {
        setUp(false, index)
        flips.removeAll { $0.instance == index }
        let repinned = cutTransfers(of: index, &recorder)
        let interrupted = engines[index].fail(&context, &recorder)
        for lane in engines[index].instance.lanes.indices {
            context.timers.set(engines[index].laneTimer + lane, to: .never)
        }
        if let timer = engines[index].controlTimer { context.timers.set(timer, to: .never) }
        setLinkTimers()
        for entry in repinned { offer(entry.slot, from: entry.source) }
        for var pending in interrupted {
            pending.state.interrupt(at: context.now, keepsTokens: handling == .resumed)
            context.promisedBlocks -= Int(pending.state.promisedBlocks)
            (pending.state.promisedBlocks, pending.state.stays) = (0, false)
            if handling == .lost {
                context.finish(pending.state.record(.lost, completion: nil, decodeInstance: nil), &recorder)
            } else {
                place(pending, &recorder)
            }
        }
    }

    /// Ends what travels to or from an instance and what waits to. Returns the prompts that are pinned elsewhere and have
    /// to be offered again.
    private mutating func cutTransfers(of index: Int, _ recorder: inout some Recorder) -> [BridgeEntry] {
        var repinned: [BridgeEntry] = []
        for transfer in fabric.cancel({ $0.destination == index || $0.offer.source == index }, at: context.now) {
            let (source, slot) = (transfer.offer.source, transfer.offer.slot)
            let tokens = engines[source].instance.requests[slot].request.promptTokens
            engines[source].instance.requests[slot].bookTransfer(until: context.now)
            if transfer.destination == index {
                repinned.append(transfer.offer)
            } else {
                // What it frees must not make room for iterations that were before.
                engines[transfer.destination].settle(lane: 0, &context, &recorder)
                engines[transfer.destination].instance.forgetPulled(transfer.offer, promptTokens: tokens)
                touch(transfer.destination)
            }
        }
        repinned += engines[index].instance.bridge.elements
        for other in engines.indices where other != index {
            for offer in engines[other].instance.bridge.elements where offer.source == index {
                let tokens = engines[index].instance.requests[offer.slot].request.promptTokens
                engines[other].instance.forgetOffered(promptTokens: tokens)
            }
            engines[other].instance.bridge.removeAll { $0.source == index }
            updateDecoders(other)
        }
        unoffered.removeAll { $0.source == index }
        return repinned
    }
}

extension Engine {
    /// Stops everything. Returns the requests that were here, in order of arrival, with their time booked up to now.
    fileprivate mutating func fail(_ context: inout RunContext, _ recorder: inout some Recorder) -> [PendingRequest] {
        let now = context.now
        instance.now = now
        undelivered = nil
        clearPipeline(&context)
        for lane in instance.lanes.indices {
            settle(lane: lane, &context, &recorder)
            if instance.lanes[lane].isRunning { instance.lanes[lane].abandon(at: now) }
        }
        return instance.evacuate()
    }
}

extension Instance {
    fileprivate mutating func evacuate() -> [PendingRequest] {
        while decodeSet.count > 0 {
            let slot = decodeSet.last
            leaveDecodeSet(slot)
            waiting.append(slot)
        }
        for slot in prefilling.elements { requests[slot].bookPrefill(until: now) }
        for slot in prefilled.elements { requests[slot].bookDecodeWait(until: now) }
        for slot in swapped.elements { requests[slot].bookPreempted(until: now) }
        let slots = waiting.elements + prefilling.elements + prefilled.elements + swapped.elements
        var evacuated = slots.map { slot in
            PendingRequest(state: requests[slot], prefixKeys: prefixes?.keys[Int(slot)] ?? [])
        }
        for slot in slots { requests.remove(slot) }
        waiting.removeAll()
        prefilling.removeAll()
        prefilled.removeAll()
        swapped.removeAll()
        bridge.removeAll()
        (outstanding, promptTokensAhead, undecodedBlocks, blocksInTransfer) = (0, 0, 0, 0)
        (hostBlocks, uncopiedBlocks) = (0, 0)
        memory.clear()
        starvation.end(at: now)
        evacuated.sort { $0.state.request.index < $1.state.request.index }
        return evacuated
    }

    /// Frees what was allocated for a prompt that will not come.
    fileprivate mutating func forgetPulled(_ offer: BridgeEntry, promptTokens: Int) {
        memory.free(offer.blocks)
        undecodedBlocks -= offer.blocks
        blocksInTransfer -= offer.blocks
        forgetOffered(promptTokens: promptTokens)
    }

    fileprivate mutating func forgetOffered(promptTokens: Int) {
        outstanding -= 1
        promptTokensAhead -= promptTokens
    }
}
