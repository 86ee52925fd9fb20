/// How many sequences of a decode set begin a block in each iteration, modulo the block size, kept as running sums: what any
/// iterations in a row begin is a difference of two of them.
struct BlockStarts: ~Copyable {
    /// So many sums are changed at once: for the usual block of 16 tokens all of them.
    private typealias Sums = SIMD16<Int32>

    let blockSize: Divisor
    /// The sum at an index counts the sequences that begin a block in the iterations up to that index. Those from the block
    /// size on are never read. In front lie zeros, for what comes before the first.
    private let sums: UnsafeMutablePointer<Sums>
    private let vectors: Int

    init(blockSize: Int) {
        self.blockSize = Divisor(blockSize)
        vectors = (blockSize + Sums.scalarCount - 1) / Sums.scalarCount
        sums = .allocate(capacity: 1 + vectors)
        sums.initialize(repeating: .zero, count: 1 + vectors)
    }

    deinit { sums.deallocate() }

    /// Adds `change` sequences that begin a block in iteration `residue` modulo the block size. O(block size), but 16 sums at
    /// once.
    @inline(__always)
    mutating func add(_ change: Int32, at residue: Int) {
        // One comparison: a negative index is a large one.
        precondition(UInt(bitPattern: residue) < UInt(bitPattern: blockSize.value), "no iteration of a block")
        add(change, at: residue, vector: 1)
        if vectors > 1 { addToOthers(change, at: residue) }
    }

    @inline(never)
    private mutating func addToOthers(_ change: Int32, at residue: Int) {
        for vector in 2...vectors { add(change, at: residue &- Sums.scalarCount &* (vector &- 1), vector: vector) }
    }

    /// - Parameter place: of the first sum that changes, counted from the vector's first.
    @inline(__always)
    private mutating func add(_ change: Int32, at place: Int, vector: Int) {
        // Less than zero from that sum on; its sign bit, spread, is a mask. Comparisons of vectors go one by one.
        let behind =
            Sums(repeating: Int32(truncatingIfNeeded: place))
            &- Sums(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
        sums[vector] &+= (behind &>> Sums(repeating: 31)) & Sums(repeating: change)
    }

    /// Blocks begun in iteration `residue` modulo the block size. O(1).
    @inline(__always)
    func begun(at residue: Int) -> Int { sum(upTo: residue) &- sum(upTo: residue &- 1) }

    /// Blocks begun in the `iterations` iterations behind iteration `residue` modulo the block size, and the last of these
    /// modulo the block size. O(1).
    @inline(__always)
    func begun(after residue: Int, iterations: Int) -> (blocks: Int, last: Int) {
        let last = residue &+ iterations
        let rounds = blockSize.quotient(of: last)
        let rest = last &- rounds &* blockSize.value
        // Blocks that fit into memory.
        return (rounds &* sum(upTo: blockSize.value &- 1) &+ sum(upTo: rest) &- sum(upTo: residue), rest)
    }

    /// - Precondition: the index is at least −1 and less than the block size.
    @inline(__always)
    private func sum(upTo index: Int) -> Int {
        let offset = (Sums.scalarCount &+ index) &* MemoryLayout<Int32>.stride
        return Int(UnsafeRawPointer(sums).load(fromByteOffset: offset, as: Int32.self))
    }
}

// The pointer is not shared: who has the value has the sums.
extension BlockStarts: @unchecked Sendable {}
