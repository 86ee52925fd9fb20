/// A point in the course of iterations that follow each other without a pause, exact to 2⁻²² ns, the product of the
/// units of work and of slowdown.
///
/// Only what others see of it, `time`, is rounded, so that rounding does not add up over iterations and the end of the
/// thousandth iteration is known without the ends of those before it.
public struct LaneTime: Hashable, Sendable, BitwiseCopyable {
    /// The first whole nanosecond that is not earlier.
    public let time: SimulationTime
    /// By how much `time` is later, in units of 2⁻²² ns; less than a nanosecond.
    @usableFromInline let lead: Int64

    @inlinable
    static var fractionBits: Int64 { Work.fractionBits + Slowdown.fractionBits }
    @inlinable
    static var fractionMask: Int64 { 1 << fractionBits - 1 }

    @inlinable
    public static var zero: Self { Self(.zero) }

    @inlinable
    public init(_ time: SimulationTime) { self.init(time: time, lead: 0) }

    @inlinable
    init(time: SimulationTime, lead: Int64) {
        self.time = time
        self.lead = lead
    }

    /// The point at which `work` that begins here is done.
    @inlinable
    public func after(_ work: Work, at slowdown: Slowdown) -> LaneTime {
        let (product, overflow) = work.units.multipliedReportingOverflow(by: slowdown.units)
        if overflow { return afterLong(work, at: slowdown) }
        // Work is not negative: no less than minus a lead, which is less than a nanosecond.
        let exact = product &- lead
        let whole = exact &>> Self.fractionBits &+ (exact & Self.fractionMask == 0 ? 0 : 1)
        return LaneTime(time: time + SimulationDuration(nanoseconds: whole), lead: (0 &- exact) & Self.fractionMask)
    }

    /// Where the product is longer than 64 bits: days of work.
    @usableFromInline
    func afterLong(_ work: Work, at slowdown: Slowdown) -> LaneTime {
        let exact = Int128(work.units) * Int128(slowdown.units) - Int128(lead)
        let whole = (exact + Int128(Self.fractionMask)) >> Self.fractionBits
        return LaneTime(
            time: time + SimulationDuration(nanoseconds: Int64(whole)),
            lead: Int64((whole << Self.fractionBits) - exact))
    }

    /// The work that is done from here to `end`, rounded down.
    /// - Precondition: `end` is not before `time`.
    @inlinable
    public func work(until end: SimulationTime, at slowdown: Slowdown) -> Work {
        let elapsed = (end - time).nanoseconds
        if elapsed < 1 << (62 - Self.fractionBits) {
            let exact = elapsed << Self.fractionBits + lead
            // Mostly nothing slows a lane, and to divide takes as long as all the rest.
            if slowdown == .none { return Work(units: exact &>> Slowdown.fractionBits) }
            return Work(units: exact / slowdown.units)
        }
        return workLong(in: elapsed, at: slowdown)
    }

    @usableFromInline
    func workLong(in elapsed: Int64, at slowdown: Slowdown) -> Work {
        Work(units: Int64((Int128(elapsed) << Self.fractionBits + Int128(lead)) / Int128(slowdown.units)))
    }

    /// The time from `earlier` to here, rounded up to a nanosecond once.
    @inlinable
    public func since(_ earlier: LaneTime) -> SimulationDuration {
        SimulationDuration(nanoseconds: (time - earlier.time).nanoseconds + (earlier.lead > lead ? 1 : 0))
    }
}
