internal import CostModels
internal import Metrics
internal import Workloads

/// What an instance that caches prefixes knows of them besides the cache itself.
struct PrefixBook: Sendable {
    /// Tokens of one prefix beyond the one before it: what an id of the trace stands for.
    let tokens: Int
    /// Of the prompts of requests here, by slot.
    private(set) var keys: [[UInt32]] = []
    var record = PrefixCacheRecord()

    init(tokens: Int) { self.tokens = tokens }

    mutating func setKeys(_ new: [UInt32], of slot: Int32) {
        while keys.count <= Int(slot) { keys.append([]) }
        keys[Int(slot)] = new
    }
}

extension Instance {
    /// - Precondition: blocks of ids are whole KV blocks, and the prompts of the instance are prefilled in it.
    mutating func cachePrefixes(of blockTokens: Int) {
        precondition(
            blockTokens % memory.blockSize == 0 && role != .decode,
            "blocks of \(blockTokens) tokens in KV blocks of \(memory.blockSize) of a \(role.rawValue) instance")
        memory.cachePrefixes()
        prefixes = PrefixBook(tokens: blockTokens)
    }

    /// Whether a request that is not admitted now may be after the next iteration, though nobody leaves: when idle
    /// prefixes make way, less of its prompt is cached, and its first chunk needs fewer blocks. Beside a prefill worker
    /// that is at work nothing is admitted before that ends.
    var admissionMayChange: Bool {
        prefixes != nil && waitingCount > 0 && (lanes.count == 1 || !lanes[0].isRunning)
    }

    /// Tokens of a prompt with these keys that are cached here.
    func cachedTokens(_ keys: [UInt32], promptTokens: Int) -> Int {
        guard let prefixes, let cache = memory.prefixes else { return 0 }
        return min(promptTokens, cache.prefixLength(keys[...]) * prefixes.tokens)
    }

    /// Free blocks that a waiting request needs to be admitted as a whole: what is cached and idle is free until then.
    func blocksToAdmit(_ slot: Int32) -> Int {
        let all = memory.blocks(for: requests[slot].remainingPrefill)
        guard let prefixes, let cache = memory.prefixes else { return all }
        let keys = prefixes.keys[Int(slot)]
        let cached = cache.blocks(of: keys[..<cache.prefixLength(keys[...])])
        return all - (cached.all - cached.idle)
    }

    /// Tokens that a waiting request needs computed, with what is cached of its prompt at present.
    @inline(never)
    func uncachedPrefill(of slot: Int32) -> Int {
        let remaining = requests[slot].remainingPrefill
        guard let prefixes, let cache = memory.prefixes else { return remaining }
        return remaining - usableTokens(cache.prefixLength(prefixes.keys[Int(slot)][...]), of: slot)
    }

    /// Whole KV blocks only, and at least the last token is computed, since its logits are wanted.
    private func usableTokens(_ prefixes: Int, of slot: Int32) -> Int {
        let tokens = min(prefixes * (self.prefixes?.tokens ?? 0), requests[slot].request.promptTokens)
        let blocks = min(tokens, requests[slot].prefillTarget - 1) / memory.blockSize
        return blocks * memory.blockSize
    }

    /// Puts the first chunk of a waiting request into the batch, after what is cached of its prompt.
    @inline(never)
    mutating func addFirstChunk(_ slot: Int32, tokens: Int, allocatingPrompt: Bool) -> Bool {
        guard let prefixes, let cache = memory.prefixes else { return false }
        let keys = prefixes.keys[Int(slot)]
        let found = keys[..<cache.prefixLength(keys[...])]
        let shared = cache.blocks(of: found).all
        let (cached, target) = (usableTokens(found.count, of: slot), requests[slot].prefillTarget)
        precondition(tokens > 0 && tokens <= target - cached, "chunk of \(tokens) of \(target - cached) tokens")
        let blocks = max(shared, memory.blocks(for: allocatingPrompt ? target : cached + tokens))
        guard memory.allocate(blocks - shared, using: found) else { return false }
        (requests[slot].sharedBlocks, requests[slot].sharedPrefixes) = (shared, found.count)
        (requests[slot].blocks, requests[slot].computedTokens) = (blocks, cached)
        self.prefixes?.record.add(
            promptTokens: requests[slot].request.promptTokens, cached: min(cached, requests[slot].request.promptTokens),
            blocks: keys.count, found: found.count, isFirst: requests[slot].scheduled == nil)
        batch.addChunk(slot, tokens: tokens, cached: cached, completes: tokens == target - cached)
        return true
    }

    /// Keeps the prefixes of a prompt that are computed by now. One that somebody else has kept meanwhile stays twice in
    /// memory, as in vLLM, and those after it are this request's own.
    mutating func keepPrefixes(of slot: Int32) {
        guard let prefixes else { return }
        let (keys, size, prompt) = (prefixes.keys[Int(slot)], prefixes.tokens, requests[slot].request.promptTokens)
        var index = requests[slot].sharedPrefixes
        while index < keys.count, memory.prefixes?.contains(keys[index]) == false {
            let end = min(prompt, (index + 1) * size)
            guard requests[slot].computedTokens >= end else { break }
            let blocks = (end - index * size) / memory.blockSize
            memory.keep(keys[index], blocks: blocks)
            requests[slot].sharedBlocks += blocks
            index += 1
        }
        requests[slot].sharedPrefixes = index
    }
}
