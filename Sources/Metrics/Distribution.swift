/// Mean, spread and percentiles of samples. Everything is `nil` if there are none.
///
/// Percentiles interpolate linearly between the two nearest samples, as `numpy.percentile` does by default; the standard
/// deviation is that of the population, as `numpy.std` has it.
public struct Distribution: Hashable, Sendable {
    public var count: Int
    public var mean: Double?
    public var standardDeviation: Double?
    public var p50: Double?
    public var p90: Double?
    public var p95: Double?
    public var p99: Double?
    public var max: Double?

    public init() { count = 0 }

    /// The exact distribution of `samples`, in O(n).
    /// - Precondition: samples are finite and not negative.
    public init(of samples: [Double]) {
        count = samples.count
        guard !samples.isEmpty else { return }
        let n = Double(samples.count)
        var sum = CompensatedSum()
        let span = OrderStatistics.Span(of: samples) { sum.add($0) }
        let mean = sum.value / n
        self.mean = mean
        let fractions = [0.5, 0.9, 0.95, 0.99]
        let ranks = fractions.flatMap { Rank($0, of: samples.count).neighbours }
        var squares = CompensatedSum()
        let order = OrderStatistics(of: samples, within: span, ranks: ranks) { squares.add(($0 - mean) * ($0 - mean)) }
        standardDeviation = (squares.value / n).squareRoot()
        let percentiles = fractions.map { Rank($0, of: samples.count).value(order) }
        (p50, p90, p95, p99) = (percentiles[0], percentiles[1], percentiles[2], percentiles[3])
        max = order.largest
    }

    public subscript(_ statistic: Statistic) -> Double? {
        switch statistic {
        case .mean: mean
        case .standardDeviation: standardDeviation
        case .p50: p50
        case .p90: p90
        case .p95: p95
        case .p99: p99
        case .max: max
        case .value: nil
        }
    }
}

/// Kahan's summation: a mean of a million equal samples is that sample.
private struct CompensatedSum {
    private(set) var value = 0.0
    private var lost = 0.0

    @inline(__always)
    mutating func add(_ term: Double) {
        let next = term - lost
        let total = value + next
        lost = (total - value) - next
        value = total
    }
}

/// The rank `fraction · (n − 1)`, which may lie between two samples.
private struct Rank {
    private let position: Double
    private let count: Int

    init(_ fraction: Double, of count: Int) {
        position = fraction * Double(count - 1)
        self.count = count
    }

    var neighbours: [Int] { [Int(position), min(Int(position) + 1, count - 1)] }

    /// Interpolated between the neighbours.
    func value(_ order: OrderStatistics) -> Double {
        let (below, above) = (order[neighbours[0]], order[neighbours[1]])
        return below + (above - below) * (position - Double(neighbours[0]))
    }
}

/// A radix sort, because a million requests have five distributions and comparison sorts would take longer than the
/// simulation. The bits of doubles that are not negative order as the numbers do.
func sortedAscending(_ samples: [Double]) -> [Double] {
    let digitBits = 11
    let digits = 1 << digitBits
    let passes = (UInt64.bitWidth + digitBits - 1) / digitBits
    var counts = [Int](repeating: 0, count: passes * digits)
    for sample in samples {
        precondition(sample.isFinite && sample >= 0, "not a sample: \(sample)")
        var bits = sample.bitPattern
        for pass in 0..<passes {
            counts[pass * digits + Int(bits & UInt64(digits - 1))] += 1
            bits >>= UInt64(digitBits)
        }
    }
    var from = samples
    var to = [Double](repeating: 0, count: from.count)
    for pass in 0..<passes {
        let slots = pass * digits..<(pass + 1) * digits
        // Times in nanoseconds share their high bits: such a pass would only copy.
        if counts[slots].contains(from.count) { continue }
        var next = 0
        for slot in slots {
            let here = counts[slot]
            counts[slot] = next
            next += here
        }
        for sample in from {
            let slot = slots.lowerBound + Int((sample.bitPattern >> UInt64(pass * digitBits)) & UInt64(digits - 1))
            to[counts[slot]] = sample
            counts[slot] += 1
        }
        swap(&from, &to)
    }
    return from
}
