/// A fixed number of keys of which the smallest is always known: a tournament in which every inner node holds the
/// smaller of its two children.
struct MinimumTree: ~Copyable, Sendable {
    /// Node 1 is the root, the children of node i are 2i and 2i + 1, the keys are the last `leaves` nodes.
    private var nodes: UniqueBuffer<Int64>
    private let leaves: Int

    /// - Precondition: `count` is positive.
    init(count: Int, key: Int64) {
        precondition(count > 0, "a tree of \(count) keys")
        var leaves = 1
        while leaves < count { leaves *= 2 }
        self.leaves = leaves
        nodes = UniqueBuffer(repeating: .max, count: 2 * leaves)
        for index in 0..<count { nodes[leaves + index] = key }
        for node in stride(from: leaves - 1, to: 0, by: -1) { nodes[node] = min(nodes[2 * node], nodes[2 * node + 1]) }
    }

    /// The smallest key. O(1).
    var minimum: Int64 { nodes[known: 1] }

    /// The lowest index that has the smallest key. O(log n).
    var indexOfMinimum: Int {
        let minimum = minimum
        var node = 1
        // Inner nodes come before the leaves, and have two children each.
        while node < leaves { node = node &<< 1 | (nodes[known: node &<< 1] == minimum ? 0 : 1) }
        return node &- leaves
    }

    /// The index that has the smallest key, if no other has it too. O(log n). Mutating although it changes nothing.
    var onlyIndexOfMinimum: Int? {
        @inline(__always) mutating get {
            var node = 1
            while node < leaves {
                let (left, right) = (nodes[known: node &<< 1], nodes[known: node &<< 1 | 1])
                // The smaller one is the smallest key.
                if left == right { return nil }
                node = node &<< 1 | (left < right ? 0 : 1)
            }
            return node &- leaves
        }
    }

    /// The key at an index. O(1).
    func key(at index: Int) -> Int64 { nodes[leaves + index] }

    /// O(log n), and fewer steps the less the change matters.
    @inline(__always)
    mutating func set(_ index: Int, to key: Int64) {
        let node = leaves &+ index
        nodes[node] = key
        if node > 1 { update(above: node) }
    }

    private mutating func update(above leaf: Int) {
        var node = leaf
        // Every node but the first has a neighbour, and a parent before it.
        while node > 1 {
            let smaller = min(nodes[known: node], nodes[known: node ^ 1])
            node &>>= 1
            if nodes[known: node] == smaller { return }
            nodes[known: node] = smaller
        }
    }
}
