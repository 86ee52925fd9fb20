/// A queue with two ends and one owner, in a ring. As with `UniqueBuffer`, to change it asks nobody whether the storage is
/// shared.
struct UniqueQueue<Element: BitwiseCopyable>: ~Copyable {
    private var base = UnsafeMutablePointer<Element>.allocate(capacity: 4)
    /// One less than the capacity, which is a power of two.
    private var mask = 3
    /// Where the first element lies.
    private var head = 0
    private(set) var count = 0

    init() {}

    deinit { base.deallocate() }

    var isEmpty: Bool { count == 0 }
    var indices: Range<Int> { 0..<count }
    var first: Element? { isEmpty ? nil : base[head] }
    var last: Element? { isEmpty ? nil : base[(head &+ count &- 1) & mask] }
    /// A copy, from the first to the last. O(n).
    var elements: [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for position in indices { elements.append(self[position]) }
        return elements
    }

    subscript(position: Int) -> Element {
        unsafeAddress { UnsafePointer(place(of: position)) }
        unsafeMutableAddress { place(of: position) }
    }

    @inline(__always)
    private func place(of position: Int) -> UnsafeMutablePointer<Element> {
        // One comparison: a negative position is a large one.
        precondition(UInt(bitPattern: position) < UInt(bitPattern: count), "no element at this position")
        return base + ((head &+ position) & mask)
    }

    /// O(1) amortised.
    @inline(__always)
    mutating func append(_ element: Element) {
        if count > mask { grow() }
        base[(head &+ count) & mask] = element
        count &+= 1
    }

    /// O(1) amortised.
    mutating func prepend(_ element: Element) {
        if count > mask { grow() }
        head = (head &- 1) & mask
        base[head] = element
        count &+= 1
    }

    @discardableResult
    @inline(__always)
    mutating func removeFirst() -> Element {
        precondition(count > 0, "nothing to remove")
        let element = base[head]
        head = (head &+ 1) & mask
        count &-= 1
        return element
    }

    mutating func removeLast() -> Element {
        precondition(count > 0, "nothing to remove")
        count &-= 1
        return base[(head &+ count) & mask]
    }

    /// O(n).
    @discardableResult
    mutating func remove(at position: Int) -> Element {
        let element = self[position]
        for next in position + 1..<count { self[next - 1] = self[next] }
        count -= 1
        return element
    }

    mutating func removeAll() { count = 0 }

    /// O(n).
    mutating func removeAll(where isRemoved: (Element) -> Bool) {
        var kept = 0
        for position in indices where !isRemoved(self[position]) {
            self[kept] = self[position]
            kept += 1
        }
        count = kept
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: 2 * (mask + 1))
        for position in indices { larger[position] = self[position] }
        base.deallocate()
        base = larger
        mask = 2 * mask + 1
        head = 0
    }
}

extension UniqueQueue where Element: Equatable {
    /// O(n).
    func firstIndex(of element: Element) -> Int? {
        for position in indices where self[position] == element { return position }
        return nil
    }
}

// The pointer is not shared: who has the queue has the elements.
extension UniqueQueue: @unchecked Sendable where Element: Sendable {}
