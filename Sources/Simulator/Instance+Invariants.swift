extension Instance {
    /// Walks everything that is kept as a running sum and compares it with the requests themselves. O(requests).
    /// - Returns: What does not agree, or `nil`.
    func brokenInvariant() -> String? {
        var held = blocksInTransfer
        held += memory.prefixes?.referencedBlocks ?? 0
        for slot in Array(waiting) + Array(prefilling) + Array(prefilled) {
            held += requests[slot].blocks - requests[slot].sharedBlocks
        }
        var (slot, members, context) = (decodeSet.first, 0, 0)
        while slot != RequestTable.none {
            let state = requests[slot]
            let tokens = state.computedTokens + decodeSet.iteration - state.joinIteration
            members += 1
            context += tokens + 1
            held += memory.blocks(for: tokens) - state.sharedBlocks
            slot = state.next
        }
        if lanes[decodeLane].isRunning, lanes[decodeLane].batch.decodes { held += blocksForNextDecode }
        if members != decodeSet.count { return "\(members) sequences in the decode set, \(decodeSet.count) counted" }
        if context != decodeSet.contextTokens { return "\(context) context tokens, \(decodeSet.contextTokens) summed" }
        if held != memory.usedBlocks { return "\(held) blocks held by requests, \(memory.usedBlocks) in use" }
        if let prefixes = memory.prefixes, prefixes.idleBlocks > memory.freeBlocks {
            return "\(prefixes.idleBlocks) blocks of idle prefixes in \(memory.freeBlocks) free ones"
        }
        return nil
    }
}
