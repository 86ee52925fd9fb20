/// What prefix caching found, counted when requests are admitted to an engine's batch.
public struct PrefixCacheRecord: Hashable, Sendable {
    /// Of first admissions: prompt tokens, those of them that were cached, ids of blocks, those that were found.
    public var firstTokens = 0
    public var firstCachedTokens = 0
    public var firstBlocks = 0
    public var firstFoundBlocks = 0
    /// Of all admissions, those after a preemption included.
    public var tokens = 0
    public var cachedTokens = 0

    public init() {}

    public mutating func add(promptTokens: Int, cached: Int, blocks: Int, found: Int, isFirst: Bool) {
        tokens += promptTokens
        cachedTokens += cached
        guard isFirst else { return }
        firstTokens += promptTokens
        firstCachedTokens += cached
        firstBlocks += blocks
        firstFoundBlocks += found
    }

    public static func + (a: PrefixCacheRecord, b: PrefixCacheRecord) -> PrefixCacheRecord {
        var sum = a
        sum.firstTokens += b.firstTokens
        sum.firstCachedTokens += b.firstCachedTokens
        sum.firstBlocks += b.firstBlocks
        sum.firstFoundBlocks += b.firstFoundBlocks
        sum.tokens += b.tokens
        sum.cachedTokens += b.cachedTokens
        return sum
    }

    /// Share of prompt tokens that were cached when their request was first admitted; `nil` if none was.
    public var firstHitRate: Double? { firstTokens > 0 ? Double(firstCachedTokens) / Double(firstTokens) : nil }
    /// The same over all admissions.
    public var hitRate: Double? { tokens > 0 ? Double(cachedTokens) / Double(tokens) : nil }
}
