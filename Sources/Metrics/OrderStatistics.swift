/// Chosen samples in order of size, found without sorting the others: counts over equal ranges of bits, in which doubles
/// that are not negative order as the numbers do, show which ranges hold them, and only what lies in those is sorted. O(n).
struct OrderStatistics {
    private static let ranges = 1 << 14

    let largest: Double
    /// The samples in ranges that hold a chosen one, ascending.
    private let kept: [Double]
    /// For each chosen rank, its place in `kept`.
    private var places: [(rank: Int, place: Int)] = []

    /// - Precondition: samples are finite and not negative, at least one; ranks are among 0 ..< their number.
    init(of samples: [Double], ranks: [Int]) {
        var (least, most) = (UInt64.max, UInt64.min)
        for sample in samples {
            precondition(sample.isFinite && sample >= 0, "not a sample: \(sample)")
            least = min(least, Self.bits(sample))
            most = max(most, Self.bits(sample))
        }
        largest = Double(bitPattern: most)
        let shift = max(0, UInt64.bitWidth - (most - least).leadingZeroBitCount - Self.ranges.trailingZeroBitCount)
        var counts = [Int](repeating: 0, count: Self.ranges)
        for sample in samples { counts[Int((Self.bits(sample) - least) >> UInt64(shift))] += 1 }

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
