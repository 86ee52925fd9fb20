/// Chosen samples in order of size, found without sorting the others: counts over equal ranges of bits, in which doubles
/// that are not negative order as the numbers do, show which ranges hold them, and only what lies in those is sorted. O(n).
struct OrderStatistics {
    private static let ranges = 1 << 14

    let largest: Double
    /// The samples in ranges that hold a chosen one, ascending.
    private let kept: [Double]
    /// For each chosen rank, its place in `kept`.
    private var places: [(rank: Int, place: Int)] = []

    /// Between which bits all samples lie.
    struct Span {
        fileprivate let least: UInt64
        fileprivate let most: UInt64

        /// - Parameter visit: is given every sample in order. Sums wait for one addition after the other, beside which
        ///   there is time for this.
        /// - Precondition: samples are finite and not negative, at least one.
        @inline(__always)
        init(of samples: [Double], _ visit: (Double) -> Void) {
            var (least, most) = (UInt64.max, UInt64.min)
            for sample in samples {
                precondition(sample.isFinite && sample >= 0, "not a sample: \(sample)")
                visit(sample)
                least = min(least, OrderStatistics.bits(sample))
                most = max(most, OrderStatistics.bits(sample))
            }
            (self.least, self.most) = (least, most)
        }
    }

    /// - Precondition: samples are finite and not negative, at least one; ranks are among 0 ..< their number.
    init(of samples: [Double], ranks: [Int]) {
        self.init(of: samples, within: Span(of: samples) { _ in }, ranks: ranks) { _ in }
    }

    /// The same of samples whose span is known, each of which `visit` is given in order.
    @inline(__always)
    init(of samples: [Double], within span: Span, ranks: [Int], _ visit: (Double) -> Void) {
        let least = span.least
        largest = Double(bitPattern: span.most)
        let bitsOfSpan = UInt64.bitWidth - (span.most - least).leadingZeroBitCount
        let shift = max(0, bitsOfSpan - Self.ranges.trailingZeroBitCount)
        var counts = [Int](repeating: 0, count: Self.ranges)
        for sample in samples {
            visit(sample)
            counts[Int((Self.bits(sample) - least) >> UInt64(shift))] += 1
        }

        var isKept = [Bool](repeating: false, count: Self.ranges)
        var (range, before, keptBefore, keptCount) = (0, 0, 0, 0)
        for rank in ranks.sorted() {
            while before + counts[range] <= rank {
                before += counts[range]
                range += 1
            }
            if !isKept[range] {
                isKept[range] = true
                keptBefore = keptCount
                keptCount += counts[range]
            }
            places.append((rank, keptBefore + rank - before))
        }
        var kept: [Double] = []
        kept.reserveCapacity(keptCount)
        for sample in samples where isKept[Int((Self.bits(sample) - least) >> UInt64(shift))] { kept.append(sample) }
        self.kept = sortedAscending(kept)
    }

    /// The sample of a chosen rank, counted from the smallest, 0.
    subscript(rank: Int) -> Double { kept[places.first { $0.rank == rank }!.place] }

    /// Without the sign of a zero.
    private static func bits(_ sample: Double) -> UInt64 { (sample + 0).bitPattern }
}
