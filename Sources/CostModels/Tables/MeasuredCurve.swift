/// A predicted time and what it rests on.
public struct KernelPrice: Hashable, Sendable, BitwiseCopyable {
    public var seconds: Double
    public var provenance: CostProvenance

    public init(seconds: Double, provenance: CostProvenance) {
        self.seconds = seconds
        self.provenance = provenance
    }
}

extension CostProvenance {
    /// What a number rests on that was made from this one and another.
    func worse(_ other: Self) -> Self { rank < other.rank ? other : self }

    private var rank: Int {
        switch self {
        case .measured: 0
        case .interpolated: 1
        case .heldUtilisation: 2
        case .analytic: 3
        case .given: 4
        }
    }
}

/// Times of a kernel by its size: as measured at the points, linear between them; above the last the utilisation is held,
/// so time grows in proportion, and below the first the time stays.
public struct MeasuredCurve: Hashable, Sendable {
    public let sizes: [Double]
    public let seconds: [Double]
    /// Of the points themselves: `measured`, unless the curve was made from others.
    public let origin: CostProvenance

    /// - Precondition: as many times as sizes, at least one; sizes ascend.
    public init(sizes: [Double], seconds: [Double], origin: CostProvenance = .measured) {
        precondition(sizes.count == seconds.count && !sizes.isEmpty, "\(sizes.count) sizes, \(seconds.count) times")
        precondition(zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 }, "sizes must ascend: \(sizes)")
        self.sizes = sizes
        self.seconds = seconds
        self.origin = origin
    }

    /// O(log points).
    public func price(at size: Double) -> KernelPrice {
        let last = sizes.count - 1
        if size >= sizes[last] {
            if size == sizes[last] { return KernelPrice(seconds: seconds[last], provenance: origin) }
            return KernelPrice(
                seconds: seconds[last] * size / sizes[last], provenance: origin.worse(.heldUtilisation))
        }
        if size < sizes[0] { return KernelPrice(seconds: seconds[0], provenance: origin.worse(.heldUtilisation)) }
        let i = index(atOrBelow: size)
        if size == sizes[i] { return KernelPrice(seconds: seconds[i], provenance: origin) }
        let fraction = (size - sizes[i]) / (sizes[i + 1] - sizes[i])
        return KernelPrice(
            seconds: seconds[i] + (seconds[i + 1] - seconds[i]) * fraction, provenance: origin.worse(.interpolated))
    }

    func seconds(at size: Double) -> Double { price(at: size).seconds }

    /// The value, held at both ends: for ratios, which do not grow with the size.
    func held(at size: Double) -> Double { seconds(at: min(size, sizes[sizes.count - 1])) }

    /// The last size not above `size`, which lies within the points.
    func index(atOrBelow size: Double) -> Int {
        var (low, high) = (0, sizes.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if sizes[middle] <= size { low = middle } else { high = middle }
        }
        return low
    }

    /// A curve with these sizes, its times from a function of each.
    init(sizes: [Double], origin: CostProvenance, _ time: (Double) -> Double) {
        self.init(sizes: sizes, seconds: sizes.map(time), origin: origin)
    }
}

/// Where a number of SMs lies among those measured.
struct SMPosition {
    /// Indices of the neighbours; the same one at a measured count and outside them.
    let low: Int
    let high: Int
    /// Of the way from low to high in 1/SMs: work that scales perfectly is exact, and so is work that does not scale.
    let fraction: Double
    /// For times below the smallest count, where the utilisation of each SM is held.
    let scale: Double
    let provenance: CostProvenance

    /// - Parameter counts: ascending, not empty.
    init(of sms: Int, among counts: [Int]) {
        let last = counts.count - 1
        if let exact = counts.firstIndex(of: sms) {
            (low, high, fraction, scale, provenance) = (exact, exact, 0, 1, .measured)
        } else if sms < counts[0] {
            (low, high, fraction, scale) = (0, 0, 0, Double(counts[0]) / Double(sms))
            provenance = .heldUtilisation
        } else if sms > counts[last] {
            // Nothing says that more SMs help.
            (low, high, fraction, scale, provenance) = (last, last, 0, 1, .heldUtilisation)
        } else {
            let upper = counts.firstIndex { $0 > sms }!
            let (a, b) = (1 / Double(counts[upper - 1]), 1 / Double(counts[upper]))
            (low, high, scale, provenance) = (upper - 1, upper, 1, .interpolated)
            fraction = (a - 1 / Double(sms)) / (a - b)
        }
    }

    func blend(_ low: Double, _ high: Double) -> Double { (low + (high - low) * fraction) * scale }

    /// The curve between those of the two neighbours, with the points of both.
    func blend(_ curves: [MeasuredCurve]) -> MeasuredCurve {
        let (a, b) = (curves[low], curves[high])
        if low == high {
            return MeasuredCurve(
                sizes: a.sizes, seconds: a.seconds.map { $0 * scale }, origin: a.origin.worse(provenance))
        }
        return MeasuredCurve(sizes: union(a.sizes, b.sizes), origin: a.origin.worse(provenance)) {
            blend(a.seconds(at: $0), b.seconds(at: $0))
        }
    }
}

/// Two ascending lists as one, without repetition.
func union(_ a: [Double], _ b: [Double]) -> [Double] {
    var merged: [Double] = []
    merged.reserveCapacity(a.count + b.count)
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
        let next = j == b.count || (i < a.count && a[i] <= b[j]) ? a[i] : b[j]
        if i < a.count, a[i] == next { i += 1 }
        if j < b.count, b[j] == next { j += 1 }
        merged.append(next)
    }
    return merged
}
