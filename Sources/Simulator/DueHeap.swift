/// The slots of a decode set by the iteration after which they are done: a heap of 64-bit keys with four children to a
/// node, iteration above slot.
struct DueHeap: ~Copyable, Sendable {
    private var keys = UniqueBuffer<UInt64>()

    private static var slotBits: UInt64 { 24 }

    /// The earliest due iteration. O(1).
    var earliest: Int? { keys.isEmpty ? nil : Int(truncatingIfNeeded: keys[0] >> Self.slotBits) }

    /// Whether a slot is due at an iteration or before. O(1).
    @inline(__always)
    func isDue(by iteration: Int) -> Bool {
        !keys.isEmpty && Int(truncatingIfNeeded: keys[0] >> Self.slotBits) <= iteration
    }

    /// O(log n).
    mutating func insert(_ slot: Int32, due iteration: Int) {
        precondition(slot < 1 << Self.slotBits, "slot \(slot) in a decode set")
        let key = UInt64(iteration) << Self.slotBits | UInt64(slot)
        var node = keys.count
        keys.append(key)
        while node > 0 {
            let parent = (node &- 1) &>> 2
            if keys[known: parent] <= key { break }
            keys[known: node] = keys[known: parent]
            node = parent
        }
        keys[node] = key
    }

    /// Removes the slot that is due first. O(log n).
    @inline(__always)
    mutating func removeFirst() -> Int32 {
        let first = keys[0]
        let key = keys.removeLast()
        if !keys.isEmpty {
            var node = 0
            while true {
                let child = node &<< 2 &+ 1
                if child >= keys.count { break }
                let smallest = smallestChild(from: child)
                if keys[known: smallest] >= key { break }
                keys[known: node] = keys[known: smallest]
                node = smallest
            }
            keys[known: node] = key
        }
        return Int32(first & (1 << Self.slotBits - 1))
    }

    private func smallestChild(from first: Int) -> Int {
        if first &+ 3 < keys.count {
            // In pairs: two of the three comparisons do not wait for each other.
            let left = keys[known: first &+ 1] < keys[known: first] ? first &+ 1 : first
            let right = keys[known: first &+ 3] < keys[known: first &+ 2] ? first &+ 3 : first &+ 2
            return keys[known: right] < keys[known: left] ? right : left
        }
        var smallest = first
        for child in first + 1..<max(first + 1, keys.count) where keys[child] < keys[smallest] { smallest = child }
        return smallest
    }
}
