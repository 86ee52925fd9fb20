package import EventKernel

/// When each of a fixed number of subjects is due: at most one time per subject, replaced by setting another. Nothing
/// stale is ever kept, and setting and taking allocate nothing.
package struct Timers: ~Copyable {
    private var times: MinimumTree

    package init(subjects: Int) { times = MinimumTree(count: subjects, key: SimulationTime.never.nanoseconds) }

    /// The earliest time that is set, or `never`. O(1).
    package var earliest: SimulationTime { SimulationTime(nanoseconds: times.minimum) }

    /// The subject that is due first, if no other is due at the same time. O(log n).
    package var onlyEarliest: Int? {
        @inline(__always) mutating get { times.onlyIndexOfMinimum }
    }

    /// Sets or, with `never`, clears the time of a subject. O(log n).
    @inline(__always)
    package mutating func set(_ subject: Int, to time: SimulationTime) { times.set(subject, to: time.nanoseconds) }

    /// Clears and returns the subject that is due at `time`, the lowest first; `nil` if the earliest time is another.
    /// O(log n).
    @inline(__always)
    package mutating func take(at time: SimulationTime) -> Int? {
        guard earliest == time else { return nil }
        let subject = times.indexOfMinimum
        set(subject, to: .never)
        return subject
    }
}
