public import EventKernel

/// A trace held in memory, sorted by arrival.
public struct Trace: Sendable {
    /// Where a trace comes from and what was done to it, for the record of the run.
    public struct Provenance: Hashable, Sendable {
        /// A file name, or the description of a generator.
        public var source: String
        /// The format it was read as (`csv`, `azure-2023`, …) or `generated`.
        public var format: String
        /// Rows left out, by reason, in a fixed order.
        public var excluded: [Exclusion]
        /// What was done to the requests since, in order: `first 1000 requests`, `rescaled to 8.0 requests/s`.
        public var changes: [String] = []

        public struct Exclusion: Hashable, Sendable {
            public var reason: String
            public var count: Int

            public init(reason: String, count: Int) {
                self.reason = reason
                self.count = count
            }
        }

        public init(source: String, format: String, excluded: [Exclusion] = []) {
            self.source = source
            self.format = format
            self.excluded = excluded
        }
    }

    public var requests: [Request]
    /// Names of the request classes; `Request.classIndex` points here. Empty if the trace has none. Where it has tenants
    /// too, an index stands for a class and a tenant together, so that a class may be named more than once.
    public var classNames: [String]
    /// Whose requests they are, by `Request.classIndex` too. Empty if the trace does not say.
    public var tenantNames: [String]
    /// Ids of the prompts' blocks, request by request; `nil` for a trace without.
    public var blockHashes: BlockHashes?
    /// What each request waits for, in a trace of sessions that wait for answers; their arrivals then are those of a
    /// system that answers as the recorded one, or at once. `nil` where arrivals are known.
    public var followUps: [FollowUp]?
    public var provenance: Provenance

    /// - Precondition: `requests` are sorted by arrival and numbered from 0; `blockHashes` cover each of them.
    public init(
        requests: [Request], classNames: [String] = [], tenantNames: [String] = [], blockHashes: BlockHashes? = nil,
        followUps: [FollowUp]? = nil, provenance: Provenance
    ) {
        let covered = blockHashes?.requests ?? requests.count
        precondition(covered == requests.count, "block ids of \(covered) requests, not \(requests.count)")
        let linked = followUps?.count ?? requests.count
        precondition(linked == requests.count, "follow-ups of \(linked) requests, not \(requests.count)")
        for (index, request) in requests.enumerated() {
            precondition(request.index == index, "request \(request.index) at position \(index)")
            precondition(index == 0 || requests[index - 1].arrival <= request.arrival, "arrivals go back at \(index)")
        }
        self.requests = requests
        self.classNames = classNames
        self.tenantNames = tenantNames
        self.blockHashes = blockHashes
        self.followUps = followUps
        self.provenance = provenance
    }

    /// From the first to the last arrival.
    public var duration: SimulationDuration {
        guard let first = requests.first, let last = requests.last else { return .zero }
        return last.arrival - first.arrival
    }

    /// Mean arrival rate in requests per second: (count − 1) / duration, or 0 if it has none.
    public var rate: Double {
        duration > .zero ? Double(requests.count - 1) / duration.seconds : 0
    }

    public var source: TraceSource { TraceSource(self) }
}

/// A trace read in order.
public struct TraceSource: RequestSource, Sendable {
    private let requests: [Request]
    private let blockHashes: BlockHashes?
    private var position = 0

    public init(_ trace: Trace) {
        requests = trace.requests
        blockHashes = trace.blockHashes
    }

    public var blockFormat: BlockFormat? { blockHashes?.format }
    public func blockIDs(of request: Int) -> ArraySlice<UInt32> { blockHashes?[request] ?? [] }

    @inline(__always)
    public mutating func next() -> Request? {
        guard position < requests.count else { return nil }
        defer { position &+= 1 }
        return requests[position]
    }
}
