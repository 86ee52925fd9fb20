/// A run of back-to-back iterations whose work grows by a constant amount, in closed form on integer time.
///
/// Iteration k (from 0) does `first + k·increment` of work at slowdown `slowdown` and takes the time that
/// `Slowdown.duration(of:)` gives for it, rounded up on its own. Sums over iterations are therefore sums of
/// ⌈(a·k + b)/m⌉, which the Euclid-like recursion of lattice-point counting solves exactly in O(log m).
public struct IterationRun: Sendable, BitwiseCopyable {
    public var first: Work
    public var increment: Work
    public var slowdown: Slowdown

    /// - Precondition: neither work is negative.
    public init(first: Work, increment: Work, slowdown: Slowdown) {
        precondition(first.units >= 0 && increment.units >= 0, "negative work: \(first), \(increment)")
        self.first = first
        self.increment = increment
        self.slowdown = slowdown
    }

    /// The work of iteration `k`.
    public func work(at k: Int) -> Work { Work(units: first.units + increment.units * Int64(k)) }

    /// The duration of iteration `k`.
    public func duration(at k: Int) -> SimulationDuration { slowdown.duration(of: work(at: k)) }

    /// The work of the first `count` iterations together.
    public func totalWork(count: Int) -> Work {
        let n = Int64(count)
        return Work(units: n * first.units + increment.units * (n * (n - 1) / 2))
    }

    /// The duration of the first `count` iterations together, exactly the sum of their own durations. O(log m).
    public func duration(count: Int) -> SimulationDuration {
        guard count > 0 else { return .zero }
        if count == 1 { return slowdown.duration(of: first) }
        let modulus = Int64(1) << (Work.fractionBits + Slowdown.fractionBits)
        // ⌈x/m⌉ = ⌊(x + m − 1)/m⌋
        let a = multiplied(increment.units, slowdown.units, over: modulus)
        let b = multiplied(first.units, slowdown.units, over: modulus)
        let n = Int64(count)
        var sum = n * (n - 1) / 2 * a.quotient + n * b.quotient
        sum += floorSum(count: n, modulus: modulus, slope: a.remainder, offset: b.remainder + modulus - 1)
        return SimulationDuration(nanoseconds: sum)
    }

    /// The number of whole iterations that end at or before `elapsed`, at most `limit`. O(log m) per correction step;
    /// the estimate from the quadratic is off by at most a few iterations.
    public func iterationsCompleted(in elapsed: SimulationDuration, limit: Int) -> Int {
        if limit <= 0 || elapsed < duration(at: 0) { return 0 }
        var k = min(limit, max(1, estimate(elapsed)))
        while k > 0, duration(count: k) > elapsed { k -= 1 }
        while k < limit, duration(count: k + 1) <= elapsed { k += 1 }
        return k
    }

    /// The first iteration after `k` that takes longer than `duration`, at most `limit`. O(1).
    public func firstIteration(longerThan duration: SimulationDuration, after k: Int, limit: Int) -> Int {
        guard increment.units > 0 else { return limit }
        // ⌈w·s/m⌉ > d exactly if w > ⌊d·m/s⌋, which is the work that fits into d.
        let excess = slowdown.work(in: duration).units - first.units
        if excess < 0 { return k + 1 }
        return min(limit, max(k + 1, Int(excess / increment.units) + 1))
    }

    private func estimate(_ elapsed: SimulationDuration) -> Int {
        let scale = slowdown.factor / Double(Work.unitsPerNanosecond)
        let slope = Double(increment.units) * scale
        let base = Double(first.units) * scale + 0.5
        let target = Double(elapsed.nanoseconds)
        // Solves slope/2·k² + (base − slope/2)·k = target in the form that survives slope → 0.
        let linear = base - slope / 2
        let root = (linear * linear + 2 * slope * target).squareRoot()
        let k = 2 * target / (linear + root)
        return k < 1e9 ? Int(k) : 1_000_000_000
    }
}

private func multiplied(_ x: Int64, _ y: Int64, over modulus: Int64) -> (quotient: Int64, remainder: Int64) {
    let (product, overflow) = x.multipliedReportingOverflow(by: y)
    if !overflow { return (product / modulus, product % modulus) }
    let wide = Int128(x) * Int128(y)
    return (Int64(wide / Int128(modulus)), Int64(wide % Int128(modulus)))
}

/// Σ ⌊(slope·k + offset)/modulus⌋ for k in 0..<count, for non-negative arguments.
package func floorSum(count: Int64, modulus: Int64, slope: Int64, offset: Int64) -> Int64 {
    var (n, m, a, b) = (count, modulus, slope, offset)
    var sum: Int64 = 0
    while true {
        if a >= m {
            sum += n * (n - 1) / 2 * (a / m)
            a %= m
        }
        if b >= m {
            sum += n * (b / m)
            b %= m
        }
        let last = a * n + b
        if last < m { return sum }
        // Counts the lattice points under the line along the other axis.
        n = last / m
        b = last % m
        (m, a) = (a, m)
    }
}
