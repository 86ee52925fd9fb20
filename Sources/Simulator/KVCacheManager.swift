/// The paged KV memory of one instance, as counts of blocks: which block a token lies in does not change its cost.
///
/// Invariant: `freeBlocks + usedBlocks == totalBlocks`, both never negative.
public struct KVCacheManager: Hashable, Sendable {
    public let blockSize: Int
    public let totalBlocks: Int
    public private(set) var usedBlocks = 0
    /// The most blocks ever used at once.
    public private(set) var peakBlocks = 0

    init(_ configuration: KVMemoryConfiguration) {
        blockSize = configuration.blockSize
        totalBlocks = configuration.totalBlocks
    }

    public var freeBlocks: Int { totalBlocks - usedBlocks }
    /// Tokens that all blocks together hold: the longest request that could be served alone.
    public var capacityTokens: Int { totalBlocks * blockSize }

    /// Blocks that `tokens` tokens need; the last one may be partly empty.
    public func blocks(for tokens: Int) -> Int { (tokens + blockSize - 1) / blockSize }

    /// Takes `count` blocks if so many are free: query and update are one step, as semi-PD's unified memory manager
    /// makes them (semi-PD section 4.4).
    mutating func allocate(_ count: Int) -> Bool {
        guard count <= freeBlocks else { return false }
        usedBlocks += count
        peakBlocks = max(peakBlocks, usedBlocks)
        return true
    }

    mutating func free(_ count: Int) {
        precondition(count >= 0 && count <= usedBlocks, "freeing \(count) of \(usedBlocks) used blocks")
        usedBlocks -= count
    }
}
