#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A distribution of gaps between arrivals, fitted by maximum likelihood, and how far it is from them. Gaps of zero,
/// which a clock of coarse ticks makes, have no likelihood and are left out; nothing is fitted where they are the most.
public struct GapFit: Hashable, Sendable {
    public enum Family: Hashable, Sendable {
        /// In seconds.
        case exponential(mean: Double)
        case weibull(shape: Double, scale: Double)
        case gamma(shape: Double, scale: Double)
        case logNormal(mu: Double, sigma: Double)
    }

    public var family: Family
    /// The largest distance between its distribution function and that of the gaps (Kolmogorov and Smirnov).
    public var distance: Double

    /// Fits of all families to gaps in seconds, nearest first; none for fewer than two different ones. O(n log n).
    static func all(_ all: [Double]) -> [GapFit] {
        let gaps = all.filter { $0 > 0 }.sorted()
        guard gaps.count * 2 > all.count, let first = gaps.first, let last = gaps.last, first < last else { return [] }
        let count = Double(gaps.count)
        let mean = gaps.reduce(0, +) / count
        let logs = gaps.map { log($0) }
        let mu = logs.reduce(0, +) / count
        let sigma = (logs.reduce(0) { $0 + ($1 - mu) * ($1 - mu) } / count).squareRoot()
        let families: [Family] = [
            .exponential(mean: mean), weibull(logs, mu), gamma(mean, mu), .logNormal(mu: mu, sigma: sigma),
        ]
        let fits = families.map { GapFit(family: $0, distance: $0.distance(ofSorted: gaps)) }
        return fits.enumerated().sorted { ($0.element.distance, $0.offset) < ($1.element.distance, $1.offset) }
            .map(\.element)
    }

    /// Its shape is where Σ xᵏ ln x / Σ xᵏ − 1/k = mean ln x, which rises with k.
    private static func weibull(_ logs: [Double], _ mu: Double) -> Family {
        // Powers relative to the largest gap, so that none overflows.
        let largest = logs[logs.count - 1]
        let shape = root(from: 1e-3, to: 1e3) { k in
            var (powers, weighted) = (0.0, 0.0)
            for value in logs {
                let power = exp(k * (value - largest))
                powers += power
                weighted += power * value
            }
            return weighted / powers - 1 / k - mu
        }
        let powers = logs.reduce(0) { $0 + exp(shape * ($1 - largest)) } / Double(logs.count)
        return .weibull(shape: shape, scale: exp(largest) * pow(powers, 1 / shape))
    }

    /// Its shape is where ψ(k) − ln k = mean ln x − ln mean x, which rises with k.
    private static func gamma(_ mean: Double, _ mu: Double) -> Family {
        let shape = root(from: 1e-3, to: 1e6) { digamma($0) - log($0) - (mu - log(mean)) }
        return .gamma(shape: shape, scale: mean / shape)
    }

    /// Where a rising function crosses zero, by halving the logarithm of the interval.
    private static func root(from low: Double, to high: Double, _ value: (Double) -> Double) -> Double {
        var (low, high) = (log(low), log(high))
        for _ in 0..<50 {
            let middle = (low + high) / 2
            if value(exp(middle)) < 0 { low = middle } else { high = middle }
        }
        return exp((low + high) / 2)
    }
}

extension GapFit.Family {
    /// The share of gaps of at most `gap` seconds.
    func level(_ gap: Double) -> Double {
        switch self {
        case .exponential(let mean): -expm1(-gap / mean)
        case .weibull(let shape, let scale): -expm1(-pow(gap / scale, shape))
        case .gamma(let shape, let scale): incompleteGamma(shape, gap / scale)
        case .logNormal(let mu, let sigma): normalLevel((log(gap) - mu) / sigma)
        }
    }

    fileprivate func distance(ofSorted gaps: [Double]) -> Double {
        var largest = 0.0
        for (index, gap) in gaps.enumerated() {
            let level = level(gap)
            largest = max(
                largest, level - Double(index) / Double(gaps.count), Double(index + 1) / Double(gaps.count) - level)
        }
        return largest
    }
}

/// ψ(x) for x > 0: moved above 6 by ψ(x) = ψ(x + 1) − 1/x, then by its asymptotic series (Abramowitz and Stegun 6.3.18).
private func digamma(_ x: Double) -> Double {
    var (x, shift) = (x, 0.0)
    while x < 6 {
        shift -= 1 / x
        x += 1
    }
    let inverse = 1 / (x * x)
    return shift + log(x) - 1 / (2 * x) - inverse * (1.0 / 12 - inverse * (1.0 / 120 - inverse / 252))
}

/// The regularised lower incomplete gamma function: its series below a + 1, a continued fraction above (Abramowitz and
/// Stegun 6.5.29 and 6.5.31, by Lentz's method).
private func incompleteGamma(_ a: Double, _ x: Double) -> Double {
    if x <= 0 { return 0 }
    let front = exp(a * log(x) - x - lgamma(a))
    if x < a + 1 {
        var (term, sum, n) = (1 / a, 1 / a, a)
        // Terms fall at least as x/(a + n): a thousand are enough for any shape that gaps have.
        for _ in 0..<1000 where term > sum * 1e-16 {
            n += 1
            term *= x / n
            sum += term
        }
        return min(1, front * sum)
    }
    let tiny = 1e-300
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / b
    var fraction = d
    for i in 1...1000 {
        let numerator = -Double(i) * (Double(i) - a)
        b += 2
        d = numerator * d + b
        if abs(d) < tiny { d = tiny }
        c = b + numerator / c
        if abs(c) < tiny { c = tiny }
        d = 1 / d
        fraction *= d * c
        if abs(d * c - 1) < 1e-15 { break }
    }
    return max(0, 1 - front * fraction)
}
