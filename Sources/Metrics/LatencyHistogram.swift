public import EventKernel
internal import Histogram

/// Counts of latencies in classes of two significant digits, which place every one within 0.4 % of its class's middle.
/// Gaps between tokens are counted so instead of kept, since there are hundreds of them per request.
///
/// All statistics are functions of the class counts alone, so it makes no difference whether gaps of one class were
/// recorded one by one or together.
public struct LatencyHistogram: Sendable {
    /// Latencies of one class: all up to `upperBound` that are in no lower class.
    public struct Bucket: Hashable, Sendable {
        public var upperBound: SimulationDuration
        public var count: Int

        public init(upperBound: SimulationDuration, count: Int) {
            self.upperBound = upperBound
            self.count = count
        }
    }

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: UInt64(Int64.max / 2), numberOfSignificantValueDigits: .two)

    public init() {}

    /// - Precondition: the gap is not negative and below 146 years.
    public mutating func record(_ gap: SimulationDuration, count: Int) {
        let isCounted = histogram.record(UInt64(gap.nanoseconds), count: UInt64(count))
        precondition(isCounted, "a gap of \(gap.nanoseconds) ns between tokens")
    }

    public func longestGap(countedWith gap: SimulationDuration) -> SimulationDuration {
        SimulationDuration(nanoseconds: Int64(histogram.highestEquivalentForValue(UInt64(gap.nanoseconds))))
    }

    /// Classes that are not empty, in ascending order.
    public var buckets: [Bucket] {
        histogram.recordedValues().map {
            Bucket(
                upperBound: SimulationDuration(nanoseconds: Int64(histogram.highestEquivalentForValue($0.value))),
                count: Int($0.count))
        }
    }

    /// Of the gaps in seconds, each taken for the middle of its class; a percentile is the smallest class that at least
    /// this share of the gaps reaches.
    public var distribution: Distribution {
        var classes: [(middle: Double, count: Int)] = []
        for value in histogram.recordedValues() {
            let low = histogram.lowestEquivalentForValue(value.value)
            let high = histogram.highestEquivalentForValue(value.value)
            classes.append(((Double(low) + Double(high)) / 2e9, Int(value.count)))
        }
        var result = Distribution()
        result.count = classes.reduce(0) { $0 + $1.count }
        guard let last = classes.last else { return result }
        let n = Double(result.count)
        let mean = classes.reduce(0) { $0 + $1.middle * Double($1.count) } / n
        let squares = classes.reduce(0) { $0 + ($1.middle - mean) * ($1.middle - mean) * Double($1.count) }
        result.mean = mean
        result.standardDeviation = (squares / n).squareRoot()
        result.max = last.middle
        func quantile(_ fraction: Double) -> Double {
            let rank = Int((fraction * n).rounded(.up))
            var seen = 0
            for item in classes {
                seen += item.count
                if seen >= rank { return item.middle }
            }
            return last.middle
        }
        result.p50 = quantile(0.5)
        result.p90 = quantile(0.9)
        result.p95 = quantile(0.95)
        result.p99 = quantile(0.99)
        return result
    }
}

/// The classes of a metric's values, in ascending order.
public struct MetricHistogram: Hashable, Sendable {
    public var metric: Metric
    public var buckets: [LatencyHistogram.Bucket]

    public init(metric: Metric, buckets: [LatencyHistogram.Bucket]) {
        self.metric = metric
        self.buckets = buckets
    }
}
