extension Instance {
    /// Walks everything that is kept as a running sum and compares it with the requests themselves. O(requests).
    /// - Returns: What does not agree, or `nil`.
    func brokenInvariant() -> String? {
        if let broken = brokenSum() { return broken }
        let held = heldBlocks
        return held == memory.usedBlocks ? nil : "\(held) blocks held by requests, \(memory.usedBlocks) in use"
    }

    /// Blocks of the requests here, one by one.
    var heldBlocks: Int {
        var held = blocksInTransfer + (memory.prefixes?.referencedBlocks ?? 0)
        for slot in waiting.elements + prefilling.elements + prefilled.elements {
            held += requests[slot].blocks - requests[slot].sharedBlocks
        }
        var slot = decodeSet.first
        while slot != RequestTable.none {
            let state = requests[slot]
            let tokens = state.computedTokens + decodeSet.iteration - state.joinIteration
            held += memory.blocks(for: tokens) - state.sharedBlocks
            slot = state.next
        }
        if lanes[decodeLane].isRunning, lanes[decodeLane].batch.decodes { held += blocksForNextDecode }
        return held
    }

    /// The sums that concern this instance alone.
    func brokenSum() -> String? {
        var (slot, members, context) = (decodeSet.first, 0, 0)
        while slot != RequestTable.none {
            let state = requests[slot]
            members += 1
            context += state.computedTokens + decodeSet.iteration - state.joinIteration + 1
            slot = state.next
        }
        if members != decodeSet.count { return "\(members) sequences in the decode set, \(decodeSet.count) counted" }
        if context != decodeSet.contextTokens { return "\(context) context tokens, \(decodeSet.contextTokens) summed" }
        let inHost = swapped.elements.reduce(0) { $0 + memory.blocks(for: requests[$1].computedTokens) }
        if inHost != hostBlocks { return "\(inHost) blocks held in host memory, \(hostBlocks) counted" }
        if let host, hostBlocks > host.blocks { return "\(hostBlocks) of \(host.blocks) blocks of host memory" }
        let retracted = (waiting.elements + prefilling.elements).count { requests[$0].isRetracted }
        if retracted != starvation.retracted {
            return "\(retracted) requests retracted, \(starvation.retracted) counted"
        }
        if let prefixes = memory.prefixes, prefixes.idleBlocks > memory.freeBlocks {
            return "\(prefixes.idleBlocks) blocks of idle prefixes in \(memory.freeBlocks) free ones"
        }
        return nil
    }
}

extension Instance {
    /// A lane that stands still beside work that its policy's rules would let it begin, or `nil`.
    ///
    /// - Parameter reserve: Share of the blocks that prompts leave free while something else is in memory.
    func idleLane(reserve: Double) -> String? {
        if !lanes[decodeLane].isRunning, let work = workForDecodeLane { return "\(work) beside an idle decode lane" }
        if !lanes[0].isRunning, let work = workForMainLane(reserve: reserve) { return "\(work) beside an idle lane" }
        return nil
    }

    private var workForDecodeLane: String? {
        if decodeSet.count > 0 { return "\(decodeSet.count) sequences" }
        if firstSwappedFits { return "a request in host memory that fits" }
        if role == .semiPD || role == .decode, firstPrefilledFits { return "a prefilled request that fits" }
        return nil
    }

    private func workForMainLane(reserve: Double) -> String? {
        switch role {
        case .unified:
            return waiting.isEmpty && prefilling.isEmpty ? nil : "\(waiting.count + prefilling.count) prompts"
        case .prefill, .semiPD, .decode:
            guard let slot = waiting.first else { return nil }
            let kept = isIdle ? 0 : Int((reserve * Double(memory.totalBlocks)).rounded(.up))
            return blocksToAdmit(slot) <= memory.freeBlocks - kept ? "a prompt that fits" : nil
        }
    }
}
