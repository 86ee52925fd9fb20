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

    /// Every share, times `factor`.
    public static func * (a: Self, factor: Double) -> Self {
        var product = a
        product.values *= factor
        return product
    }

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
        if total <= 0 { return ProvenanceSplit(steps: SIMD8(ProvenanceSplit.whole, 0, 0, 0, 0, 0, 0, 0)) }
        // Beside 1.5·2⁵² a number has no room for a fraction: to add it rounds, half to even, and leaves whole steps in the
        // low bits.
        let large = SIMD8(repeating: 0x1.8p52)
        let shares = values * (Double(ProvenanceSplit.whole) / total) + large
        var steps = unsafeBitCast(shares, to: SIMD8<Int64>.self) &- unsafeBitCast(large, to: SIMD8<Int64>.self)
        // The largest share takes what rounding left.
        var largest = 0
        for i in 1..<CostProvenance.allCases.count where steps[i] > steps[largest] { largest = i }
        steps[largest] += ProvenanceSplit.whole - steps.wrappedSum()
        return ProvenanceSplit(steps: steps)
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
    fileprivate static let whole: Int64 = 1 << 20
    fileprivate var steps: SIMD8<Int64>
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
        // A product of two numbers of 64 bits does not overflow.
        for i in parts.indices { parts[i] += Int128(work.units) &* Int128(split.steps[i]) }
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
