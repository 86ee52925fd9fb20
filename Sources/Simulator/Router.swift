/// Picks an instance of a fixed set for each request.
struct Router: Sendable {
    private let policy: RouterPolicy
    /// Instances to choose from, in ascending order.
    private let candidates: [Int]
    private var position = 0
    private var load: LoadTree

    init(_ policy: RouterPolicy, candidates: [Int]) {
        self.policy = policy
        self.candidates = candidates
        load = LoadTree(count: candidates.count)
    }

    var isEmpty: Bool { candidates.isEmpty }

    /// The instance for the next request. O(1) for round robin and for the least loaded.
    mutating func next() -> Int {
        switch policy {
        case .roundRobin:
            defer { position = (position + 1) % candidates.count }
            return candidates[position]
        case .leastOutstanding:
            return candidates[load.leastLoaded]
        }
    }

    /// Tells the router that `instance` has `change` more requests. O(log n).
    mutating func addLoad(_ change: Int, to instance: Int) {
        guard policy == .leastOutstanding, let index = binarySearch(instance) else { return }
        load.add(change, at: index)
    }

    private func binarySearch(_ instance: Int) -> Int? {
        var (low, high) = (0, candidates.count)
        while low < high {
            let middle = (low + high) / 2
            if candidates[middle] < instance { low = middle + 1 } else { high = middle }
        }
        return low < candidates.count && candidates[low] == instance ? low : nil
    }
}

/// A tournament over the loads of a fixed number of instances: the winner is the least loaded, ties to the lowest.
struct LoadTree: Sendable {
    private let leaves: Int
    private var loads: [Int]
    /// Winner of each inner node, as an index of a leaf; node 1 is the root.
    private var winners: [Int]

    init(count: Int) {
        var leaves = 1
        while leaves < count { leaves *= 2 }
        self.leaves = leaves
        loads = Array(repeating: 0, count: count)
        winners = Array(repeating: 0, count: 2 * leaves)
        for leaf in 0..<leaves { winners[leaves + leaf] = leaf }
        for node in stride(from: leaves - 1, to: 0, by: -1) { play(node) }
    }

    /// O(1).
    var leastLoaded: Int { winners[1] }

    /// O(log n).
    mutating func add(_ change: Int, at index: Int) {
        loads[index] += change
        var node = (leaves + index) / 2
        while node > 0 {
            play(node)
            node /= 2
        }
    }

    private mutating func play(_ node: Int) {
        let (a, b) = (winners[2 * node], winners[2 * node + 1])
        winners[node] = b < loads.count && loads[b] < loads[a] ? b : a
    }
}
