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

    public var requests: Int
    /// First to last arrival, in seconds.
    public var duration: Double
    /// Requests per second: gaps over duration. `nil` if all arrive at once.
    public var rate: Double?
    /// Standard deviation over mean of the gaps between arrivals: 1 for Poisson arrivals. `nil` like the rate.
    public var gapCoefficientOfVariation: Double?
    /// In bins of 1, 10 and 60 s. Empty if all requests arrive at once.
    public var dispersion: [Dispersion]
    public var promptTokens: Distribution
    public var outputTokens: Distribution
    /// Prompt plus output of each request.
    public var totalTokens: Distribution
    /// Spearman's rank correlation of prompt and output tokens, ties at their mean rank. `nil` if either is constant.
    public var rankCorrelation: Double?

    /// O(n log n). - Precondition: the trace has a request.
    public init(_ trace: Trace) {
        let requests = trace.requests
        precondition(!requests.isEmpty, "no statistics of an empty trace")
        let prompts = requests.map(\.promptTokens)
        let outputs = requests.map(\.outputTokens)
        self.requests = requests.count
        duration = trace.duration.seconds
        rate = duration > 0 ? trace.rate : nil
        gapCoefficientOfVariation = Self.gapVariation(requests)
        dispersion = duration > 0 ? [1, 10, 60].compactMap { Self.dispersion(requests, binSeconds: $0) } : []
        promptTokens = Distribution(prompts)
        outputTokens = Distribution(outputs)
        totalTokens = Distribution(requests.map { $0.promptTokens + $0.outputTokens })
        rankCorrelation = Self.rankCorrelation(prompts, outputs)
    }

    /// The `level` quantile (0…1) of sorted values, linear between neighbours (type 7 of Hyndman and Fan 1996).
    public static func quantile(_ level: Double, ofSorted values: [Int]) -> Double {
        precondition(!values.isEmpty && level >= 0 && level <= 1, "quantile \(level) of \(values.count) values")
        let position = level * Double(values.count - 1)
        let below = min(Int(position), values.count - 1)
        let above = min(below + 1, values.count - 1)
        return Double(values[below]) + (position - Double(below)) * Double(values[above] - values[below])
    }

    private static func gapVariation(_ requests: [Request]) -> Double? {
        guard let first = requests.first, let last = requests.last, first.arrival < last.arrival else { return nil }
        let mean = (last.arrival - first.arrival).seconds / Double(requests.count - 1)
        var squares = 0.0
        for index in 1..<requests.count {
            let deviation = (requests[index].arrival - requests[index - 1].arrival).seconds - mean
            squares += deviation * deviation
        }
        return (squares / Double(requests.count - 1)).squareRoot() / mean
    }

    /// Counts by walking the sorted arrivals; empty bins between them enter as zeros without being visited.
    private static func dispersion(_ requests: [Request], binSeconds: Int) -> Dispersion? {
        guard let first = requests.first, let last = requests.last else { return nil }
        let width = Int64(binSeconds) * 1_000_000_000
        let bins = Double((last.arrival - first.arrival).nanoseconds / width + 1)
        var (squares, most, current, count) = (0.0, 0, Int64(0), 0)
        for request in requests {
            let bin = (request.arrival - first.arrival).nanoseconds / width
            if bin != current {
                squares += Double(count * count)
                (current, count) = (bin, 0)
            }
            count += 1
            most = max(most, count)
        }
        squares += Double(count * count)
        let mean = Double(requests.count) / bins
        return Dispersion(binSeconds: binSeconds, index: (squares / bins - mean * mean) / mean, most: most)
    }

    private static func rankCorrelation(_ a: [Int], _ b: [Int]) -> Double? {
        let (a, b) = (ranks(a), ranks(b))
        let mean = Double(a.count + 1) / 2
        var (covariance, varianceA, varianceB) = (0.0, 0.0, 0.0)
        for index in a.indices {
            covariance += (a[index] - mean) * (b[index] - mean)
            varianceA += (a[index] - mean) * (a[index] - mean)
            varianceB += (b[index] - mean) * (b[index] - mean)
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
