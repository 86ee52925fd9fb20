internal import EventKernel

/// What a trace looks like, in numbers. Empty statistics are `nil`, never 0.
public struct TraceStatistics: Hashable, Sendable {
    /// Mean and quantiles of a count of tokens; quantiles interpolate linearly between order statistics.
    public struct Distribution: Hashable, Sendable {
        public var mean: Double
        public var minimum: Double
        public var p50: Double
        public var p90: Double
        public var p99: Double
        public var maximum: Double
    }

    /// Requests counted in bins of one width from the first arrival on, the last bin included however short.
    public struct Dispersion: Hashable, Sendable {
        public var binSeconds: Int
        /// Variance over mean of the counts: 1 for Poisson arrivals of a constant rate.
        public var index: Double
        /// Most requests in one bin.
        public var most: Int
    }

    /// The variation of the gaps within windows of one width from the first arrival on, where drift of the rate does
    /// not enter. Windows of fewer than 20 gaps do not count.
    public struct WindowedVariation: Hashable, Sendable {
        public var windowSeconds: Int
        public var windows: Int
        public var median: Double
        public var least: Double
        public var most: Double
    }

    public var requests: Int
    /// First to last arrival, in seconds; 0 for a file without times.
    public var duration: Double
    /// Requests per second: gaps over duration. `nil` if all arrive at once.
    public var rate: Double?
    /// Standard deviation over mean of the gaps between arrivals: 1 for Poisson arrivals. `nil` like the rate.
    public var gapCoefficientOfVariation: Double?
    /// In windows of 60 and 300 s, where any counts.
    public var gapVariationInWindows: [WindowedVariation]
    /// In bins of 1, 10 and 60 s. Empty if all requests arrive at once.
    public var dispersion: [Dispersion]
    /// Simple distributions of the gaps, nearest first; none without different gaps. Compare the distance of the nearest
    /// with what fits well, about 0.02: for bursts or ticks none does.
    public var gapFits: [GapFit]
    public var promptTokens: Distribution
    public var outputTokens: Distribution
    /// Prompt plus output of each request.
    public var totalTokens: Distribution
    /// Pearson's correlation of prompt and output tokens. `nil` if either is constant.
    public var correlation: Double?
    /// Spearman's rank correlation of prompt and output tokens, ties at their mean rank. `nil` if either is constant.
    public var rankCorrelation: Double?
    /// `nil` for a trace without ids of blocks.
    public var prefixSharing: PrefixSharing?

    /// O(n log n). - Precondition: the trace has a request.
    public init(_ trace: Trace) { self.init(TraceColumns(trace)) }

    /// O(n log n). - Precondition: there is a row.
    public init(_ columns: TraceColumns) {
        let (prompts, outputs) = (columns.promptTokens, columns.outputTokens)
        precondition(!prompts.isEmpty, "no statistics of an empty trace")
        let arrivals = ArrivalStatistics(columns.arrivals.map(\.nanoseconds))
        requests = prompts.count
        duration = Double(arrivals.duration) / 1e9
        rate = arrivals.duration > 0 ? Double(prompts.count - 1) / duration : nil
        gapCoefficientOfVariation = arrivals.variation
        gapVariationInWindows = [60, 300].compactMap { arrivals.variation(inWindowsOf: $0) }
        dispersion = arrivals.duration > 0 ? [1, 10, 60].map { arrivals.dispersion(binSeconds: $0) } : []
        gapFits = GapFit.all(arrivals.gaps)
        promptTokens = Distribution(prompts)
        outputTokens = Distribution(outputs)
        totalTokens = Distribution(zip(prompts, outputs).map { $0 + $1 })
        correlation = Self.correlation(prompts.map { Double($0) }, outputs.map { Double($0) })
        rankCorrelation = Self.correlation(Self.ranks(prompts), Self.ranks(outputs))
        prefixSharing = columns.blockHashes.flatMap { PrefixSharing($0, promptTokens: prompts) }
    }

    /// The `level` quantile (0…1) of sorted values, linear between neighbours (type 7 of Hyndman and Fan 1996).
    public static func quantile(_ level: Double, ofSorted values: [Int]) -> Double {
        precondition(!values.isEmpty && level >= 0 && level <= 1, "quantile \(level) of \(values.count) values")
        let position = level * Double(values.count - 1)
        let below = min(Int(position), values.count - 1)
        let above = min(below + 1, values.count - 1)
        return Double(values[below]) + (position - Double(below)) * Double(values[above] - values[below])
    }

    private static func correlation(_ a: [Double], _ b: [Double]) -> Double? {
        let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
        var (covariance, varianceA, varianceB) = (0.0, 0.0, 0.0)
        for index in a.indices {
            covariance += (a[index] - meanA) * (b[index] - meanB)
            varianceA += (a[index] - meanA) * (a[index] - meanA)
            varianceB += (b[index] - meanB) * (b[index] - meanB)
        }
        guard varianceA > 0, varianceB > 0 else { return nil }
        return covariance / (varianceA * varianceB).squareRoot()
    }

    /// Ranks from 1; equal values share the mean of theirs.
    private static func ranks(_ values: [Int]) -> [Double] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for position in start..<end { ranks[order[position]] = Double(start + end + 1) / 2 }
            start = end
        }
        return ranks
    }
}

extension TraceStatistics.Distribution {
    /// - Precondition: there is a value.
    public init(_ values: [Int]) {
        let sorted = values.sorted()
        mean = Double(sorted.reduce(0, +)) / Double(sorted.count)
        minimum = Double(sorted[0])
        p50 = TraceStatistics.quantile(0.5, ofSorted: sorted)
        p90 = TraceStatistics.quantile(0.9, ofSorted: sorted)
        p99 = TraceStatistics.quantile(0.99, ofSorted: sorted)
        maximum = Double(sorted[sorted.count - 1])
    }
}
