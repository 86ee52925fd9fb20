/// The paged KV memory of one instance, as counts of blocks: which block a token lies in does not change its cost.
///
/// Invariant: `freeBlocks + usedBlocks == totalBlocks`, both never negative.
public struct KVCacheManager: Hashable, Sendable {
    /// Tokens of a block.
    private let block: Divisor
    public let totalBlocks: Int
    public private(set) var usedBlocks = 0
    /// The most blocks ever used at once.
    public private(set) var peakBlocks = 0
    /// Prompt prefixes kept for later requests; `nil` without prefix caching. Idle ones lie in free blocks and make way.
    private(set) var prefixes: PrefixCache?

    init(_ configuration: KVMemoryConfiguration) {
        block = Divisor(configuration.blockSize)
        totalBlocks = configuration.totalBlocks
    }

    /// Of an engine that gets another's for the moments in which it needs it.
    init(withoutBlocksOf blockSize: Int) { (block, totalBlocks) = (Divisor(blockSize), 0) }

    public var blockSize: Int { block.value }
    public var freeBlocks: Int { totalBlocks &- usedBlocks }
    /// Tokens that all blocks together hold: the longest request that could be served alone.
    public var capacityTokens: Int { totalBlocks * blockSize }

    /// Blocks that `tokens` tokens need; the last one may be partly empty.
    public func blocks(for tokens: Int) -> Int { block.quotient(of: tokens &+ blockSize &- 1) }

    /// Takes `count` blocks if so many are free: query and update are one step, as semi-PD's unified memory manager
    /// makes them (semi-PD section 4.4).
    @inline(__always)
    mutating func allocate(_ count: Int) -> Bool {
        guard count <= freeBlocks else { return false }
        // No more than all of them.
        usedBlocks &+= count
        peakBlocks = max(peakBlocks, usedBlocks)
        if prefixes != nil { trimPrefixes() }
        return true
    }

    mutating func free(_ count: Int) {
        precondition(count >= 0 && count <= usedBlocks, "freeing \(count) of \(usedBlocks) used blocks")
        usedBlocks -= count
    }

    /// Frees everything, prefixes included.
    mutating func clear() {
        usedBlocks = 0
        if prefixes != nil { cachePrefixes() }
    }
}

// MARK: - Prefix caching

extension KVCacheManager {
    mutating func cachePrefixes() { prefixes = PrefixCache() }

    @inline(never)
    private mutating func trimPrefixes() {
        let free = freeBlocks
        prefixes?.trim(to: free)
    }

    /// Uses the cached blocks of `keys`, which are all there, and takes `count` more, if so many are free: those that
    /// were idle count as free and are so no longer. If not, nothing changes.
    mutating func allocate(_ count: Int, using keys: ArraySlice<UInt32>) -> Bool {
        guard let idle = prefixes?.blocks(of: keys).idle else { return allocate(count) }
        guard idle + count <= freeBlocks else { return false }
        for key in keys { prefixes?.reference(key) }
        usedBlocks += idle
        return allocate(count)
    }

    /// Keeps blocks in use for later requests: those of a prefix that is not there.
    mutating func keep(_ key: UInt32, blocks: Int) { prefixes?.insert(key, blocks: blocks) }

    /// Uses the blocks of `keys` no longer, the last first.
    mutating func release(_ keys: ArraySlice<UInt32>) {
        for key in keys.reversed() { free(prefixes?.release(key) ?? 0) }
    }
}
