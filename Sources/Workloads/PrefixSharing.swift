/// How much of the prompts a cache without bound would hold already: requests in order, each sees all prompts before it.
public struct PrefixSharing: Hashable, Sendable {
    /// Ids of all prompts, and how many different ones.
    public var blocks: Int
    public var distinctBlocks: Int
    /// Share of the blocks that were found, counted from a prompt's start up to the first one missing.
    public var blockHitRate: Double
    /// Share of the prompt tokens in those blocks.
    public var tokenHitRate: Double
    /// The same without blocks that a prompt fills only in part.
    public var fullBlockTokenHitRate: Double
    /// The same with each block taken as blocks of 16 tokens, as engines keep them, of which the last is full as well: a
    /// bound from below, since finer blocks could share more. `nil` where blocks are no multiple of 16 tokens.
    public var fineBlockTokenHitRate: Double?
    /// Share of the requests that found more than their first block.
    public var requestsBeyondFirstBlock: Double
    /// Share of the requests that found all of their blocks.
    public var requestsWhole: Double
    /// The smallest id that is new in this trace, where ids of prefixes were numbered in order of first use over a longer
    /// one (Mooncake's are): those below were in use before it began. `nil` for a trace from its beginning, and where
    /// ids do not look numbered so.
    public var firstNewID: UInt32?
    /// The first two rates with those ids in the cache from the start. `nil` like the id.
    public var warmBlockHitRate: Double?
    public var warmTokenHitRate: Double?

    /// `nil` if no prompt has an id. O(ids).
    public init?(_ hashes: BlockHashes, promptTokens: [Int]) {
        precondition(
            hashes.requests == promptTokens.count, "ids of \(hashes.requests) of \(promptTokens.count) prompts")
        var cache = UnboundedBlockCache(hashes.dialect)
        var distinct = Set<UInt32>()
        var (ids, hits, tokens, fullTokens, fineTokens, beyond, whole) = (0, 0, 0, 0, 0, 0, 0)
        for (request, prompt) in promptTokens.enumerated() {
            let blocks = hashes[request]
            let found = cache.look(up: blocks)
            distinct.formUnion(blocks)
            ids += blocks.count
            hits += found
            tokens += min(prompt, found * hashes.blockTokens)
            fullTokens += min(prompt / hashes.blockTokens, found) * hashes.blockTokens
            fineTokens += min(prompt / 16 * 16, found * hashes.blockTokens)
            if found > 1 { beyond += 1 }
            if found > 0, found == blocks.count { whole += 1 }
        }
        let allTokens = Double(promptTokens.reduce(0, +))
        guard ids > 0, allTokens > 0 else { return nil }
        blocks = ids
        distinctBlocks = distinct.count
        blockHitRate = Double(hits) / Double(ids)
        tokenHitRate = Double(tokens) / allTokens
        fullBlockTokenHitRate = Double(fullTokens) / allTokens
        fineBlockTokenHitRate = hashes.blockTokens % 16 == 0 ? Double(fineTokens) / allTokens : nil
        requestsBeyondFirstBlock = Double(beyond) / Double(promptTokens.count)
        requestsWhole = Double(whole) / Double(promptTokens.count)
        guard hashes.dialect == .wholePrefix, let firstNew = Self.firstNewID(distinct) else { return }
        var warm = UnboundedBlockCache(hashes.dialect)
        for id in distinct where id < firstNew { warm.add(id) }
        (hits, tokens) = (0, 0)
        for (request, prompt) in promptTokens.enumerated() {
            let found = warm.look(up: hashes[request])
            hits += found
            tokens += min(prompt, found * hashes.blockTokens)
        }
        firstNewID = firstNew
        warmBlockHitRate = Double(hits) / Double(ids)
        warmTokenHitRate = Double(tokens) / allTokens
    }

    /// Where the dense part of the ids begins: going down from the largest, each id in use counts one up and each number
    /// without use one down, and the sum is highest there. Ids of before the trace are few and far between. A part in
    /// which more than a quarter of the numbers has no use is no sign of numbering in order.
    private static func firstNewID(_ distinct: Set<UInt32>) -> UInt32? {
        let ids = distinct.sorted(by: >)
        var (sum, best, first) = (0, 0, 0)
        for (index, id) in ids.enumerated() {
            sum += index == 0 ? 1 : 2 - Int(ids[index - 1] - id)
            if sum >= best { (best, first) = (sum, index) }
        }
        guard let largest = ids.first, ids[first] > 0, (first + 1) * 4 >= Int(largest - ids[first] + 1) * 3 else {
            return nil
        }
        return ids[first]
    }
}

/// Every block ever seen.
private struct UnboundedBlockCache {
    private let namesPrefix: Bool
    /// Where an id names the prefix.
    private var seen = Set<UInt32>()
    /// Where it names content alone: nodes of a tree by their parent and id; 0 is the root.
    private var nodes: [UInt64: UInt32] = [:]

    init(_ dialect: BlockHashes.Dialect) { namesPrefix = dialect != .blockContent }

    mutating func add(_ id: UInt32) { seen.insert(id) }

    /// How many blocks from the start on were there; all are afterwards.
    mutating func look(up blocks: ArraySlice<UInt32>) -> Int {
        var found = 0
        var isPrefix = true
        var parent: UInt32 = 0
        for id in blocks {
            let isNew: Bool
            if namesPrefix {
                isNew = seen.insert(id).inserted
            } else {
                let next = UInt32(nodes.count + 1)
                let key = UInt64(parent) << 32 | UInt64(id)
                parent = nodes[key, default: next]
                isNew = parent == next
                if isNew { nodes[key] = next }
            }
            if isNew { isPrefix = false }
            if isPrefix { found += 1 }
        }
        return found
    }
}
