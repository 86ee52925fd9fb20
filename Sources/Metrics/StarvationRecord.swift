public import EventKernel

/// When a phase of an instance lacked KV blocks: in how many spells, for how long in all and at the longest.
public struct StarvationRecord: Hashable, Sendable {
    public var spells = 0
    public var total = SimulationDuration.zero
    public var longest = SimulationDuration.zero

    public init() {}

    public mutating func add(_ spell: SimulationDuration) {
        spells += 1
        total += spell
        longest = max(longest, spell)
    }

    public static func += (a: inout StarvationRecord, b: StarvationRecord) {
        a.spells += b.spells
        a.total += b.total
        a.longest = max(a.longest, b.longest)
    }
}
