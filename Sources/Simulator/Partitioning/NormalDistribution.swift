#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The standard normal distribution.
enum NormalDistribution {
    /// P(X ≤ x).
    static func cumulative(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

    /// log P(X ≤ x), also where P(X ≤ x) is too small for a number.
    static func logCumulative(_ x: Double) -> Double {
        if x > -30 { return log(cumulative(x)) }
        // First term of the asymptotic series; the next is 1/x² of it.
        return -x * x / 2 - log(-x) - 0.5 * log(2 * Double.pi)
    }
}

/// Brownian motion held at or above zero: what is left of a busy queue when single arrivals and departures no longer
/// show. It is exact in neither light traffic nor the tail, but covers growing, draining and steady queues by one formula.
struct ReflectedBrownianMotion {
    var start: Double
    /// Per unit of time; negative for a queue that drains.
    var drift: Double
    /// Per unit of time.
    var variance: Double

    /// P(Z(t) ≤ level), after J. M. Harrison, Brownian Motion and Stochastic Flow Systems, 1985, section 3.6.
    func probability(atMost level: Double, after time: Double) -> Double {
        if level < 0 { return 0 }
        let spread = (variance * time).squareRoot()
        if spread == 0 { return max(0, start + drift * time) <= level ? 1 : 0 }
        let direct = NormalDistribution.cumulative((level - start - drift * time) / spread)
        let reflected = NormalDistribution.logCumulative((-level - start - drift * time) / spread)
        return max(0, direct - exp(2 * drift * level / variance + reflected))
    }
}
