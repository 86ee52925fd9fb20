/// The slots of a decode set by the iteration after which they are done: a heap of 64-bit keys with four children to a
/// node, iteration above slot.
struct DueHeap: ~Copyable, Sendable {
    /// Behind the last lie some that are never due, so that each node has four children or none, and there always is a
    /// first.
    private var keys = UniqueBuffer(repeating: UInt64.max, count: Self.padding)

    private static var padding: Int { 3 }
    private static var slotBits: UInt64 { 24 }

    private var count: Int { keys.count &- Self.padding }

    /// The earliest due iteration. O(1).
    var earliest: Int? { count == 0 ? nil : firstIteration }

    /// Whether a slot is due at an iteration or before. O(1).
    @inline(__always)
    func isDue(by iteration: Int) -> Bool { firstIteration <= iteration }

    /// That of a slot that is never due where there is no other.
    @inline(__always)
    private var firstIteration: Int { Int(truncatingIfNeeded: keys[known: 0] &>> Self.slotBits) }

    /// O(log n).
    mutating func insert(_ slot: Int32, due iteration: Int) {
        precondition(UInt32(bitPattern: slot) < 1 << Self.slotBits, "slot \(slot) in a decode set")
        // Iterations are fewer than 2⁴⁰: a year of them would have to take 30 µs each.
        let key = UInt64(bitPattern: Int64(iteration)) &<< Self.slotBits | UInt64(UInt32(bitPattern: slot))
        var node = count
        keys.append(.max)
        while node > 0 {
            let parent = (node &- 1) &>> 2
            if keys[known: parent] <= key { break }
            keys[known: node] = keys[known: parent]
            node = parent
        }
        keys[known: node] = key
    }

    /// Removes the slot that is due first. O(log n).
    /// - Precondition: there is one.
    @inline(__always)
    mutating func removeFirst() -> Int32 {
        _ = keys.removeLast()
        let last = count
        precondition(last >= 0, "nothing to remove")
        let (first, key) = (keys[known: 0], keys[known: last])
        keys[known: last] = .max
        if last > 0 {
            var node = 0
            while true {
                let child = node &<< 2 &+ 1
                if child >= last { break }
                let smallest = smallestChild(from: child)
                if keys[known: smallest] >= key { break }
                keys[known: node] = keys[known: smallest]
                node = smallest
            }
            keys[known: node] = key
        }
        return Int32(truncatingIfNeeded: first & (1 << Self.slotBits - 1))
    }

    /// In pairs: two of the three comparisons do not wait for each other. Sums and not choices: which one is smaller cannot
    /// be predicted.
    @inline(__always)
    private func smallestChild(from first: Int) -> Int {
        let left = first &+ (keys[known: first &+ 1] < keys[known: first] ? 1 : 0)
        let right = first &+ 2 &+ (keys[known: first &+ 3] < keys[known: first &+ 2] ? 1 : 0)
        return left &+ (keys[known: right] < keys[known: left] ? right &- left : 0)
    }
}
