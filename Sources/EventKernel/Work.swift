/// An amount of work: the time an iteration takes when nothing disturbs it, in units of 2⁻¹⁰ ns.
///
/// Costs are that fine so that the price of one more context token (about 30 ns on a current GPU) keeps three digits;
/// work becomes nanoseconds only when an iteration is put on the clock.
public struct Work: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var units: Int64

    /// log₂ of the number of units in a nanosecond.
    @inlinable
    public static var fractionBits: Int64 { 10 }
    @inlinable
    public static var unitsPerNanosecond: Int64 { 1 << fractionBits }
    @inlinable
    public static var zero: Self { Self(units: 0) }

    @inlinable
    public init(units: Int64) { self.units = units }

    /// - Precondition: `seconds` is finite, not negative, and below 10⁵ s (no iteration lasts a day).
    @inlinable
    public init(rounding seconds: Double) {
        precondition(seconds >= 0 && seconds < 1e5, "not an amount of work: \(seconds) s")
        // Adding a half and cutting off rounds what is not negative, without a call into the mathematical library.
        units = Int64(seconds * (1e9 * Double(Self.unitsPerNanosecond)) + 0.5)
    }

    @inlinable
    public static func < (a: Self, b: Self) -> Bool { a.units < b.units }
    @inlinable
    public static func + (a: Self, b: Self) -> Self { Self(units: a.units + b.units) }
    @inlinable
    public static func - (a: Self, b: Self) -> Self { Self(units: a.units - b.units) }
    @inlinable
    public static func += (a: inout Self, b: Self) { a.units += b.units }

    @inlinable
    public var seconds: Double { Double(units) / Double(Self.unitsPerNanosecond) / 1e9 }
    /// Whole nanoseconds, rounded down.
    @inlinable
    public var wholeNanoseconds: SimulationDuration { SimulationDuration(nanoseconds: units >> Self.fractionBits) }
}

/// How much longer work takes beside another lane than alone: a fixed-point factor of at least one.
public struct Slowdown: Hashable, Sendable, BitwiseCopyable {
    /// The factor in units of 2⁻¹².
    public let units: Int64

    @inlinable
    public static var fractionBits: Int64 { 12 }
    @inlinable
    public static var none: Self { Self(units: 1 << fractionBits) }

    @inlinable
    init(units: Int64) { self.units = units }

    /// Rounded to 2⁻¹²; anything below one becomes one.
    /// - Precondition: `factor` is finite and below 4096.
    @inlinable
    public init(rounding factor: Double) {
        precondition(factor.isFinite && factor < 4096, "not a slowdown: \(factor)")
        units = max(1 << Self.fractionBits, Int64(factor * Double(1 << Self.fractionBits) + 0.5))
    }

    @inlinable
    public var factor: Double { Double(units) / Double(1 << Self.fractionBits) }

    /// The time `work` takes at this slowdown, rounded up to whole nanoseconds, so that it is never less than alone.
    @inlinable
    public func duration(of work: Work) -> SimulationDuration {
        LaneTime.zero.after(work, at: self).time - .zero
    }

    /// The work done in `elapsed`, rounded down.
    @inlinable
    public func work(in elapsed: SimulationDuration) -> Work {
        LaneTime.zero.work(until: .zero + elapsed, at: self)
    }
}
