internal import Metrics
internal import Statistics

/// One point of an attainment curve.
public struct GoodputPoint: Hashable, Sendable {
    /// Requests per second.
    public var rate: Double
    public var verdict: AttainmentTest.Verdict
    public var samples: [AttainmentSample]

    public init(rate: Double, verdict: AttainmentTest.Verdict, samples: [AttainmentSample]) {
        self.rate = rate
        self.verdict = verdict
        self.samples = samples
    }

    public var attainment: Double { samples.reduce(0) { $0 + $1.attainment } / Double(samples.count) }
    /// Half the width of the interval around `attainment`; `nil` for one replication.
    public func halfWidth(confidence: Double) -> Double? {
        MeanInterval(of: samples.map(\.attainment)).halfWidth(confidence: confidence)
    }
    /// Whether a run was broken off, so that `attainment` is at most what is said.
    public var isBound: Bool { samples.contains(where: \.isBound) }
}

/// The highest rate at which an SLO is met, as far as it is known.
public struct GoodputAnswer: Hashable, Sendable {
    /// Requests per second at which the target is met; `nil` if it is missed even at the lowest rate that was tried.
    public var lower: Double?
    /// Requests per second at which it is missed; `nil` if nothing that was tried misses it.
    public var upper: Double?
    /// In ascending order of rate.
    public var points: [GoodputPoint]
    /// Why the trace is too short for the answer; `nil` if it is long enough.
    public var shortage: String?
}

/// Finds the highest rate at which an SLO is met: doubling or halving until the answer is bracketed, then bisection.
///
/// Attainment falls with the rate but for chance. Points whose replications do not decide stay inside the answer's
/// interval, which then is wider than the tolerance.
public struct GoodputSearch: Sendable {
    public var test: AttainmentTest
    public var startRate: Double
    /// The interval's upper end over its lower end, less one, at which the search is content.
    public var tolerance: Double

    public init(test: AttainmentTest, startRate: Double, tolerance: Double) {
        self.test = test
        self.startRate = startRate
        self.tolerance = tolerance
    }

    /// Doublings and halvings before it gives up.
    private static let reach = 0x1p20

    /// - Parameter measure: simulates replications of these numbers at a rate. The same number gives the same draws at
    ///   every rate (common random numbers).
    public func run(
        _ measure: (_ rate: Double, _ replications: Range<Int>) throws -> [AttainmentSample]
    ) rethrows -> GoodputAnswer {
        var points: [GoodputPoint] = []
        while points.count < test.points, let rate = nextRate(after: points) {
            let (verdict, samples) = try test.decide { try measure(rate, $0) }
            let point = GoodputPoint(rate: rate, verdict: verdict, samples: samples)
            points.insert(point, at: points.firstIndex { $0.rate > rate } ?? points.count)
        }
        return answer(from: points)
    }

    /// The highest rate that meets the target below all that miss it, and the lowest that misses it.
    private static func bracket(_ points: [GoodputPoint]) -> (lower: Double?, upper: Double?) {
        let upper = points.first { $0.verdict == .fails }?.rate
        let lower = points.last { $0.verdict == .meets && $0.rate < upper ?? .infinity }?.rate
        return (lower, upper)
    }

    private func nextRate(after points: [GoodputPoint]) -> Double? {
        guard let lowest = points.first?.rate, let highest = points.last?.rate else { return startRate }
        let (lower, upper) = Self.bracket(points)
        guard let lower else { return lowest > startRate / Self.reach ? lowest / 2 : nil }
        guard let upper else { return highest < startRate * Self.reach ? highest * 2 : nil }
        let undecided = points.filter { $0.verdict == .undecided && $0.rate > lower && $0.rate < upper }.map(\.rate)
        let gaps =
            undecided.isEmpty
            ? [(lower, upper)] : [(lower, undecided[0]), (undecided[undecided.count - 1], upper)]
        guard let widest = gaps.max(by: { $0.1 / $0.0 < $1.1 / $1.0 }), widest.1 / widest.0 > 1 + tolerance else {
            return nil
        }
        return (widest.0 * widest.1).squareRoot()
    }

    private func answer(from points: [GoodputPoint]) -> GoodputAnswer {
        let (lower, upper) = Self.bracket(points)
        let atLower = points.first { $0.rate == lower }
        return GoodputAnswer(
            lower: lower, upper: upper, points: points,
            shortage: atLower.flatMap { shortage(at: $0, isHighest: upper == nil) })
    }

    /// A finite trace hides an overload that has not built up yet.
    private func shortage(at point: GoodputPoint, isHighest: Bool) -> String? {
        let samples = point.samples
        if isHighest { return "all requests have arrived before any rate misses the target" }
        if samples.contains(where: { $0.requests < SaturationVerdict.requestsNeeded }) {
            return "fewer than \(SaturationVerdict.requestsNeeded) requests"
        }
        if samples.contains(where: { $0.saturation == .overloaded }) {
            return "at the lower end the queue still grows when the requests end"
        }
        let late = samples.reduce(0) { $0 + $1.lateAttainment } / Double(samples.count)
        return late < test.target
            ? "at the lower end the later half of the requests misses the target already" : nil
    }
}
