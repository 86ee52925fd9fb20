/// The KV of prompt prefixes that an instance keeps to use again, block of ids by block of ids, least recently used out
/// first.
///
/// A key names a whole prefix: whoever has a key's block has those before it. Blocks of requests in memory are
/// *referenced* and stay; the others are *idle* and go when their memory is needed. A request gives its blocks back last
/// to first, as vLLM frees them, so that the tail of a prefix goes before its head and no block stays without those
/// before it.
///
/// Keys are dense: storage is an array over them, and nothing is hashed.
struct PrefixCache: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        /// Requests in memory that use it; -1 if it is not here.
        var references: Int32 = -1
        /// KV blocks that it fills.
        var blocks: Int32 = 0
        /// Neighbours among the idle ones, by age.
        var older: Int32 = none
        var newer: Int32 = none
    }

    private static let none: Int32 = -1

    private var entries: ContiguousArray<Entry> = []
    private var oldest = none
    private var newest = none
    /// KV blocks of idle and of referenced entries.
    private(set) var idleBlocks = 0
    private(set) var referencedBlocks = 0

    func contains(_ key: UInt32) -> Bool { key < entries.count && entries[Int(key)].references >= 0 }

    /// How many of these keys are here, from the first on. O(answer).
    func prefixLength(_ keys: ArraySlice<UInt32>) -> Int {
        var length = 0
        for key in keys {
            if !contains(key) { break }
            length += 1
        }
        return length
    }

    /// KV blocks that these keys fill, which are all here, and how many of them are idle.
    func blocks(of keys: ArraySlice<UInt32>) -> (all: Int, idle: Int) {
        var (all, idle) = (0, 0)
        for key in keys {
            let entry = entries[Int(key)]
            all += Int(entry.blocks)
            if entry.references == 0 { idle += Int(entry.blocks) }
        }
        return (all, idle)
    }

    /// A request uses a block that is here.
    mutating func reference(_ key: UInt32) {
        let index = Int(key)
        if entries[index].references == 0 {
            unlink(index)
            idleBlocks -= Int(entries[index].blocks)
            referencedBlocks += Int(entries[index].blocks)
        }
        entries[index].references += 1
    }

    /// A request has computed a block that is not here, and uses it.
    mutating func insert(_ key: UInt32, blocks: Int) {
        precondition(!contains(key), "prefix \(key) is here already")
        while entries.count <= Int(key) { entries.append(Entry()) }
        entries[Int(key)].references = 1
        entries[Int(key)].blocks = Int32(blocks)
        referencedBlocks += blocks
    }

    /// A request uses a block no longer. Returns the KV blocks that are referenced by nobody now.
    mutating func release(_ key: UInt32) -> Int {
        let index = Int(key)
        entries[index].references -= 1
        guard entries[index].references == 0 else { return 0 }
        let blocks = Int(entries[index].blocks)
        link(index)
        idleBlocks += blocks
        referencedBlocks -= blocks
        return blocks
    }

    /// Drops idle entries, oldest first, until they fill at most so many KV blocks.
    mutating func trim(to blocks: Int) {
        while idleBlocks > blocks {
            let index = Int(oldest)
            unlink(index)
            idleBlocks -= Int(entries[index].blocks)
            entries[index].references = -1
        }
    }

    private mutating func link(_ index: Int) {
        entries[index].older = newest
        entries[index].newer = Self.none
        if newest == Self.none { oldest = Int32(index) } else { entries[Int(newest)].newer = Int32(index) }
        newest = Int32(index)
    }

    private mutating func unlink(_ index: Int) {
        let (older, newer) = (entries[index].older, entries[index].newer)
        if older == Self.none { oldest = newer } else { entries[Int(older)].newer = newer }
        if newer == Self.none { newest = older } else { entries[Int(newer)].older = older }
    }
}
