/// A run of back-to-back iterations whose work grows by a constant amount: everything about them in closed form.
///
/// Iteration k (from 0) does `first + k·increment` of work at slowdown `slowdown`, and begins exactly where the one
/// before it ended. Of the first one, `done` was done before the run's start.
public struct IterationRun: Sendable, BitwiseCopyable {
    public var start: LaneTime
    public var first: Work
    public var increment: Work
    public var slowdown: Slowdown
    /// Of the first iteration, not negative and at most all of it.
    public var done = Work.zero

    /// - Precondition: neither work is negative.
    @inlinable
    public init(start: LaneTime, first: Work, increment: Work, slowdown: Slowdown) {
        precondition(first.units >= 0 && increment.units >= 0, "negative work: \(first), \(increment)")
        self.start = start
        self.first = first
        self.increment = increment
        self.slowdown = slowdown
    }

    /// The work of iteration `k`.
    @inlinable
    public func work(at k: Int) -> Work { Work(units: first.units + increment.units * Int64(k)) }

    /// The duration of iteration `k`, rounded up to a nanosecond on its own.
    @inlinable
    public func duration(at k: Int) -> SimulationDuration { slowdown.duration(of: work(at: k)) }

    /// The work of the first `count` iterations together, `done` included.
    @inlinable
    public func totalWork(count: Int) -> Work {
        let n = Int64(count)
        return Work(units: n * first.units + increment.units * ((n * (n - 1)) >> 1))
    }

    /// When the first `count` iterations, at least one, are done. O(1).
    @inlinable
    public func end(count: Int) -> LaneTime { start.after(totalWork(count: count) - done, at: slowdown) }

    /// The number of iterations that end at or before `time`, at most `limit`. O(1).
    @inlinable @inline(__always)
    public func iterationsCompleted(by time: SimulationTime, limit: Int) -> Int {
        guard limit > 0, time >= start.time else { return 0 }
        let all = start.work(until: time, at: slowdown) + done
        return all < first ? 0 : iterations(within: all, limit: limit).completed
    }

    /// The end of the first iteration that ends after `time`, of those before the last of `limit`: how many iterations end
    /// there, and their work together. `nil` if there is none. O(1).
    @inlinable @inline(__always)
    public func firstBoundary(after time: SimulationTime, limit: Int) -> (iterations: Int, work: Work)? {
        guard limit > 1 else { return nil }
        guard time >= start.time else { return (1, first) }
        let all = start.work(until: time, at: slowdown) + done
        if all < first { return (1, first) }
        let (completed, next) = iterations(within: all, limit: limit)
        return completed &+ 1 < limit ? (completed &+ 1, next) : nil
    }

    /// The number of iterations done when the work of all is `all`, if fewer than `limit` are, and the work of these and the
    /// next one. In integers, by Newton's method from above: mostly in one step, and where iterations grow fast in about as
    /// many as `limit` has binary digits.
    @inlinable @inline(__always)
    func iterations(within all: Work, limit: Int) -> (completed: Int, next: Work) {
        // None is shorter than the first: no more of them are done.
        var k = first.units > 0 ? min(limit, Int(all.units / first.units)) : limit
        var done = totalWork(count: k)
        while done > all {
            // None is longer than the last: no fewer of them are too many.
            let last = work(at: k &- 1).units
            k &-= Int((done.units &- all.units &- 1) / last) &+ 1
            done = totalWork(count: k)
        }
        return (k, done + work(at: k))
    }

    /// The first iteration after `k` that takes longer than `duration`, at most `limit`. O(1).
    @inlinable
    public func firstIteration(longerThan duration: SimulationDuration, after k: Int, limit: Int) -> Int {
        guard increment.units > 0, k + 1 < limit else { return limit }
        // ⌈w·s/m⌉ > d exactly if w > ⌊d·m/s⌋, which is the work that fits into d.
        let excess = slowdown.work(in: duration).units - first.units
        if excess < 0 { return k + 1 }
        return min(limit, max(k + 1, Int(excess / increment.units) + 1))
    }
}
