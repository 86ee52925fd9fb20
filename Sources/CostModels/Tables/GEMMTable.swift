#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Whether a time holds for a device that was at rest, near its top clock, or for one at its power limit.
public enum PowerState: String, CaseIterable, Sendable, BitwiseCopyable {
    case burst
    case sustained
}

/// Matrix products [M, K]·[K, N] timed over M, with 16-bit cold weights, by (N, K) and number of SMs.
public struct GEMMTable: Hashable, Sendable {
    public struct Line: Hashable, Sendable {
        public var n: Int
        public var k: Int
        public var sms: Int
        public var state: PowerState
        /// Seconds by M.
        public var curve: MeasuredCurve

        public init(n: Int, k: Int, sms: Int, state: PowerState, curve: MeasuredCurve) {
            self.n = n
            self.k = k
            self.sms = sms
            self.state = state
            self.curve = curve
        }

        fileprivate var key: (Int, Int, Int, Int) { (n, k, state == .burst ? 0 : 1, sms) }
    }

    /// All burst lines of one weight matrix, by SMs ascending.
    struct Shape: Hashable, Sendable {
        let n: Int
        let k: Int
        var sms: [Int] = []
        var curves: [MeasuredCurve] = []
    }

    /// Sorted by N, K, state and SMs.
    public let lines: [Line]
    /// What a product takes however small it is: apart from the rest when another matrix is priced.
    public var launchSeconds: Double
    let shapes: [Shape]
    let throttling: GEMMThrottling

    public init(lines: [Line], launchSeconds: Double = 0) {
        self.launchSeconds = launchSeconds
        self.lines = lines.sorted { $0.key < $1.key }
        var shapes: [Shape] = []
        for line in self.lines where line.state == .burst {
            if shapes.last.map({ ($0.n, $0.k) != (line.n, line.k) }) ?? true {
                shapes.append(Shape(n: line.n, k: line.k))
            }
            shapes[shapes.count - 1].sms.append(line.sms)
            shapes[shapes.count - 1].curves.append(line.curve)
        }
        self.shapes = shapes
        throttling = GEMMThrottling(lines: self.lines)
    }

    /// The measured weight matrix nearest to [K, N] in the logarithms of both.
    public func nearestShape(n: Int, k: Int) -> (n: Int, k: Int)? {
        neighbours(n: n, k: k).first.map { ($0.shape.n, $0.shape.k) }
    }

    /// The SM counts that [K, N], or the nearest matrix to it, was measured at.
    public func measuredSMs(n: Int, k: Int) -> [Int] { neighbours(n: n, k: k).first?.shape.sms ?? [] }

    /// Seconds by M on so many SMs, or `nil` from an empty table.
    ///
    /// For a matrix that was not measured, the utilisation of the nearest ones, launch apart, is held against the bound.
    public func curve(n: Int, k: Int, sms: Int, state: PowerState, bound: GEMMBound) -> MeasuredCurve? {
        let neighbours = neighbours(n: n, k: k)
        guard let nearest = neighbours.first?.shape else { return nil }
        let curve: MeasuredCurve
        if (nearest.n, nearest.k) == (n, k) {
            curve = SMPosition(of: sms, among: nearest.sms).blend(nearest.curves)
        } else {
            let known = neighbours.map { (SMPosition(of: sms, among: $0.shape.sms).blend($0.shape.curves), $0) }
            let sizes = known.reduce([]) { union($0, $1.0.sizes) }
            let total = neighbours.reduce(0) { $0 + $1.weight }
            curve = MeasuredCurve(sizes: sizes, origin: .heldUtilisation) { m in
                var logarithm = 0.0
                for (curve, (shape, weight)) in known {
                    let seconds = curve.seconds(at: m)
                    let working = max(seconds - launchSeconds, seconds * Self.leastWorking)
                    logarithm += weight * log(working / bound.seconds(m: m, n: shape.n, k: shape.k))
                }
                return launchSeconds + exp(logarithm / total) * bound.seconds(m: m, n: n, k: k)
            }
        }
        return state == .burst ? curve : throttling.slowed(curve, n: nearest.n, k: nearest.k, sms: sms)
    }

    /// Of the time of a product, whatever its launch.
    private static let leastWorking = 0.1
    private static let neighbourCount = 3

    /// The measured matrices nearest in the logarithms of both sides, nearest first, weighted by inverse distance squared.
    private func neighbours(n: Int, k: Int) -> [(shape: Shape, weight: Double)] {
        if let exact = shapes.first(where: { ($0.n, $0.k) == (n, k) }) { return [(exact, 1)] }
        let distances = shapes.indices.map { index in
            let (a, b) = (Double(shapes[index].n) / Double(n), Double(shapes[index].k) / Double(k))
            return (index: index, distance: abs(log2(a)) + abs(log2(b)))
        }
        let nearest = distances.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
        return nearest.prefix(Self.neighbourCount).map { (shapes[$0.index], 1 / ($0.distance * $0.distance)) }
    }
}

/// The time that no product can beat: arithmetic at the peak rate of its SMs, or traffic at what they can read.
public struct GEMMBound: Sendable {
    let flopsPerSecond: Double
    let bytesPerSecond: Double

    /// - Parameter reads: bytes per second by SMs, where they were measured.
    public init(device: DeviceProfile, reads: Curve?, sms: Int) {
        flopsPerSecond = device.bf16FLOPS * Double(sms) / Double(device.streamingMultiprocessors)
        bytesPerSecond = reads?.value(at: Double(sms)) ?? device.memoryBandwidthBytesPerSecond
    }

    public func seconds(m: Double, n: Int, k: Int) -> Double {
        let (n, k) = (Double(n), Double(k))
        return max(2 * m * n * k / flopsPerSecond, 2 * (n * k + m * (n + k)) / bytesPerSecond)
    }
}

/// How much longer products take on a device at its power limit than in a burst: ratios of the lines measured both ways.
struct GEMMThrottling: Hashable, Sendable {
    private struct Ratio: Hashable, Sendable {
        let n: Int
        let k: Int
        let sms: Int
        let curve: MeasuredCurve
    }
    private var ratios: [Ratio] = []
    private var counts: [Int] = []
    /// Mean over the weight matrices, for those that were not measured; by `counts`.
    private var means: [MeasuredCurve] = []

    init(lines: [GEMMTable.Line]) {
        for line in lines where line.state == .sustained {
            let burst = lines.first { ($0.n, $0.k, $0.sms, $0.state) == (line.n, line.k, line.sms, .burst) }
            guard let burst else { continue }
            // Half the smallest M that was seen throttled is taken to run at full clock.
            let sizes = [line.curve.sizes[0] / 2] + line.curve.sizes
            let values = zip(line.curve.sizes, line.curve.seconds).map { $1 / burst.curve.seconds(at: $0) }
            ratios.append(
                Ratio(
                    n: line.n, k: line.k, sms: line.sms,
                    curve: MeasuredCurve(sizes: sizes, seconds: [1] + values.map { max(1, $0) })))
        }
        counts = Set(ratios.map(\.sms)).sorted()
        means = counts.map { sms in
            let curves = ratios.filter { $0.sms == sms }.map(\.curve)
            let sizes = curves.reduce([]) { union($0, $1.sizes) }
            return MeasuredCurve(sizes: sizes, origin: .interpolated) { size in
                curves.reduce(0) { $0 + $1.held(at: size) } / Double(curves.count)
            }
        }
    }

    func slowed(_ curve: MeasuredCurve, n: Int, k: Int, sms: Int) -> MeasuredCurve {
        guard let first = counts.first, let last = counts.last else { return curve }
        let own = ratios.filter { ($0.n, $0.k) == (n, k) }
        func ratio(_ count: Int, _ size: Double) -> Double {
            let curve = own.first { $0.sms == count }?.curve ?? means[counts.firstIndex(of: count)!]
            return curve.held(at: size)
        }
        func ratio(_ size: Double) -> Double {
            if sms >= last { return ratio(last, size) }
            guard let upper = counts.first(where: { $0 >= sms }) else { return 1 }
            // The step below the smallest count measured at the limit ends at a count that does not reach it.
            let step = counts.count > 1 ? counts[1] - first : first
            let lower = counts.last { $0 < upper } ?? first - step
            let below = counts.contains(lower) ? ratio(lower, size) : 1
            let fraction = max(0, Double(sms - lower) / Double(upper - lower))
            return below + (ratio(upper, size) - below) * fraction
        }
        let isMeasured = own.contains { $0.sms == sms }
        var sizes = curve.sizes
        for i in counts.indices { sizes = union(sizes, means[i].sizes.filter { $0 >= 1 }) }
        return MeasuredCurve(sizes: sizes, origin: curve.origin.worse(isMeasured ? .measured : .interpolated)) {
            curve.seconds(at: $0) * ratio($0)
        }
    }

    /// Ratios by M of the matrices that were measured on so many SMs.
    func lines(sms: Int) -> [InferredThrottling.Line] {
        ratios.filter { $0.sms == sms }.map { InferredThrottling.Line(n: $0.n, k: $0.k, ratios: $0.curve) }
    }
}
