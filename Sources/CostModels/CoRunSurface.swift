#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How two lanes of one GPU slow each other, measured lane beside lane.
///
/// A compact model of each side: log slowdown = w · φ, with φ = (1, p, d, v, p², p·d, v²), p and d the logarithms of the
/// time a layer of the prefill and of the decode lane takes alone on its SMs, and v the share of the decode lane's traffic
/// that is KV. p says how long a kernel of the prefill lane holds its SMs and how much of it waits for weights; d and v say
/// how much bandwidth decode draws.
///
/// Weights were fitted pair by pair of SM counts. Under MPS they are those of a surface over both caps (`Caps`), which all
/// pairs were fitted to, plus what the rows of a pair say beyond it. Between measured pairs the logarithms are blended by
/// inverse distance, in the SMs of decode and the logarithm of those that prefill leaves to it. Inputs are held at the ends
/// of what was measured, and nothing is ever faster beside another lane than alone.
public struct CoRunSurface: Hashable, Sendable {
    /// How the lanes share the GPU.
    public enum Mechanism: String, CaseIterable, Sendable {
        /// Green contexts of one process, on disjoint SMs.
        case green
        /// Two streams of one process, both on all SMs.
        case streams
        /// Two processes under MPS, each with a cap on its SMs; caps may overlap.
        case mps
    }

    /// What the slowdowns depend on besides the SMs.
    public struct Lanes: Hashable, Sendable {
        /// Of a layer of the prefill lane, alone.
        public var prefillLayerSeconds: Double
        /// Of a layer of the decode lane, alone.
        public var decodeLayerSeconds: Double
        /// Of the bytes that a layer of the decode lane reads.
        public var decodeKeyValueShare: Double

        public init(prefillLayerSeconds: Double, decodeLayerSeconds: Double, decodeKeyValueShare: Double) {
            self.prefillLayerSeconds = prefillLayerSeconds
            self.decodeLayerSeconds = decodeLayerSeconds
            self.decodeKeyValueShare = decodeKeyValueShare
        }
    }

    public struct Partition: Hashable, Sendable {
        public var mechanism: Mechanism
        public var prefillSMs: Int
        public var decodeSMs: Int
        /// `Features.count` weights of each side; beyond those of the caps, if the mechanism has any.
        public var prefillWeights: [Double]
        public var decodeWeights: [Double]
        /// What was measured, where inputs are held: seconds of a layer, and the share.
        public var prefillLayerSeconds: ClosedRange<Double>
        public var decodeLayerSeconds: ClosedRange<Double>
        public var decodeKeyValueShare: ClosedRange<Double>

        public init(
            mechanism: Mechanism, prefillSMs: Int, decodeSMs: Int, prefillWeights: [Double], decodeWeights: [Double],
            prefillLayerSeconds: ClosedRange<Double>, decodeLayerSeconds: ClosedRange<Double>,
            decodeKeyValueShare: ClosedRange<Double>
        ) {
            precondition(
                prefillWeights.count == Features.count && decodeWeights.count == Features.count,
                "\(prefillWeights.count) and \(decodeWeights.count) weights, expected \(Features.count)")
            self.mechanism = mechanism
            self.prefillSMs = prefillSMs
            self.decodeSMs = decodeSMs
            self.prefillWeights = prefillWeights
            self.decodeWeights = decodeWeights
            self.prefillLayerSeconds = prefillLayerSeconds
            self.decodeLayerSeconds = decodeLayerSeconds
            self.decodeKeyValueShare = decodeKeyValueShare
        }
    }

    /// `Features.count` weights of each side.
    public struct Weights: Hashable, Sendable {
        public var prefill: [Double]
        public var decode: [Double]
    }

    /// Weights over the two caps of MPS, which may overlap: each is a polynomial of second order, Σ over
    /// (1, x, y, x², xy, y²) with x = log2(9 − 8·prefill's share of the SMs) − 1.5 and y = 3·(decode's share − 0.7). The last
    /// SMs that prefill leaves matter most to decode, hence the logarithm: without any it waits for whole kernels.
    public struct Caps: Hashable, Sendable {
        public static let termCount = 6
        /// What was measured, where caps are held.
        public var prefillSMs: ClosedRange<Int>
        public var decodeSMs: ClosedRange<Int>
        /// `termCount` × `Features.count` numbers of each side, term by term.
        public var prefillWeights: [Double]
        public var decodeWeights: [Double]

        public init(
            prefillSMs: ClosedRange<Int>, decodeSMs: ClosedRange<Int>, prefillWeights: [Double], decodeWeights: [Double]
        ) {
            let expected = Self.termCount * Features.count
            precondition(
                prefillWeights.count == expected && decodeWeights.count == expected,
                "\(prefillWeights.count) and \(decodeWeights.count) weights, expected \(expected)")
            self.prefillSMs = prefillSMs
            self.decodeSMs = decodeSMs
            self.prefillWeights = prefillWeights
            self.decodeWeights = decodeWeights
        }

        /// (1, x, y, x², xy, y²) of shares of the SMs.
        public static func terms(prefillShare: Double, decodeShare: Double) -> [Double] {
            let (x, y) = (log2(9 - 8 * prefillShare) - 1.5, 3 * (decodeShare - 0.7))
            return [1, x, y, x * x, x * y, y * y]
        }

        public func weights(prefillShare: Double, decodeShare: Double) -> Weights {
            let terms = Self.terms(prefillShare: prefillShare, decodeShare: decodeShare)
            func sum(_ weights: [Double]) -> [Double] {
                (0..<Features.count).map { i in
                    terms.indices.reduce(0) { $0 + terms[$1] * weights[$1 * Features.count + i] }
                }
            }
            return Weights(prefill: sum(prefillWeights), decode: sum(decodeWeights))
        }

        /// Caps at the ends of what was measured. Those that leave SMs to nobody were not measured: the idle ones are shared
        /// out evenly.
        func held(prefill: Double, decode: Double, total: Double) -> (prefill: Double, decode: Double) {
            let idle = max(0, total - prefill - decode) / 2
            return (
                (prefill + idle).clamped(to: Double(prefillSMs.lowerBound)...Double(prefillSMs.upperBound)),
                (decode + idle).clamped(to: Double(decodeSMs.lowerBound)...Double(decodeSMs.upperBound))
            )
        }
    }

    /// φ of the compact model.
    public struct Features: Hashable, Sendable {
        public static let count = 7
        /// The rest is zero.
        private let vector: SIMD8<Double>

        public init(_ lanes: Lanes) {
            // Scales of a layer of the reference model, so that weights are of one order.
            let p = log2(lanes.prefillLayerSeconds / 1e-3)
            let d = log2(lanes.decodeLayerSeconds / 2e-4)
            let v = lanes.decodeKeyValueShare
            vector = SIMD8(1, p, d, v, p * p, p * d, v * v, 0)
        }

        public var values: [Double] { (0..<Self.count).map { vector[$0] } }

        public func dot(_ weights: [Double]) -> Double { dot(CostModels.vector(weights)) }

        /// In the order of the features, whatever the processor could do at once.
        func dot(_ weights: SIMD8<Double>) -> Double {
            let products = vector * weights
            var sum = 0.0
            for i in 0..<Self.count { sum += products[i] }
            return sum
        }
    }

    /// A partition as slowdowns need it: without arrays, which to copy takes longer than to use.
    private struct Pair: Hashable {
        let mechanism: Mechanism
        let prefillSMs: Int
        let decodeSMs: Int
        /// Beyond those of the caps.
        let prefillWeights: SIMD8<Double>
        let decodeWeights: SIMD8<Double>
        /// With those of the caps.
        let allPrefillWeights: SIMD8<Double>
        let allDecodeWeights: SIMD8<Double>
        let prefillLayerSeconds: ClosedRange<Double>
        let decodeLayerSeconds: ClosedRange<Double>
        let decodeKeyValueShare: ClosedRange<Double>

        /// - Parameter base: weights of the caps.
        init(_ partition: Partition, base: Weights?) {
            mechanism = partition.mechanism
            prefillSMs = partition.prefillSMs
            decodeSMs = partition.decodeSMs
            let own = (prefill: vector(partition.prefillWeights), decode: vector(partition.decodeWeights))
            (prefillWeights, decodeWeights) = own
            allPrefillWeights = base.map { own.prefill + vector($0.prefill) } ?? own.prefill
            allDecodeWeights = base.map { own.decode + vector($0.decode) } ?? own.decode
            prefillLayerSeconds = partition.prefillLayerSeconds
            decodeLayerSeconds = partition.decodeLayerSeconds
            decodeKeyValueShare = partition.decodeKeyValueShare
        }

        @inline(__always)
        func features(_ lanes: Lanes) -> Features {
            Features(
                Lanes(
                    prefillLayerSeconds: lanes.prefillLayerSeconds.clamped(to: prefillLayerSeconds),
                    decodeLayerSeconds: lanes.decodeLayerSeconds.clamped(to: decodeLayerSeconds),
                    decodeKeyValueShare: lanes.decodeKeyValueShare.clamped(to: decodeKeyValueShare)))
        }
    }

    /// By mechanism, prefill SMs and decode SMs.
    public let partitions: [Partition]
    /// Of MPS; `nil` where too few pairs of caps were measured to say how weights depend on them.
    public let caps: Caps?
    private let pairs: [Pair]
    /// SMs of the device.
    private let total: Double

    public init(partitions: [Partition], caps: Caps? = nil) {
        self.caps = caps
        self.partitions = partitions.sorted {
            ($0.mechanism.rawValue, $0.prefillSMs, $0.decodeSMs) < ($1.mechanism.rawValue, $1.prefillSMs, $1.decodeSMs)
        }
        // Green contexts are disjoint, the others have caps.
        let totals = partitions.map {
            $0.mechanism == .green ? $0.prefillSMs + $0.decodeSMs : max($0.prefillSMs, $0.decodeSMs)
        }
        let total = Double(totals.max() ?? 1)
        self.total = total
        pairs = self.partitions.map { partition in
            let base =
                partition.mechanism != .mps
                ? nil
                : caps?.weights(
                    prefillShare: Double(partition.prefillSMs) / total, decodeShare: Double(partition.decodeSMs) / total
                )
            return Pair(partition, base: base)
        }
    }

    /// Factors of at least one, or `nil` if nothing was measured with this mechanism. O(pairs measured).
    public func slowdowns(
        _ lanes: Lanes, prefillSMs: Int, decodeSMs: Int, mechanism: Mechanism
    ) -> (prefill: Double, decode: Double)? {
        // By number: to go through the pairs themselves copies each.
        for index in pairs.indices
        where pairs[index].prefillSMs == prefillSMs && pairs[index].decodeSMs == decodeSMs
            && pairs[index].mechanism == mechanism
        {
            let features = pairs[index].features(lanes)
            return (
                exp(max(0, features.dot(pairs[index].allPrefillWeights))),
                exp(max(0, features.dot(pairs[index].allDecodeWeights)))
            )
        }
        var (prefillCap, decodeCap) = (Double(prefillSMs), Double(decodeSMs))
        var base: (prefill: SIMD8<Double>, decode: SIMD8<Double>)?
        if mechanism == .mps, let caps {
            (prefillCap, decodeCap) = caps.held(prefill: prefillCap, decode: decodeCap, total: total)
            let weights = caps.weights(prefillShare: prefillCap / total, decodeShare: decodeCap / total)
            base = (vector(weights.prefill), vector(weights.decode))
        }
        var (sum, prefill, decode) = (0.0, 0.0, 0.0)
        let left = logarithmOfLeft(prefillCap)
        for pair in pairs where pair.mechanism == mechanism {
            let dx = logarithmOfLeft(Double(pair.prefillSMs)) - left
            let dy = 2 * (Double(pair.decodeSMs) - decodeCap) / total
            // The inverse of the fourth power: the nearest pairs decide. Caps may be held exactly at a pair.
            let distance = max(dx * dx + dy * dy, 1e-12)
            let weight = 1 / (distance * distance)
            let features = pair.features(lanes)
            let (first, second) = base.map { (features.dot($0.prefill), features.dot($0.decode)) } ?? (0, 0)
            sum += weight
            prefill += weight * max(0, features.dot(pair.prefillWeights) + first)
            decode += weight * max(0, features.dot(pair.decodeWeights) + second)
        }
        return sum > 0 ? (exp(prefill / sum), exp(decode / sum)) : nil
    }

    /// Of the SMs that a prefill lane leaves to decode. The last few matter most: without any, decode waits for whole
    /// kernels of the prefill.
    private func logarithmOfLeft(_ prefillSMs: Double) -> Double { log2(total * 1.125 - prefillSMs) }
}

/// Weights of the features.
private func vector(_ weights: [Double]) -> SIMD8<Double> {
    var vector = SIMD8<Double>()
    for i in 0..<CoRunSurface.Features.count { vector[i] = weights[i] }
    return vector
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
