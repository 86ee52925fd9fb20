public import EventKernel

/// Counts of latencies in classes: 128 to an octave, which places every one within 0.4 % of its class's middle, and one to
/// a nanosecond below 256. These are the classes of HdrHistogram at two significant digits. Gaps between tokens are counted
/// so instead of kept, since there are hundreds of them per request.
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

    private static let classes = GapClass.index(of: 1 << 62 - 1) + 1

    private var counts = [Int](repeating: 0, count: classes)

    public init() {}

    /// - Precondition: the gap is not negative and below 146 years.
    public mutating func record(_ gap: SimulationDuration, count: Int) {
        precondition(gap.nanoseconds >= 0 && gap.nanoseconds < 1 << 62, "a gap of \(gap.nanoseconds) ns between tokens")
        counts[GapClass.index(of: gap.nanoseconds)] += count
    }

    public func longestGap(countedWith gap: SimulationDuration) -> SimulationDuration {
        SimulationDuration(nanoseconds: GapClass(of: gap.nanoseconds).last)
    }

    /// Classes that are not empty, in ascending order.
    public var buckets: [Bucket] {
        filled.map { Bucket(upperBound: SimulationDuration(nanoseconds: $0.gaps.last), count: $0.count) }
    }

    private var filled: [(gaps: GapClass, count: Int)] {
        counts.indices.compactMap { counts[$0] > 0 ? (GapClass(index: $0), counts[$0]) : nil }
    }

    /// Of the gaps in seconds, each taken for the middle of its class; a percentile is the smallest class that at least
    /// this share of the gaps reaches.
    public var distribution: Distribution {
        let classes = filled.map { (middle: (Double($0.gaps.first) + Double($0.gaps.last)) / 2e9, count: $0.count) }
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

/// The gaps, in nanoseconds, that are counted together.
private struct GapClass {
    /// log₂ of the number of classes in an octave.
    private static let octaveBits = 7

    let first: Int64
    let last: Int64

    /// The class of a gap. O(1).
    init(of gap: Int64) {
        let shift = Self.shift(of: gap)
        first = (gap >> shift) << shift
        last = first + (1 << shift) - 1
    }

    init(index: Int) {
        let shift = max(0, (index >> Self.octaveBits) - 1)
        first = Int64(index - (shift << Self.octaveBits)) << shift
        last = first + (1 << shift) - 1
    }

    /// Of the class of a gap, in ascending order from 0. O(1).
    @inline(__always)
    static func index(of gap: Int64) -> Int {
        let shift = shift(of: gap)
        return (shift << octaveBits) + Int(gap >> shift)
    }

    /// log₂ of the nanoseconds in the class of a gap.
    @inline(__always)
    private static func shift(of gap: Int64) -> Int {
        max(0, Int64.bitWidth - gap.leadingZeroBitCount - 1 - octaveBits)
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
