/// Picks an instance of a fixed set for each request.
struct Router: ~Copyable {
    private let policy: RouterPolicy
    /// Instances to choose from, in ascending order.
    private let candidates: ContiguousArray<Int>
    /// Place of each instance among the candidates.
    private let places: ContiguousArray<Int?>
    /// Whose turn it is.
    private var turn = 0
    /// By place.
    private var loads: MinimumTree

    init(_ policy: RouterPolicy, candidates: [Int]) {
        self.policy = policy
        self.candidates = ContiguousArray(candidates)
        var places = ContiguousArray<Int?>(repeating: nil, count: (candidates.last ?? 0) + 1)
        for (place, candidate) in candidates.enumerated() { places[candidate] = place }
        self.places = places
        loads = MinimumTree(count: max(1, candidates.count), key: 0)
    }

    /// The instance for the next request. O(1) for round robin, O(log n) for the least loaded.
    mutating func next() -> Int {
        switch policy {
        case .roundRobin:
            let place = turn
            turn = turn + 1 == candidates.count ? 0 : turn + 1
            return candidates[place]
        case .leastOutstanding:
            return candidates[loads.indexOfMinimum]
        }
    }

    /// Tells the router how many requests one of its instances has. O(log n).
    mutating func setLoad(_ load: Int, of instance: Int) {
        guard policy == .leastOutstanding, candidates.count > 1, let place = places[instance] else { return }
        loads.set(place, to: Int64(load))
    }
}
