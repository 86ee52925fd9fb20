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
/// The weights w of caps under MPS are smooth in the two caps (`Caps`). Those of disjoint SMs were fitted pair by pair;
/// between measured pairs the logarithms are blended by inverse distance, in the SMs of decode and the logarithm of those
/// that prefill leaves to it. Inputs are held at the ends of what was measured, and nothing is ever faster beside another
/// lane than alone.
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
        /// `Features.count` weights of each side.
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

        func logarithms(_ lanes: Lanes) -> (prefill: Double, decode: Double) {
            let features = Features(
                lanes.clamped(prefillLayerSeconds, decodeLayerSeconds, keyValueShare: decodeKeyValueShare))
            return (max(0, features.dot(prefillWeights)), max(0, features.dot(decodeWeights)))
        }
    }

    /// Caps under MPS, which may overlap. Each weight is a polynomial of second order in the caps: Σ over (1, x, y, x², xy, y²),
    /// x = log2(9 − 8·prefill's share of the SMs) − 1.5 and y = 3·(decode's share − 0.7). The last SMs that prefill leaves
    /// matter most to decode: without any it waits for whole kernels of the prefill, hence the logarithm.
    public struct Caps: Hashable, Sendable {
        public static let termCount = 6
        /// What was measured, where caps are held.
        public var prefillSMs: ClosedRange<Int>
        public var decodeSMs: ClosedRange<Int>
        /// `termCount` × `Features.count` numbers of each side, term by term.
        public var prefillWeights: [Double]
        public var decodeWeights: [Double]
        /// Seconds of a layer × the share of the SMs: what a prompt is, whatever its cap.
        public var prefillLayerWork: ClosedRange<Double>
        public var decodeLayerSeconds: ClosedRange<Double>
        public var decodeKeyValueShare: ClosedRange<Double>

        public init(
            prefillSMs: ClosedRange<Int>, decodeSMs: ClosedRange<Int>, prefillWeights: [Double],
            decodeWeights: [Double], prefillLayerWork: ClosedRange<Double>, decodeLayerSeconds: ClosedRange<Double>,
            decodeKeyValueShare: ClosedRange<Double>
        ) {
            let expected = Self.termCount * Features.count
            precondition(
                prefillWeights.count == expected && decodeWeights.count == expected,
                "\(prefillWeights.count) and \(decodeWeights.count) weights, expected \(expected)")
            self.prefillSMs = prefillSMs
            self.decodeSMs = decodeSMs
            self.prefillWeights = prefillWeights
            self.decodeWeights = decodeWeights
            self.prefillLayerWork = prefillLayerWork
            self.decodeLayerSeconds = decodeLayerSeconds
            self.decodeKeyValueShare = decodeKeyValueShare
        }

        /// (1, x, y, x², xy, y²) of shares of the SMs.
        public static func terms(prefillShare: Double, decodeShare: Double) -> [Double] {
            let (x, y) = (log2(9 - 8 * prefillShare) - 1.5, 3 * (decodeShare - 0.7))
            return [1, x, y, x * x, x * y, y * y]
        }

        /// Caps that leave SMs to nobody were not measured: the idle ones are shared out evenly.
        func logarithms(
            _ lanes: Lanes, prefillSMs prefill: Int, decodeSMs decode: Int, total: Double
        ) -> (prefill: Double, decode: Double) {
            let idle = max(0, total - Double(prefill + decode)) / 2
            func share(_ sms: Int, _ measured: ClosedRange<Int>) -> Double {
                (Double(sms) + idle).clamped(to: Double(measured.lowerBound)...Double(measured.upperBound)) / total
            }
            let (own, other) = (share(prefill, prefillSMs), share(decode, decodeSMs))
            let terms = Self.terms(prefillShare: own, decodeShare: other)
            let features = Features(
                lanes.clamped(
                    prefillLayerWork.lowerBound / own...prefillLayerWork.upperBound / own, decodeLayerSeconds,
                    keyValueShare: decodeKeyValueShare))
            var (first, second) = (0.0, 0.0)
            for (i, term) in terms.enumerated() {
                first += term * features.dot(prefillWeights, from: i * Features.count)
                second += term * features.dot(decodeWeights, from: i * Features.count)
            }
            return (max(0, first), max(0, second))
        }
    }

    /// φ of the compact model.
    public struct Features: Hashable, Sendable {
        public static let count = 7
        public let values: [Double]

        public init(_ lanes: Lanes) {
            // Scales of a layer of the reference model, so that weights are of one order.
            let p = log2(lanes.prefillLayerSeconds / 1e-3)
            let d = log2(lanes.decodeLayerSeconds / 2e-4)
            let v = lanes.decodeKeyValueShare
            values = [1, p, d, v, p * p, p * d, v * v]
        }

        public func dot(_ weights: [Double], from first: Int = 0) -> Double {
            var sum = 0.0
            for i in 0..<Self.count { sum += values[i] * weights[first + i] }
            return sum
        }
    }

    /// By mechanism, prefill SMs and decode SMs.
    public let partitions: [Partition]
    /// Of MPS; `nil` where too few pairs of caps were measured to say how weights depend on them.
    public let caps: Caps?
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
        total = Double(max(totals.max() ?? 1, caps.map { max($0.prefillSMs.upperBound, $0.decodeSMs.upperBound) } ?? 1))
    }

    /// Factors of at least one, or `nil` if nothing was measured with this mechanism. O(pairs measured).
    public func slowdowns(
        _ lanes: Lanes, prefillSMs: Int, decodeSMs: Int, mechanism: Mechanism
    ) -> (prefill: Double, decode: Double)? {
        if mechanism == .mps, let caps {
            let own = caps.logarithms(lanes, prefillSMs: prefillSMs, decodeSMs: decodeSMs, total: total)
            return (exp(own.prefill), exp(own.decode))
        }
        var (weights, prefill, decode) = (0.0, 0.0, 0.0)
        let left = logarithmOfLeft(prefillSMs)
        for partition in partitions where partition.mechanism == mechanism {
            let dx = logarithmOfLeft(partition.prefillSMs) - left
            let dy = 2 * Double(partition.decodeSMs - decodeSMs) / total
            let distance = dx * dx + dy * dy
            if distance == 0 {
                let own = partition.logarithms(lanes)
                return (exp(own.prefill), exp(own.decode))
            }
            // The inverse of the fourth power: the nearest pairs decide.
            let weight = 1 / (distance * distance)
            let own = partition.logarithms(lanes)
            weights += weight
            prefill += weight * own.prefill
            decode += weight * own.decode
        }
        return weights > 0 ? (exp(prefill / weights), exp(decode / weights)) : nil
    }

    /// Of the SMs that a prefill lane leaves to decode. The last few matter most: without any, decode waits for whole
    /// kernels of the prefill.
    private func logarithmOfLeft(_ prefillSMs: Int) -> Double { log2(total * 1.125 - Double(prefillSMs)) }
}

extension CoRunSurface.Lanes {
    fileprivate func clamped(
        _ prefill: ClosedRange<Double>, _ decode: ClosedRange<Double>, keyValueShare: ClosedRange<Double>
    ) -> Self {
        Self(
            prefillLayerSeconds: prefillLayerSeconds.clamped(to: prefill),
            decodeLayerSeconds: decodeLayerSeconds.clamped(to: decode),
            decodeKeyValueShare: decodeKeyValueShare.clamped(to: keyValueShare))
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
