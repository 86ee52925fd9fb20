#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Student's t distribution.
public enum StudentT {
    /// P(T ≤ t) with so many degrees of freedom, through the regularised incomplete beta function (Abramowitz and
    /// Stegun 26.7.1). Errors below 1e-12.
    public static func cumulative(_ t: Double, degreesOfFreedom: Int) -> Double {
        precondition(degreesOfFreedom >= 1, "\(degreesOfFreedom) degrees of freedom")
        let freedom = Double(degreesOfFreedom)
        let tail = 0.5 * incompleteBeta(freedom / (freedom + t * t), a: freedom / 2, b: 0.5)
        return t > 0 ? 1 - tail : tail
    }

    /// The t with P(T ≤ t) = `level`, by bisection to the last bits: there are few quantiles in a report.
    /// - Precondition: 0 < level < 1.
    public static func quantile(_ level: Double, degreesOfFreedom: Int) -> Double {
        precondition(level > 0 && level < 1, "no quantile at \(level)")
        if level == 0.5 { return 0 }
        // The upper tail keeps its digits where 1 − level would lose them.
        let tail = min(level, 1 - level)
        var (low, high) = (0.0, 1.0)
        func upperTail(_ t: Double) -> Double { cumulative(-t, degreesOfFreedom: degreesOfFreedom) }
        for _ in 0..<200 where upperTail(high) > tail { high *= 2 }
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if upperTail(middle) > tail { low = middle } else { high = middle }
        }
        return level > 0.5 ? high : -high
    }

    /// I_x(a, b) by Lentz's continued fraction (Abramowitz and Stegun 26.5.8).
    private static func incompleteBeta(_ x: Double, a: Double, b: Double) -> Double {
        if x <= 0 { return 0 }
        if x >= 1 { return 1 }
        // The fraction converges fast below the mean; above, the complement is computed.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, a: b, b: a) }
        let logarithmOfBeta: Double = lgamma(a) + lgamma(b) - lgamma(a + b)
        let logarithm: Double = a * log(x) + b * log(1 - x) - logarithmOfBeta
        let front: Double = exp(logarithm) / a
        let tiny = 1e-300
        var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
        if abs(d) < tiny { d = tiny }
        d = 1 / d
        var fraction = d
        for m in 1...500 {
            let m = Double(m)
            let k: Double = a + 2 * m
            let even: Double = m * (b - m) * x / ((k - 1) * k)
            let odd: Double = -(a + m) * (a + b + m) * x / (k * (k + 1))
            for term in [even, odd] {
                d = 1 + term * d
                if abs(d) < tiny { d = tiny }
                d = 1 / d
                c = 1 + term / c
                if abs(c) < tiny { c = tiny }
                fraction *= c * d
            }
            if abs(c * d - 1) < 1e-15 { break }
        }
        return front * fraction
    }
}
