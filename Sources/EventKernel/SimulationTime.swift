/// A point in simulated time, in integer nanoseconds since the start of the run.
public struct SimulationTime: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var nanoseconds: Int64

    @inlinable
    public static var zero: Self { Self(nanoseconds: 0) }
    /// Later than every event; the time of what never happens.
    @inlinable
    public static var never: Self { Self(nanoseconds: .max) }

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    @inlinable
    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    /// Times are not negative, so that their difference always is a duration.
    @inlinable
    public static func - (a: Self, b: Self) -> SimulationDuration {
        SimulationDuration(nanoseconds: a.nanoseconds &- b.nanoseconds)
    }
    @inlinable
    public static func + (a: Self, b: SimulationDuration) -> Self {
        SimulationTime(nanoseconds: a.nanoseconds + b.nanoseconds)
    }
    @inlinable
    public static func += (a: inout Self, b: SimulationDuration) { a.nanoseconds += b.nanoseconds }

    @inlinable
    public var seconds: Double { Double(nanoseconds) / 1e9 }
}

/// A length of simulated time, in integer nanoseconds.
public struct SimulationDuration: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var nanoseconds: Int64

    @inlinable
    public static var zero: Self { Self(nanoseconds: 0) }

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The nearest whole number of nanoseconds: the one place where seconds become simulated time.
    /// - Precondition: `seconds` is finite, not negative, and below 292 years.
    @inlinable
    public init(rounding seconds: Double) {
        precondition(seconds >= 0 && seconds < 9.2e9, "not a duration: \(seconds) s")
        // Rounds halves up as `rounded` does, without a call into the mathematical library: the part behind the point is
        // exact.
        let exact = seconds * 1e9
        nanoseconds = Int64(exact)
        if exact - Double(nanoseconds) >= 0.5 { nanoseconds += 1 }
    }

    @inlinable
    public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
    @inlinable
    public static func + (a: Self, b: Self) -> Self { Self(nanoseconds: a.nanoseconds + b.nanoseconds) }
    @inlinable
    public static func - (a: Self, b: Self) -> Self { Self(nanoseconds: a.nanoseconds - b.nanoseconds) }
    @inlinable
    public static func += (a: inout Self, b: Self) { a.nanoseconds += b.nanoseconds }
    @inlinable
    public static func -= (a: inout Self, b: Self) { a.nanoseconds -= b.nanoseconds }

    @inlinable
    public var seconds: Double { Double(nanoseconds) / 1e9 }
}
