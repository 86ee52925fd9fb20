#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How many tokens prompts or outputs have. Lengths are drawn by turning a standard normal into the quantile at its
/// level, so that prompt and output can be correlated without touching the distribution of either.
public enum LengthDistribution: Hashable, Sendable {
    case fixed(Int)
    /// Values at evenly spaced levels from 0 to 1; linear between them, rounded to whole tokens. Keeps the atoms and
    /// humps of real traces that no family of curves has.
    case quantiles([Int])
    /// exp(mu + sigma·Z), rounded; draws outside `kept` are thrown away and drawn again, as data sets are filtered.
    case logNormal(mu: Double, sigma: Double, kept: ClosedRange<Int>)
    /// Zipf's law over these lengths: the shortest is the most frequent, the k-th has a share that falls as k^-exponent.
    /// Continuous power law cut at both ends and rounded down, so that a draw is one formula.
    case zipf(exponent: Double, lengths: ClosedRange<Int>)
    /// One of these values, each equally likely. In ascending order, which a correlation relies on.
    case resampled([Int])

    /// The length at a standard normal's level, or `nil` if it is thrown away.
    func length(atNormal z: Double) -> Int? {
        switch self {
        case .fixed(let length): return length
        case .quantiles(let table):
            let position = normalLevel(z) * Double(table.count - 1)
            let below = min(Int(position), table.count - 2)
            return Int(
                (Double(table[below]) + (position - Double(below)) * Double(table[below + 1] - table[below])).rounded())
        case .logNormal(let mu, let sigma, let kept):
            let length = exp(mu + sigma * z).rounded()
            return length >= Double(kept.lowerBound) && length <= Double(kept.upperBound) ? Int(length) : nil
        case .zipf(let exponent, let lengths):
            return Self.zipf(normalLevel(z), exponent, lengths)
        case .resampled(let values):
            return values[min(Int(normalLevel(z) * Double(values.count)), values.count - 1)]
        }
    }

    /// What a draw falls back to if every try was thrown away.
    var nearestKept: Int {
        switch self {
        case .logNormal(let mu, _, let kept): Int(min(max(exp(mu), Double(kept.lowerBound)), Double(kept.upperBound)))
        case .fixed, .quantiles, .zipf, .resampled: length(atNormal: 0) ?? 1
        }
    }

    /// Why no lengths can be drawn from this, in words for a message; `nil` if all is well.
    public var problem: String? {
        switch self {
        case .fixed(let length): length >= 1 ? nil : "length \(length), expected at least 1"
        case .quantiles(let table):
            if table.count < 2 {
                "\(table.count) quantiles, expected at least 2"
            } else {
                Self.problem(ofSorted: table, "quantiles")
            }
        case .logNormal(let mu, let sigma, let kept):
            if !mu.isFinite || !sigma.isFinite || sigma < 0 {
                "mu \(mu) and sigma \(sigma), expected finite numbers and sigma of at least 0"
            } else if kept.lowerBound < 1 {
                "lengths from \(kept.lowerBound), expected at least 1"
            } else if keptShare(mu, sigma, kept) < 0.01 {
                "less than 1 % of the lognormal lies in \(kept.lowerBound)…\(kept.upperBound), expected more"
            } else {
                nil
            }
        case .zipf(let exponent, let lengths):
            if !(exponent > 0 && exponent <= 10) {
                "Zipf exponent \(exponent), expected more than 0 and at most 10"
            } else if lengths.lowerBound < 1 || lengths.upperBound > 1_000_000_000 {
                "lengths \(lengths), expected some within 1…1000000000"
            } else {
                nil
            }
        case .resampled(let values):
            values.isEmpty
                ? "no lengths to draw from, expected at least one" : Self.problem(ofSorted: values, "lengths")
        }
    }

    /// The inverse of the power law's distribution function over 1…n + 1, n the number of lengths; a logarithm where
    /// the exponent is 1.
    private static func zipf(_ level: Double, _ exponent: Double, _ lengths: ClosedRange<Int>) -> Int {
        let end = Double(lengths.count + 1)
        let power = 1 - exponent
        let rank =
            abs(power) < 1e-9 ? pow(end, level) : pow(1 + level * (pow(end, power) - 1), 1 / power)
        return lengths.lowerBound + min(Int(rank), lengths.count) - 1
    }

    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

    private static func problem(ofSorted values: [Int], _ name: String) -> String? {
        if values[0] < 1 { return "\(name) start at \(values[0]), expected at least 1" }
        for index in values.indices.dropFirst() where values[index] < values[index - 1] {
            return "\(name) fall from \(values[index - 1]) to \(values[index]), expected ascending order"
        }
        return nil
    }

    private func keptShare(_ mu: Double, _ sigma: Double, _ kept: ClosedRange<Int>) -> Double {
        if sigma == 0 { return kept.contains(Int(min(exp(mu).rounded(), 1e18))) ? 1 : 0 }
        let low = (log(Double(kept.lowerBound) - 0.5) - mu) / sigma
        let high = (log(Double(kept.upperBound) + 0.5) - mu) / sigma
        return normalLevel(high) - normalLevel(low)
    }
}
