internal import EventKernel
internal import Workloads

/// When the paper's client sent the requests of Figs. 12(a), 13(a) and 15(a).
///
/// The released client (branch distserve_base) draws exponential gaps from NumPy's generator with seed 0. What it ran is
/// taken to be 2000 requests at each rate that the paper's file holds, one rate after the other in one process:
/// `ArrivalEvidence` says why. A rate's gaps are then known, up to the figure's scale.
struct ClientArrivals: Sendable {
    static let seed: UInt32 = 0
    /// Of one rate.
    static let requests = 2000
    /// Per group of GPUs, of ShareGPT.
    static let rates = (21...49).map { Double($0) / 2 }

    /// With mean one, rate after rate.
    private let gaps: [Double]

    static let paper = ClientArrivals(seed: seed)

    init(seed: UInt32) {
        var generator = MersenneTwister(seed: seed)
        gaps = (0..<Self.rates.count * Self.requests).map { _ in generator.exponential() }
    }

    /// How many times its nominal value a rate really was: the mean that its gaps should have over the mean that they have.
    func excess(at index: Int) -> Double {
        let first = index * Self.requests
        return Double(Self.requests) / gaps[first..<first + Self.requests].reduce(0, +)
    }

    /// The same requests at the client's times, `nil` at a rate that the paper does not show or if there are more
    /// requests than the client sent.
    /// - Parameters:
    ///   - rate: Per group of GPUs.
    ///   - groups: What the system has of them: the client of DistServe, with two, sends twice as fast.
    func applied(to trace: Trace, rate: Double, groups: Int) -> Trace? {
        guard let index = Self.rates.firstIndex(where: { abs($0 - rate) < 1e-9 }),
            trace.requests.count <= Self.requests
        else { return nil }
        var requests = trace.requests
        var time = 0.0
        for position in requests.indices {
            requests[position].arrival = .zero + SimulationDuration(rounding: time / (rate * Double(groups)))
            time += gaps[index * Self.requests + position]
        }
        return Trace(requests: requests, provenance: trace.provenance)
    }
}
