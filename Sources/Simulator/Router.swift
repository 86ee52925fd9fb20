/// Picks an instance of a fixed set for each request.
struct Router: ~Copyable {
    private let policy: RouterPolicy
    /// Whether what it is told of loads matters to it.
    let comparesLoads: Bool
    /// Whether it knows the load of its instances only from their reports.
    private let isStale: Bool
    /// Instances to choose from, in ascending order, and of them those that are up.
    private let candidates: ContiguousArray<Int>
    private var up: ContiguousArray<Int>
    /// Place of each instance among the candidates; `nil` for the others.
    private let places: ContiguousArray<Int?>
    /// Whose turn it is.
    private var turn = 0
    /// By place; beyond all loads while an instance is down.
    private var loads: MinimumTree

    /// - Parameter instances: How many there are, candidates or not.
    init(_ policy: RouterPolicy, isStale: Bool, candidates: [Int], of instances: Int) {
        self.policy = policy
        comparesLoads = policy != .roundRobin && candidates.count > 1
        self.isStale = isStale
        self.candidates = ContiguousArray(candidates)
        var places = ContiguousArray<Int?>(repeating: nil, count: instances)
        for (place, candidate) in candidates.enumerated() { places[candidate] = place }
        self.places = places
        loads = MinimumTree(count: max(1, candidates.count), key: 0)
        up = self.candidates
    }

    /// The instance for the next request; `nil` if all are down. O(1) for round robin, O(log n) for the others.
    @inline(__always)
    mutating func next() -> Int? {
        if up.isEmpty { return nil }
        if !comparesLoads {
            let chosen = turn < up.count ? turn : 0
            turn = chosen &+ 1
            return up[chosen]
        }
        return candidates[loads.indexOfMinimum]
    }

    /// Says that the load of an instance has changed. A router with stale signals does not hear it. O(log n).
    mutating func update(_ load: Int, of instance: Int) {
        if isStale { return }
        report(load, of: instance)
    }

    /// Tells the router the load of one of its instances. O(log n).
    mutating func report(_ load: Int, of instance: Int) {
        guard comparesLoads, let place = places[instance], loads.key(at: place) != Self.down else { return }
        loads.set(place, to: Int64(load))
    }

    /// Larger than any load.
    private static let down = Int64.max - 1

    /// Takes an instance out of the choice, or puts it back without load.
    mutating func setUp(_ isUp: Bool, _ instance: Int) {
        guard let place = places[instance] else { return }
        loads.set(place, to: isUp ? 0 : Self.down)
        up.removeAll { $0 == instance }
        if isUp { up.insert(instance, at: up.firstIndex { $0 > instance } ?? up.endIndex) }
    }

    /// Says that it has sent a request that adds so much to the load of an instance: all that a router with stale signals
    /// knows between two reports. O(log n).
    mutating func sent(_ added: Int, to instance: Int) {
        guard isStale, comparesLoads, let place = places[instance] else { return }
        loads.set(place, to: loads.key(at: place) + Int64(added))
    }
}

extension Instance {
    /// What a router compares.
    @inline(__always)
    func load(for router: RouterPolicy) -> Int {
        switch router {
        case .roundRobin: 0
        case .leastOutstanding, .longestPrefix: outstanding
        case .leastPromptTokens: promptTokensAhead
        case .leastKV: memory.usedBlocks
        }
    }

    /// What a prompt of so many tokens will add to the load.
    @inline(__always)
    func load(of promptTokens: Int, for router: RouterPolicy) -> Int {
        switch router {
        case .roundRobin: 0
        case .leastOutstanding, .longestPrefix: 1
        case .leastPromptTokens: promptTokens
        case .leastKV: memory.blocks(for: promptTokens)
        }
    }
}
