internal import HeapModule

/// One thing that happens at a time. 16 bytes: the payload lives in tables, the event points by index.
public struct Event: Comparable, Sendable, BitwiseCopyable {
    public let time: SimulationTime
    /// Kind in the high byte, index of the subject in the low 24 bits. Kinds are ordered: at one instant, lower first.
    public let subject: UInt32
    /// Number of the event in order of scheduling; tells a live event from one that was replaced.
    public let sequence: UInt32

    public static let indexLimit = 1 << 24

    public var kind: UInt8 { UInt8(subject >> 24) }
    public var index: Int { Int(subject & 0xFF_FFFF) }

    /// By time, then kind, then index, then order of scheduling: total, and the same however an event came about.
    public static func < (a: Self, b: Self) -> Bool {
        if a.time != b.time { return a.time < b.time }
        if a.subject != b.subject { return a.subject < b.subject }
        return a.sequence < b.sequence
    }
}

/// Pending events in order. An event is cancelled by scheduling another for its subject and ignoring the old sequence
/// number when it surfaces: the owner keeps the number that counts.
public struct EventQueue: ~Copyable {
    private var heap = Heap<Event>()
    private var scheduled: UInt32 = 0

    public init() {}

    public var isEmpty: Bool { heap.isEmpty }
    public var count: Int { heap.count }
    /// The time of the earliest event, stale ones included.
    public var nextTime: SimulationTime? { heap.min?.time }

    /// Schedules an event and returns its sequence number. O(log n). Sequence numbers wrap after 2³² events; live
    /// events are never that many apart.
    @discardableResult
    public mutating func schedule(at time: SimulationTime, kind: UInt8, index: Int) -> UInt32 {
        precondition(index < Event.indexLimit, "event index \(index) exceeds \(Event.indexLimit)")
        scheduled &+= 1
        heap.insert(Event(time: time, subject: UInt32(kind) << 24 | UInt32(index), sequence: scheduled))
        return scheduled
    }

    /// Removes and returns the earliest event. O(log n).
    public mutating func next() -> Event? { heap.popMin() }
}
