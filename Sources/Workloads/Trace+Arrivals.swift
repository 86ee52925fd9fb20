public import EventKernel

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension Trace {
    /// The same requests in the same order, with arrivals drawn from a process instead of recorded, so that
    /// replications of one trace differ by seed. Lengths and classes stay; the stream is that of generated arrivals,
    /// so that the first requests do not depend on how many there are. O(n).
    ///
    /// In a trace of sessions the process says when sessions start, and the other requests keep their pauses.
    ///
    /// `nil` if the process is too slow or too bursty for this many requests to fit into simulated time.
    /// - Precondition: the process has no `problem`.
    public func withArrivals(_ process: ArrivalProcess, streams: RandomStreams) -> Trace? {
        if let problem = process.problem { preconditionFailure(problem) }
        guard var arrivals = DrawnArrivals(process, streams: streams) else { return nil }
        var drawn = requests
        for index in drawn.indices {
            if let followUp = followUps?[index], let after = followUp.after {
                drawn[index].arrival = drawn[after].arrival.later(by: followUp.pause)
                continue
            }
            guard let arrival = arrivals.next() else { return nil }
            drawn[index].arrival = arrival
        }
        let change = "arrivals drawn: \(process.words), seed \(streams.seed), run \(streams.run)"
        guard followUps != nil else { return changed(change, drawn, blockHashes) }
        var (followUps, blockHashes) = (followUps, blockHashes)
        Self.sort(&drawn, &followUps, &blockHashes)
        var trace = changed(change, drawn, blockHashes)
        trace.followUps = followUps
        return trace
    }
}

/// Arrivals of a process, one after the other, as long as they fit into simulated time.
struct DrawnArrivals: Sendable {
    private var sampler: ArrivalSampler

    /// `nil` if gaps alone may be too long.
    init?(_ process: ArrivalProcess, streams: RandomStreams) {
        guard process.longestLikelyGap < Self.longestSpan / 2 else { return nil }
        sampler = ArrivalSampler(process, stream: streams.stream(named: "arrivals"))
    }

    mutating func next() -> SimulationTime? {
        let arrival = sampler.next()
        return arrival.seconds < Self.longestSpan / 2 ? arrival : nil
    }

    /// Seconds that a trace may last: what its readers take, far below where simulated time ends.
    private static let longestSpan = 4e9
}

extension ArrivalProcess {
    /// Seconds that no gap exceeds but with a chance of e⁻⁵⁰: gaps have tails that fall like exponentials.
    fileprivate var longestLikelyGap: Double {
        switch self {
        case .evenlySpaced(let rate): 1 / rate
        case .poisson(let rate): 50 / rate
        case .gamma(let rate, let variation): 50 / rate * max(1, variation * variation)
        // Its quantile at 1 - e⁻⁵⁰.
        case .weibull(let rate, let shape): pow(50, 1 / shape) / (rate * tgamma(1 + 1 / shape))
        case .onOff(let rate, let on, let off): 50 * off * (1 + 1 / (rate * (on + off))) + 50 / rate
        // Their gaps are bounded where the process itself is checked.
        case .poissonByMinute, .bursts: 0
        }
    }

    fileprivate var words: String {
        switch self {
        case .evenlySpaced(let rate): "evenly spaced at \(rate) requests/s"
        case .poisson(let rate): "Poisson at \(rate) requests/s"
        case .gamma(let rate, let variation): "gamma of CV \(variation) at \(rate) requests/s"
        case .weibull(let rate, let shape): "Weibull of shape \(shape) at \(rate) requests/s"
        case .onOff(let rate, let on, let off): "Poisson in spells of \(on) s, \(off) s apart, at \(rate) requests/s"
        case .poissonByMinute, .bursts: "mean of \(meanRate) requests/s"
        }
    }
}
