public import EventKernel

/// What a request of a trace waits for besides its time.
public struct FollowUp: Hashable, Sendable {
    /// The position in the trace of the request whose answer it waits for, which stands above it; `nil` for none.
    public var after: Int?
    /// From that answer on.
    public var pause: SimulationDuration

    public init(after: Int?, pause: SimulationDuration = .zero) {
        self.after = after
        self.pause = pause
    }
}

extension SimulationTime {
    /// `pause` later, but not beyond the times that a trace may have, which pauses in a row could reach.
    func later(by pause: SimulationDuration) -> SimulationTime {
        let most = DecimalText.largestNanoseconds
        return max(self, SimulationTime(nanoseconds: min(nanoseconds, most - pause.nanoseconds) + pause.nanoseconds))
    }
}

extension Trace {
    /// Puts requests, their follow-ups and their ids in order of arrival; those of equal times keep theirs.
    static func sort(
        _ requests: inout [Request], _ followUps: inout [FollowUp]?, _ blockHashes: inout BlockHashes?
    ) {
        let order = requests.indices.sorted { (requests[$0].arrival, $0) < (requests[$1].arrival, $1) }
        var places = [Int](repeating: 0, count: order.count)
        for (place, index) in order.enumerated() { places[index] = place }
        requests = order.enumerated().map { place, index in
            var request = requests[index]
            request.index = place
            return request
        }
        followUps = followUps.map { followUps in
            order.map { index in
                var followUp = followUps[index]
                followUp.after = followUp.after.map { places[$0] }
                return followUp
            }
        }
        blockHashes = blockHashes?.selecting(order)
    }
}

/// The requests of a trace as answers let them come: each its pause after the answer that it waits for, others at their
/// time. One whose predecessor is refused comes as if that had been answered. Requests are numbered as they come.
public struct FollowUpSource: RequestSource, Sendable {
    private let requests: [Request]
    private let followUps: [FollowUp]
    private let blockHashes: BlockHashes?
    /// The requests that wait for each: the first of them, and after each the next; -1 for no more.
    private var firstWaiting: [Int32]
    private var nextWaiting: [Int32]
    /// Requests whose time is known.
    private var arrivals = ArrivalQueue()
    /// The position in the trace of each request given.
    private var origins: [Int32] = []

    /// - Precondition: the trace says what its requests wait for.
    public init(_ trace: Trace) {
        guard let followUps = trace.followUps else { preconditionFailure("a trace of known arrivals") }
        requests = trace.requests
        self.followUps = followUps
        blockHashes = trace.blockHashes
        firstWaiting = Array(repeating: -1, count: requests.count)
        nextWaiting = firstWaiting
        for index in requests.indices.reversed() {
            if let after = followUps[index].after {
                nextWaiting[index] = firstWaiting[after]
                firstWaiting[after] = Int32(index)
            }
        }
        for index in requests.indices where followUps[index].after == nil {
            arrivals.insert(index, at: requests[index].arrival)
        }
    }

    public var reacts: Bool { true }

    /// O(log requests).
    public mutating func next() -> Request? {
        guard let arrival = arrivals.removeFirst() else { return nil }
        var request = requests[arrival.subject]
        (request.index, request.arrival) = (origins.count, arrival.time)
        origins.append(Int32(arrival.subject))
        return request
    }

    public mutating func takeBack(_ request: Request) {
        arrivals.insert(Int(origins.removeLast()), at: request.arrival)
    }

    public mutating func finished(_ request: Int, at time: SimulationTime) {
        var waiting = firstWaiting[Int(origins[request])]
        while waiting >= 0 {
            arrivals.insert(Int(waiting), at: time.later(by: followUps[Int(waiting)].pause))
            waiting = nextWaiting[Int(waiting)]
        }
    }

    public var blockFormat: BlockFormat? { blockHashes?.format }
    public func blockIDs(of request: Int) -> ArraySlice<UInt32> { blockHashes?[Int(origins[request])] ?? [] }
}
