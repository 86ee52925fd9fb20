internal import Workloads

/// The middle and the ends of what replications gave.
public struct Spread: Hashable, Sendable {
    public let median: Double
    public let low: Double
    public let high: Double

    init(_ values: [Double]) {
        precondition(!values.isEmpty, "no replications")
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        low = sorted[0]
        high = sorted[sorted.count - 1]
    }
}

/// One system over a grid of rates.
struct Sweep: Sendable {
    let system: ServingSystem
    let rates: [Double]
    /// By rate, then by replication.
    private let measurements: [[Measurement]]

    /// - Parameters:
    ///   - rates: Ascending, per group of GPUs.
    ///   - lengths: Takes the place of the workload's own.
    ///   - arrivals: Of the paper's client, where they are known: those of the same rate are the same in every replication,
    ///     only lengths are drawn anew. Else every replication has its own.
    ///   - isOneServer: Whether all rates are served one after the other by a system that is not started anew.
    init(
        _ system: ServingSystem, _ workload: PaperWorkload, rates: [Double], setup: Setup,
        lengths: WorkloadModel? = nil, arrivals: ClientArrivals? = nil, isOneServer: Bool = false
    ) {
        self.system = system
        self.rates = rates
        let known = workload == .shareGPT ? arrivals : nil
        func trace(_ rate: Double, _ replication: Int) -> Trace {
            let trace = workload.trace(
                rate: rate * Double(system.groups), replication: replication, requests: setup.requests(of: workload),
                lengths: lengths)
            return known?.applied(to: trace, rate: rate, groups: system.groups) ?? trace
        }
        let replications = 0..<setup.replications
        if isOneServer {
            let runs = replications.map { replication in
                Measurement.inTurn(system, rates.map { trace($0, replication) }, limits: workload)
            }
            measurements = rates.indices.map { rate in runs.map { $0[rate] } }
        } else {
            measurements = rates.map { rate in
                replications.map { Measurement(system, trace(rate, $0), limits: workload) }
            }
        }
    }

    func curve(_ quantity: Quantity) -> Curve {
        Curve(zip(rates, measurements).map { Curve.Point(x: $0, y: Spread($1.map { $0[quantity] })) })
    }
}

/// A quantity over x, ascending.
struct Curve: Sendable {
    struct Point: Sendable {
        let x: Double
        let y: Spread
    }

    let points: [Point]

    init(_ points: [Point]) { self.points = points }

    /// The median at a grid point. - Precondition: `x` is one.
    subscript(_ x: Double) -> Double {
        guard let point = points.first(where: { abs($0.x - x) < 1e-9 }) else { preconditionFailure("no point at \(x)") }
        return point.y.median
    }

    /// Where the medians first rise above `level`, linear between points. The first point if it is above already, `nil`
    /// if none is.
    func firstRise(above level: Double) -> Double? { crossing(level) { $0 > level } }

    /// The largest x up to which the medians stay at `level` or more, linear between points. `nil` if they never fall
    /// below it or begin below it.
    func firstFall(below level: Double) -> Double? {
        guard let first = points.first, first.y.median >= level else { return nil }
        return crossing(level) { $0 < level }
    }

    private func crossing(_ level: Double, _ isBeyond: (Double) -> Bool) -> Double? {
        guard let index = points.firstIndex(where: { isBeyond($0.y.median) }) else { return nil }
        if index == 0 { return points[0].x }
        let (a, b) = (points[index - 1], points[index])
        let share = (level - a.y.median) / (b.y.median - a.y.median)
        return a.x + share * (b.x - a.x)
    }
}
