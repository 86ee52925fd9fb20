public import EventKernel

/// Draws whole requests of a real trace, each equally likely and as often as it comes: prompt, output and class stay
/// together, so that every dependence between them is kept. Arrivals come from a process; ids of blocks are left out,
/// since a prompt drawn twice would share what no two prompts of the trace share.
public struct TraceResampler: RequestSource, Sendable {
    private let drawn: [Request]
    private let requests: Int
    private var made = 0
    private var arrivals: ArrivalSampler
    private var choices: RandomStream

    /// - Precondition: the trace has a request, and the process no `problem`.
    public init(_ trace: Trace, arrivals: ArrivalProcess, requests: Int, streams: RandomStreams) {
        precondition(!trace.requests.isEmpty && requests >= 0, "\(requests) of \(trace.requests.count) requests")
        if let problem = arrivals.problem { preconditionFailure(problem) }
        drawn = trace.requests
        self.requests = requests
        self.arrivals = ArrivalSampler(arrivals, stream: streams.stream(named: "arrivals"))
        choices = streams.stream(named: "resampling")
    }

    public mutating func next() -> Request? {
        guard made < requests else { return nil }
        var request = drawn[choices.index(below: drawn.count)]
        (request.index, request.arrival) = (made, arrivals.next())
        made += 1
        return request
    }

    /// Requests drawn from a trace as a trace.
    public static func trace(
        from trace: Trace, arrivals: ArrivalProcess, requests: Int, streams: RandomStreams
    ) -> Trace {
        var source = TraceResampler(trace, arrivals: arrivals, requests: requests, streams: streams)
        var made: [Request] = []
        made.reserveCapacity(requests)
        while let request = source.next() { made.append(request) }
        let name =
            "drawn from \(trace.provenance.source), \(requests) requests, seed \(streams.seed), run \(streams.run)"
        return Trace(
            requests: made, classNames: trace.classNames, tenantNames: trace.tenantNames,
            provenance: .init(source: name, format: "generated"))
    }
}

extension Trace {
    /// Poisson arrivals at the trace's own rate in each of its whole minutes; at its mean rate if it is shorter than two.
    /// `nil` for a trace without a rate.
    public var arrivalsByMinute: ArrivalProcess? {
        let minute: Int64 = 60_000_000_000
        guard let first = requests.first, rate > 0 else { return nil }
        let whole = Int(duration.nanoseconds / minute)
        // A trace of years has more minutes than a process needs.
        guard whole >= 2, whole <= 10_000_000 else { return .poisson(rate: rate) }
        var counts = [Double](repeating: 0, count: whole)
        for request in requests {
            let index = Int((request.arrival - first.arrival).nanoseconds / minute)
            if index < whole { counts[index] += 1 }
        }
        return .poissonByMinute(counts)
    }
}
