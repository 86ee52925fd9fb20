/// An amount of work: the time an iteration takes when nothing disturbs it, in units of 2⁻¹⁰ ns.
///
/// Costs are that fine so that the price of one more context token (about 30 ns on a current GPU) keeps three digits;
/// work becomes nanoseconds only when an iteration is put on the clock.
public struct Work: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var units: Int64

    /// log₂ of the number of units in a nanosecond.
    public static let fractionBits: Int64 = 10
    public static let unitsPerNanosecond: Int64 = 1 << fractionBits
    public static let zero = Work(units: 0)

    public init(units: Int64) { self.units = units }

    /// - Precondition: `seconds` is finite, not negative, and below 10⁵ s (no iteration lasts a day).
    public init(rounding seconds: Double) {
        precondition(seconds.isFinite && seconds >= 0 && seconds < 1e5, "not an amount of work: \(seconds) s")
        units = Int64((seconds * 1e9 * Double(Self.unitsPerNanosecond)).rounded())
    }

    public static func < (a: Self, b: Self) -> Bool { a.units < b.units }
    public static func + (a: Self, b: Self) -> Self { Self(units: a.units + b.units) }
    public static func - (a: Self, b: Self) -> Self { Self(units: a.units - b.units) }
    public static func += (a: inout Self, b: Self) { a.units += b.units }

    public var seconds: Double { Double(units) / Double(Self.unitsPerNanosecond) / 1e9 }
    /// Whole nanoseconds, rounded down.
    public var wholeNanoseconds: SimulationDuration { SimulationDuration(nanoseconds: units >> Self.fractionBits) }
}

/// How much longer work takes beside another lane than alone: a fixed-point factor of at least one.
public struct Slowdown: Hashable, Sendable, BitwiseCopyable {
    /// The factor in units of 2⁻¹².
    public let units: Int64

    public static let fractionBits: Int64 = 12
    public static let none = Slowdown(units: 1 << fractionBits)

    private init(units: Int64) { self.units = units }

    /// Rounded to 2⁻¹²; anything below one becomes one.
    /// - Precondition: `factor` is finite and below 4096.
    public init(rounding factor: Double) {
        precondition(factor.isFinite && factor < 4096, "not a slowdown: \(factor)")
        units = max(1 << Self.fractionBits, Int64((factor * Double(1 << Self.fractionBits)).rounded()))
    }

    public var factor: Double { Double(units) / Double(1 << Self.fractionBits) }

    /// The time `work` takes at this slowdown, rounded up to whole nanoseconds, so that it is never less than alone.
    public func duration(of work: Work) -> SimulationDuration {
        let product = Int128(work.units) * Int128(units)
        let shift = Work.fractionBits + Self.fractionBits
        return SimulationDuration(nanoseconds: Int64((product + (1 << shift) - 1) >> shift))
    }

    /// The work done in `elapsed`, rounded down.
    public func work(in elapsed: SimulationDuration) -> Work {
        Work(units: Int64((Int128(elapsed.nanoseconds) << (Work.fractionBits + Self.fractionBits)) / Int128(units)))
    }
}
