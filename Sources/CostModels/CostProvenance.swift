public import EventKernel

/// Where a predicted number comes from. Ordered from best to worst.
public enum CostProvenance: String, CaseIterable, Sendable, BitwiseCopyable {
    /// Measured at this very point on this device.
    case measured
    /// Linear between measured points.
    case interpolated
    /// Outside the measured hull: the utilisation at its edge, held against the analytic bound.
    case heldUtilisation
    /// A fitted or assumed efficiency against the datasheet bound.
    case analytic
    /// Given by the user as a formula or table.
    case given
}

/// Seconds of simulated time by where their price comes from. Kept inline: there is one for every iteration.
public struct ProvenanceShares: Hashable, Sendable, BitwiseCopyable {
    /// In the order of `CostProvenance.allCases`; the rest is zero.
    private var values = SIMD8<Double>()

    public init() {}

    public init(_ provenance: CostProvenance, seconds value: Double) { self[provenance] = value }

    /// In the order of `CostProvenance.allCases`.
    public var seconds: [Double] { CostProvenance.allCases.map { self[$0] } }

    public subscript(_ provenance: CostProvenance) -> Double {
        get { values[Self.index(provenance)] }
        set { values[Self.index(provenance)] = newValue }
    }

    /// Not by the subscript, which stores a share and reads all of them again: a processor waits for that.
    @inline(__always)
    mutating func add(_ price: KernelPrice, times count: Double) {
        let seconds = count * price.seconds
        switch price.provenance {
        case .measured: values[0] += seconds
        case .interpolated: values[1] += seconds
        case .heldUtilisation: values[2] += seconds
        case .analytic: values[3] += seconds
        case .given: values[4] += seconds
        }
    }

    /// Every share, times `factor`.
    @inline(__always)
    public static func * (a: Self, factor: Double) -> Self {
        var product = a
        product.values *= factor
        return product
    }

    @inline(__always)
    static func + (a: Self, b: Self) -> Self {
        var sum = a
        sum.values += b.values
        return sum
    }

    static func += (a: inout Self, b: Self) { a.values += b.values }

    /// Of all.
    var total: Double { values.sum() }

    /// The shares of the whole. Seconds of nothing are all measured.
    public var split: ProvenanceSplit {
        let total = total
        if total <= 0 { return ProvenanceSplit(steps: SIMD4(ProvenanceSplit.whole, 0, 0, 0)) }
        // Beside 1.5·2⁵² a number has no room for a fraction: to add it rounds, half to even, and leaves whole steps in the
        // low bits.
        let large = SIMD8(repeating: 0x1.8p52)
        let shares = unsafeBitCast(values * (Double(ProvenanceSplit.whole) / total) + large, to: SIMD8<UInt64>.self)
        let steps = SIMD4(
            Int32(truncatingIfNeeded: shares[0]), Int32(truncatingIfNeeded: shares[1]),
            Int32(truncatingIfNeeded: shares[2]), Int32(truncatingIfNeeded: shares[3]))
        let last = Int32(truncatingIfNeeded: shares[4])
        // The largest share takes what rounding left. No sum of steps is far from the whole.
        let left = ProvenanceSplit.whole &- (steps[0] &+ steps[1] &+ steps[2] &+ steps[3] &+ last)
        var (largest, most): (Int32, Int32) = (0, steps[0])
        for i in 1..<4 where steps[i] > most { (largest, most) = (Int32(truncatingIfNeeded: i), steps[i]) }
        if last > most { largest = 4 }
        let isLargest = SIMD4<Int32>(0, 1, 2, 3) .== largest
        return ProvenanceSplit(steps: steps &+ SIMD4(repeating: 0).replacing(with: left, where: isLargest))
    }

    fileprivate static func index(_ provenance: CostProvenance) -> Int {
        switch provenance {
        case .measured: 0
        case .interpolated: 1
        case .heldUtilisation: 2
        case .analytic: 3
        case .given: 4
        }
    }
}

/// Shares of one, in steps of 2⁻²⁰ that sum to it.
public struct ProvenanceSplit: Hashable, Sendable, BitwiseCopyable {
    fileprivate static let whole: Int32 = 1 << 20
    /// In the order of `CostProvenance.allCases`; the last of those has the rest.
    fileprivate var steps: SIMD4<Int32>
}

/// Work by where its price comes from. Sums are exact, so that they do not depend on the pieces the work came in.
public struct ProvenanceWork: Sendable {
    /// Units of work in steps of the split, in the order of `CostProvenance.allCases`.
    private var parts = InlineArray<5, Int128>(repeating: 0)

    public init() {}

    /// - Parameter units: of work, all of it from one source.
    public init(_ provenance: CostProvenance, units: Int128) {
        parts[ProvenanceShares.index(provenance)] = units * Int128(ProvenanceSplit.whole)
    }

    public mutating func add(_ work: Work, _ split: ProvenanceSplit) {
        // A product of two numbers of 64 bits does not overflow, nor do steps of a whole.
        var rest = ProvenanceSplit.whole
        for i in 0..<4 {
            parts[i] += Int128(work.units) &* Int128(split.steps[i])
            rest &-= split.steps[i]
        }
        if rest != 0 { parts[4] += Int128(work.units) &* Int128(rest) }
    }

    public static func += (a: inout Self, b: Self) {
        for i in a.parts.indices { a.parts[i] += b.parts[i] }
    }

    /// In the order of `CostProvenance.allCases`.
    public var seconds: [Double] {
        let scale = 1 / (Double(Work.unitsPerNanosecond) * 1e9 * Double(ProvenanceSplit.whole))
        return parts.indices.map { Double(parts[$0]) * scale }
    }
}
