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

    private var counts = [Int](repeating: 0, count: GapClass.count)

    public init() {}

    /// - Precondition: the gap is not negative and below 146 years.
    @inline(__always)
    public mutating func record(_ gap: SimulationDuration, count: Int) { counts[GapClass.index(of: gap)] += count }

    /// Adds what another has counted.
    public mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// Classes that are not empty, in ascending order.
    public var buckets: [Bucket] { filled.map { Bucket(upperBound: $0.gaps.longest, count: $0.count) } }

    private var filled: [(gaps: GapClass, count: Int)] {
        counts.indices.compactMap { counts[$0] > 0 ? (GapClass(index: $0), counts[$0]) : nil }
    }

    /// Of the gaps in seconds, each taken for the middle of its class; a percentile is the smallest class that at least
    /// this share of the gaps reaches.
    public var distribution: Distribution {
        let classes = filled.map { (middle: $0.gaps.middleSeconds, count: $0.count) }
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

/// Gaps that are counted together.
public struct GapClass: Sendable, BitwiseCopyable {
    /// log₂ of the number of classes in an octave.
    @inlinable
    static var octaveBits: Int { 7 }

    /// How many there are: those of all gaps below 2⁶² ns.
    @inlinable
    public static var count: Int { index(of: SimulationDuration(nanoseconds: 1 << 62 - 1)) + 1 }

    public let shortest: SimulationDuration
    public let longest: SimulationDuration

    /// The class of a gap. O(1).
    @inlinable
    public init(of gap: SimulationDuration) {
        let shift = Self.shift(of: gap)
        let first = (gap.nanoseconds &>> shift) &<< shift
        self.init(first: first, shift: shift)
    }

    @inlinable
    public init(index: Int) {
        let shift = max(0, index >> Self.octaveBits - 1)
        self.init(first: Int64(index - shift << Self.octaveBits) << shift, shift: shift)
    }

    @inlinable
    init(first: Int64, shift: Int) {
        shortest = SimulationDuration(nanoseconds: first)
        longest = SimulationDuration(nanoseconds: first + (1 &<< shift - 1))
    }

    /// Of the class of a gap, in ascending order from 0; `count` or more if the gap is negative, or 2⁶² ns and longer. O(1).
    @inlinable
    public static func index(of gap: SimulationDuration) -> Int {
        let shift = shift(of: gap)
        return shift &<< octaveBits &+ Int(truncatingIfNeeded: UInt64(bitPattern: gap.nanoseconds) &>> UInt64(shift))
    }

    /// log₂ of the nanoseconds in the class of a gap.
    @inlinable
    static func shift(of gap: SimulationDuration) -> Int {
        // The bit that is set makes classes of less than a nanosecond one of a nanosecond.
        let leading = (gap.nanoseconds | 1 << octaveBits).leadingZeroBitCount
        return Int64.bitWidth - 1 - octaveBits - leading
    }

    fileprivate var middleSeconds: Double { (Double(shortest.nanoseconds) + Double(longest.nanoseconds)) / 2e9 }
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
