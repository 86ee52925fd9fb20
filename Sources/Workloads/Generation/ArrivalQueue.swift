internal import EventKernel

/// Who arrives when, the earliest first and of equal times the lowest number: a binary heap.
struct ArrivalQueue: Sendable {
    struct Entry: Sendable {
        var time: SimulationTime
        var subject: Int

        static func < (a: Entry, b: Entry) -> Bool { (a.time, a.subject) < (b.time, b.subject) }
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }

    /// O(log n).
    mutating func insert(_ subject: Int, at time: SimulationTime) {
        var child = entries.count
        entries.append(Entry(time: time, subject: subject))
        while child > 0, entries[child] < entries[(child - 1) / 2] {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// O(log n).
    mutating func removeFirst() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child] < entries[least]
            {
                least = child
            }
            if least == parent { return first }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
