/// Turns ids of blocks of any dialect into dense numbers from 0 that each name a whole prefix: requests have as many of
/// them in common as their prompts begin alike.
public struct PrefixKeys: Sendable {
    private let namesPrefix: Bool
    /// By id, or by the prefix before and the id; where an id names content alone, the number before is one up, 0 for
    /// none.
    private var numbers: [UInt64: UInt32] = [:]

    public init(_ dialect: BlockHashes.Dialect) { namesPrefix = dialect != .blockContent }

    /// How many prefixes there are so far.
    public var count: Int { numbers.count }

    /// The keys of a prompt's ids, in their order. O(ids).
    public mutating func keys(of ids: some Collection<UInt32>) -> [UInt32] {
        var keys: [UInt32] = []
        keys.reserveCapacity(ids.count)
        var before: UInt64 = 0
        for id in ids {
            let place = (namesPrefix ? 0 : before << 32) | UInt64(id)
            let next = UInt32(numbers.count)
            let key = numbers[place, default: next]
            if key == next { numbers[place] = next }
            keys.append(key)
            before = UInt64(key) + 1
        }
        return keys
    }
}
