#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How two lanes of one GPU slow each other, measured lane beside lane on pairs of SM counts.
///
/// For each measured pair of SM counts a compact model of each side: log slowdown = w · φ, with
/// φ = (1, p, d, v, p², p·d, v²), p and d the logarithms of the time a layer of the prefill and of the decode lane takes alone
/// on its SMs, and v the share of the decode lane's traffic that is KV. p says how long a kernel of the prefill lane holds
/// its SMs and how much of it waits for weights; d and v say how much bandwidth decode draws. Between measured pairs the
/// logarithms are blended by inverse distance, in the SMs of decode and the logarithm of those that prefill leaves to it. Inputs are held at the ends of what was measured, and nothing is ever
/// faster beside another lane than alone.
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
                Lanes(
                    prefillLayerSeconds: lanes.prefillLayerSeconds.clamped(to: prefillLayerSeconds),
                    decodeLayerSeconds: lanes.decodeLayerSeconds.clamped(to: decodeLayerSeconds),
                    decodeKeyValueShare: lanes.decodeKeyValueShare.clamped(to: decodeKeyValueShare)))
            return (max(0, features.dot(prefillWeights)), max(0, features.dot(decodeWeights)))
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

        public func dot(_ weights: [Double]) -> Double {
            var sum = 0.0
            for i in 0..<Self.count { sum += values[i] * weights[i] }
            return sum
        }
    }

    /// By mechanism, prefill SMs and decode SMs.
    public let partitions: [Partition]
    /// SMs of the device.
    private let total: Double

    public init(partitions: [Partition]) {
        self.partitions = partitions.sorted {
            ($0.mechanism.rawValue, $0.prefillSMs, $0.decodeSMs) < ($1.mechanism.rawValue, $1.prefillSMs, $1.decodeSMs)
        }
        // Green contexts are disjoint, the others have caps.
        let totals = partitions.map {
            $0.mechanism == .green ? $0.prefillSMs + $0.decodeSMs : max($0.prefillSMs, $0.decodeSMs)
        }
        total = Double(totals.max() ?? 1)
    }

    /// Factors of at least one, or `nil` if nothing was measured with this mechanism. O(pairs measured).
    public func slowdowns(
        _ lanes: Lanes, prefillSMs: Int, decodeSMs: Int, mechanism: Mechanism
    ) -> (prefill: Double, decode: Double)? {
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

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
