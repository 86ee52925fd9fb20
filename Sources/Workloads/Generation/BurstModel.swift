internal import EventKernel

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Arrivals in bursts with pauses between them, for traffic that no process of independent, equally distributed gaps
/// describes. Fitted to Azure LLM inference 2023 code: gap coefficient of variation 13, and 58 bursts in an hour.
public struct BurstModel: Hashable, Sendable {
    /// A Gamma distribution; its mean is shape times scale.
    struct Gamma: Hashable, Sendable {
        var shape: Double
        var scale: Double

        func draw(_ stream: inout RandomStream) -> Double { stream.gamma(shape: shape, scale: scale) }
    }

    /// One of the lognormals that gaps within a burst are mixed from.
    struct Gap: Hashable, Sendable {
        var mu: Double
        var sigma: Double
    }

    var requestsPerBurst: Gamma
    /// In seconds.
    var shortGap: Gap
    var longGap: Gap
    var shareOfShortGaps: Double
    /// Seconds without a request that end a burst: gaps within one are shorter, pauses are longer.
    var longestGap: Double
    /// Seconds of a pause beyond the longest gap.
    var pauseExcess: Gamma

    public static let azureCode = BurstModel(
        requestsPerBurst: Gamma(shape: 1.695, scale: 89.72), shortGap: Gap(mu: -5.950, sigma: 2.584),
        longGap: Gap(mu: -2.074, sigma: 0.635), shareOfShortGaps: 0.523, longestGap: 5,
        pauseExcess: Gamma(shape: 0.742, scale: 51.54))

    /// Requests per second over a long time.
    var meanRate: Double {
        let requests = requestsPerBurst.shape * requestsPerBurst.scale
        let pause = longestGap + pauseExcess.shape * pauseExcess.scale
        return requests / ((requests - 1) * meanGap + pause)
    }

    /// Of the mix, cut at the longest gap.
    private var meanGap: Double {
        var (sum, share) = (0.0, 0.0)
        for (gap, weight) in [(shortGap, shareOfShortGaps), (longGap, 1 - shareOfShortGaps)] {
            let bound = (log(longestGap) - gap.mu) / gap.sigma
            share += weight * normalLevel(bound)
            sum += weight * exp(gap.mu + gap.sigma * gap.sigma / 2) * normalLevel(bound - gap.sigma)
        }
        return sum / share
    }

    func drawGap(_ stream: inout RandomStream) -> Double {
        // More than 95 % of draws are kept, so that the bound is never met.
        for _ in 0..<1000 {
            let gap = stream.uniform() < shareOfShortGaps ? shortGap : longGap
            let seconds = stream.logNormal(mu: gap.mu, sigma: gap.sigma)
            if seconds < longestGap { return seconds }
        }
        return longestGap
    }
}

/// The standard normal's distribution function.
func normalLevel(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }
