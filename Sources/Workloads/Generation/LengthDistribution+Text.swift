extension LengthDistribution {
    /// How each is written, for messages and help. Tables of quantiles come with presets.
    public static let words =
        "fixed:TOKENS, lognormal:MU,SIGMA[,LEAST,MOST], zipf:EXPONENT,LEAST,MOST or quantiles:TOKENS,TOKENS,…"

    /// Lengths that a lognormal keeps if its text has no bounds.
    private static let usualLengths = 1.0...1_000_000.0

    /// `nil` for text that is none, or that names one nothing can be drawn from.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let values = parts[1].split(separator: ",", omittingEmptySubsequences: false)
        let numbers = values.compactMap { DecimalText.number($0) }
        guard numbers.count == values.count, let distribution = Self.named(parts[0], numbers),
            distribution.problem == nil
        else { return nil }
        self = distribution
    }

    private static func named(_ name: Substring, _ numbers: [Double]) -> LengthDistribution? {
        switch (name, numbers.count) {
        case ("fixed", 1): return tokens(numbers[0]).map { .fixed($0) }
        case ("lognormal", 2), ("lognormal", 4):
            let (least, most) =
                numbers.count == 4 ? (numbers[2], numbers[3]) : (usualLengths.lowerBound, usualLengths.upperBound)
            return lengths(least, most).map { .logNormal(mu: numbers[0], sigma: numbers[1], kept: $0) }
        case ("zipf", 3): return lengths(numbers[1], numbers[2]).map { .zipf(exponent: numbers[0], lengths: $0) }
        case ("quantiles", 2...):
            let table = numbers.compactMap(tokens)
            return table.count == numbers.count ? .quantiles(table) : nil
        default: return nil
        }
    }

    private static func tokens(_ number: Double) -> Int? {
        number >= 1 && number <= Double(DecimalText.largestCount) ? Int(exactly: number) : nil
    }

    private static func lengths(_ least: Double, _ most: Double) -> ClosedRange<Int>? {
        guard let least = tokens(least), let most = tokens(most), least <= most else { return nil }
        return least...most
    }
}
