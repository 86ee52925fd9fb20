/// An array with one owner. It is never shared, so that writing an element costs a bounds check and no question whether
/// somebody else holds the storage; elements may be noncopyable.
struct UniqueBuffer<Element: ~Copyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private(set) var count: Int
    private var capacity: Int

    init(reserving capacity: Int = 0) {
        base = .allocate(capacity: capacity)
        count = 0
        self.capacity = capacity
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    var isEmpty: Bool { count == 0 }
    var indices: Range<Int> { 0..<count }

    subscript(index: Int) -> Element {
        unsafeAddress {
            precondition(holds(index), "no element at this index")
            return UnsafePointer(base + index)
        }
        unsafeMutableAddress {
            precondition(holds(index), "no element at this index")
            return base + index
        }
    }

    /// Unchecked: for indices of which it follows from others, checked before, that there are such elements.
    subscript(known index: Int) -> Element {
        unsafeAddress { UnsafePointer(base + index) }
        unsafeMutableAddress { base + index }
    }

    /// One comparison: a negative index is a large one.
    @inline(__always)
    private func holds(_ index: Int) -> Bool { UInt(bitPattern: index) < UInt(bitPattern: count) }

    /// O(1) amortised.
    mutating func append(_ element: consuming Element) {
        if count == capacity { grow() }
        (base + count).initialize(to: element)
        count &+= 1
    }

    mutating func removeLast() -> Element {
        precondition(count > 0, "nothing to remove")
        count -= 1
        return (base + count).move()
    }

    mutating func removeAll() {
        base.deinitialize(count: count)
        count = 0
    }

    /// Two elements at once.
    @inline(__always)
    mutating func withPair(_ first: Int, _ second: Int, _ body: (inout Element, inout Element) -> Void) {
        precondition(first != second && holds(first) && holds(second), "no two elements at these indices")
        body(&base[first], &base[second])
    }

    @inline(never)
    private mutating func grow() {
        capacity = max(8, 2 * capacity)
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        larger.moveInitialize(from: base, count: count)
        base.deallocate()
        base = larger
    }
}

extension UniqueBuffer where Element: Copyable {
    init(repeating element: Element, count: Int) {
        self.init(reserving: count)
        for _ in 0..<count { append(element) }
    }

    /// Writes an element of another buffer over one of this, from where it lies to where it will.
    @inline(__always)
    mutating func copy(_ source: Int, of other: inout UniqueBuffer, to index: Int) {
        precondition(other.holds(source) && holds(index), "no element at this index")
        (base + index).update(from: other.base + source, count: 1)
    }
}

// The pointer is not shared: who has the buffer has the elements.
extension UniqueBuffer: @unchecked Sendable where Element: Sendable & ~Copyable {}
