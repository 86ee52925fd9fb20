/// Turns ids of blocks of any dialect into dense numbers from 0 that each name a whole prefix: requests have as many of
/// them in common as their prompts begin alike.
public struct PrefixKeys: Sendable {
    private struct Place: Hashable {
        /// The key before and one, where an id names the content of its block alone; 0 for none.
        var before: UInt32
        var id: UInt32
        /// Of a block that a prompt fills only in part: files that pad it give it the id of a full one.
        var partialTokens: Int
    }

    private let format: BlockFormat
    private var numbers: [Place: UInt32] = [:]

    public init(_ format: BlockFormat) { self.format = format }

    /// How many prefixes there are so far.
    public var count: Int { numbers.count }

    /// The keys of a prompt's ids, in their order. O(ids).
    public mutating func keys(of ids: some Collection<UInt32>, promptTokens: Int) -> [UInt32] {
        var keys: [UInt32] = []
        keys.reserveCapacity(ids.count)
        var before: UInt32 = 0
        for id in ids {
            let left = promptTokens - keys.count * format.tokens
            let place = Place(before: before, id: id, partialTokens: left < format.tokens ? left : 0)
            let next = UInt32(numbers.count)
            let key = numbers[place, default: next]
            if key == next { numbers[place] = next }
            keys.append(key)
            if format.dialect == .blockContent { before = key + 1 }
        }
        return keys
    }
}
