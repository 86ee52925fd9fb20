public import EventKernel

/// More tokens than any memory holds, and few enough that a line's work stays far from overflow.
private let endlessContext = 1 << 40

/// Every prefill iteration takes one time and every decode iteration another, whatever is in them: an oracle for tests
/// and for queueing theory.
public struct ConstantCostModel: CostModel {
    public var prefill: Work
    public var decode: Work

    public init(prefill: Work, decode: Work) {
        self.prefill = prefill
        self.decode = decode
    }

    public func work(of shape: IterationShape, sms: Int) -> Work { shape.isDecodeOnly ? decode : prefill }

    public func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        DecodeCostLine(fixed: decode, perContextToken: .zero, validContext: 0...endlessContext)
    }

    public func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        .none
    }

    public func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        ProvenanceShares(.given, seconds: work(of: shape, sms: sms).seconds)
    }

    public var uniformProvenance: CostProvenance? { .given }
}

/// Costs as a user knows them from timing an engine:
/// prefill = a + b·Σ tokens + c·Σ tokens², decode = a + b·Σ context + c·sequences, in seconds, and something on top of
/// every iteration. Decode batches above a threshold may have costs of their own (DistServe's simulator,
/// `simdistserve`, release of OSDI 2024).
///
/// An iteration with both pays the larger constant and both sums. Σ tokens² counts a chunk on top of cached tokens with
/// the part of the square that it adds, so that chunks of a prompt together cost the prompt's square.
public struct AffineCostModel: CostModel {
    public struct PrefillCost: Hashable, Sendable {
        public var constantSeconds: Double
        public var secondsPerToken: Double
        public var secondsPerSquaredToken: Double
        public var smResponse: SMResponse

        public init(
            constantSeconds: Double, secondsPerToken: Double, secondsPerSquaredToken: Double,
            smResponse: SMResponse = .independent
        ) {
            self.constantSeconds = constantSeconds
            self.secondsPerToken = secondsPerToken
            self.secondsPerSquaredToken = secondsPerSquaredToken
            self.smResponse = smResponse
        }
    }

    public struct DecodeCost: Hashable, Sendable {
        public var constantSeconds: Double
        public var secondsPerContextToken: Double
        public var secondsPerSequence: Double
        public var smResponse: SMResponse

        public init(
            constantSeconds: Double, secondsPerContextToken: Double, secondsPerSequence: Double,
            smResponse: SMResponse = .independent
        ) {
            self.constantSeconds = constantSeconds
            self.secondsPerContextToken = secondsPerContextToken
            self.secondsPerSequence = secondsPerSequence
            self.smResponse = smResponse
        }
    }

    /// How a phase's time depends on its share x of the SMs: (scaling/x + fixed)/(scaling + fixed).
    public struct SMResponse: Hashable, Sendable {
        public var scaling: Double
        public var fixed: Double

        public static let independent = SMResponse(scaling: 0, fixed: 1)

        public init(scaling: Double, fixed: Double) {
            self.scaling = scaling
            self.fixed = fixed
        }

        func multiplier(share: Double) -> Double { (scaling / share + fixed) / (scaling + fixed) }
    }

    /// How two phases that run at once slow each other.
    public enum Sharing: Hashable, Sendable {
        /// Shares in proportion to the caps times a gain, whatever the phases run; as in `SharingEfficiency`.
        case proportional(gain: Double)
        /// By what each phase runs.
        indirect case coRun(CoRun)
        /// By what each phase runs, as it was measured on another device.
        indirect case scaled(ScaledCoRun)
    }

    /// `CoRunSharing` for iterations of which only the time is known.
    public struct CoRun: Hashable, Sendable {
        public var sharing: CoRunSharing
        public var layers: Int
        /// Of a decode iteration alone, the seconds for each sequence are taken as arithmetic, those for each context token
        /// and these as reads of memory, and what is left as host time, which sharing leaves as it is.
        public var weightReadSeconds: Double
        /// Share of the device's bandwidth over the share of SMs that read.
        public var bandwidth: Curve

        public init(sharing: CoRunSharing, layers: Int, weightReadSeconds: Double, bandwidth: Curve) {
            self.sharing = sharing
            self.layers = layers
            self.weightReadSeconds = weightReadSeconds
            self.bandwidth = bandwidth
        }
    }

    /// Decode costs of batches with more than `sequences` sequences.
    public struct LargeBatch: Hashable, Sendable {
        public var sequences: Int
        public var decode: DecodeCost

        public init(above sequences: Int, decode: DecodeCost) {
            self.sequences = sequences
            self.decode = decode
        }
    }

    public var streamingMultiprocessors: Int
    /// Added to every iteration, whatever its SMs.
    public var iterationSeconds: Double
    public var prefill: PrefillCost
    public var decode: DecodeCost
    public var largeBatch: LargeBatch? {
        get { if case .above(let batch) = largeBatches { batch } else { nil } }
        set { largeBatches = newValue.map { .above($0) } ?? .none }
    }
    private var largeBatches = LargeBatches.none
    public var sharing: Sharing

    /// On their own, as what `Sharing.coRun` says is: whoever asks through a protocol copies the model.
    private indirect enum LargeBatches: Hashable, Sendable {
        case none
        case above(LargeBatch)
    }

    public init(
        streamingMultiprocessors: Int, iterationSeconds: Double = 0, prefill: PrefillCost, decode: DecodeCost,
        largeBatch: LargeBatch? = nil, sharing: Sharing = .proportional(gain: 1)
    ) {
        self.streamingMultiprocessors = streamingMultiprocessors
        self.iterationSeconds = iterationSeconds
        self.prefill = prefill
        self.decode = decode
        self.sharing = sharing
        self.largeBatch = largeBatch
    }

    @inline(__always)
    public func work(of shape: IterationShape, sms: Int) -> Work {
        let share = Double(sms) / Double(streamingMultiprocessors)
        if shape.isDecodeOnly {
            let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
            return decodeLine(sequences: sequences, contextTokens: context, sms: sms).work(contextTokens: context)
        }
        let squares = Double(2 * shape.prefillAttentionPairs - shape.prefillTokens)
        var seconds = prefill.secondsPerToken * Double(shape.prefillTokens) + prefill.secondsPerSquaredToken * squares
        if shape.decodeSequences > 0 {
            let decode = decodeCost(sequences: shape.decodeSequences)
            seconds += max(prefill.constantSeconds, decode.constantSeconds)
            seconds += decode.secondsPerContextToken * Double(shape.decodeContextTokens)
            seconds += decode.secondsPerSequence * Double(shape.decodeSequences)
        } else {
            seconds += prefill.constantSeconds
        }
        return Work(rounding: iterationSeconds + seconds * prefill.smResponse.multiplier(share: share))
    }

    private func decodeCost(sequences: Int) -> DecodeCost {
        if let largeBatch, sequences > largeBatch.sequences { return largeBatch.decode }
        return decode
    }

    public func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        let decode = decodeCost(sequences: sequences)
        let factor = decode.smResponse.multiplier(share: Double(sms) / Double(streamingMultiprocessors))
        let batchSeconds = decode.constantSeconds + decode.secondsPerSequence * Double(sequences)
        return DecodeCostLine(
            fixed: Work(rounding: iterationSeconds + batchSeconds * factor),
            perContextToken: Work(rounding: decode.secondsPerContextToken * factor),
            validContext: validContext(around: contextTokens))
    }

    /// The price alone is one line, but a co-run depends on the context too, and lanes are rated at the middle of what
    /// holds: an eighth of the context and less. The steps are the same wherever one begins.
    private func validContext(around contextTokens: Int) -> ClosedRange<Int> {
        if case .proportional = sharing { return 0...endlessContext }
        let width = 1 << (Int.bitWidth - 1 - max(1_024, contextTokens / 8).leadingZeroBitCount)
        let first = contextTokens / width * width
        return first...(first + width - 1)
    }

    public func slowdowns(
        prefill: IterationShape, decode: IterationShape, partition: SMPartition
    ) -> LaneSlowdowns {
        switch sharing {
        case .proportional(let gain): proportionalSlowdowns(gain: gain, decode, partition)
        case .coRun(let rule): coRunSlowdowns(rule, prefill, decode, partition)
        case .scaled(let rule):
            rule.slowdowns(
                prefill: prefillKernels(prefill, sms: partition.prefill),
                decode: work(of: decode, sms: partition.decode).seconds, shape: decode, partition: partition)
        }
    }

    /// Seconds of a prefill iteration without what does not depend on its tokens.
    private func prefillKernels(_ shape: IterationShape, sms: Int) -> Double {
        max(0, work(of: shape, sms: sms).seconds - iterationSeconds - prefill.constantSeconds)
    }

    private func coRunSlowdowns(
        _ rule: CoRun, _ prefillShape: IterationShape, _ decodeShape: IterationShape, _ partition: SMPartition
    ) -> LaneSlowdowns {
        let total = Double(partition.total)
        let prefillHost = iterationSeconds + prefill.constantSeconds

        let decode = decodeCost(sequences: decodeShape.decodeSequences)
        let alone = work(of: decodeShape, sms: partition.decode).seconds
        let host = min(alone, max(0, iterationSeconds + decode.constantSeconds - rule.weightReadSeconds))
        var kernels = KernelDemand(seconds: alone - host, memorySeconds: 0, bytes: 0)
        kernels.computeSeconds = min(
            kernels.seconds,
            decode.secondsPerSequence * Double(decodeShape.decodeSequences)
                * decode.smResponse.multiplier(share: Double(partition.decode) / total))
        kernels.memorySeconds = kernels.seconds - kernels.computeSeconds
        let own = partition.decode - partition.overlap
        // On its own SMs a decode lacks bandwidth; its arithmetic also finds room among the shared ones.
        let bandwidth = rule.bandwidth.value(at: Double(own) / total)
        return CoRunInterference(sharing: rule.sharing).slowdowns(
            prefill: .init(
                host: HostTime(hidden: 0, serial: prefillHost),
                kernels: KernelDemand(
                    seconds: prefillKernels(prefillShape, sms: partition.prefill), memorySeconds: 0, bytes: 0)),
            decode: .init(host: HostTime(hidden: 0, serial: host), kernels: kernels), partition: partition,
            prefillKernelsPerLayer: max(prefillKernels(prefillShape, sms: partition.total) / Double(rule.layers), 1e-9),
            decodeOnOwn: own > 0 ? alone + kernels.memorySeconds * (1 / bandwidth - 1) : nil,
            decodeOnAll: work(of: decodeShape, sms: partition.total).seconds,
            delayedShare: alone > 0 ? kernels.seconds / alone : 1)
    }

    private func proportionalSlowdowns(
        gain: Double, _ decodeShape: IterationShape, _ partition: SMPartition
    ) -> LaneSlowdowns {
        let total = Double(partition.total)
        let effective = Interference(overlapGain: gain, deliveredBytesPerSecond: .infinity).effectiveSMs(partition)
        func slowdown(_ response: SMResponse, alone: Int, shared: Double) -> Slowdown {
            Slowdown(
                rounding: response.multiplier(share: shared / total)
                    / response.multiplier(share: Double(alone) / total))
        }
        let decode = decodeCost(sequences: decodeShape.decodeSequences)
        return LaneSlowdowns(
            prefill: slowdown(prefill.smResponse, alone: partition.prefill, shared: effective.prefill),
            decode: slowdown(decode.smResponse, alone: partition.decode, shared: effective.decode))
    }

    public func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        ProvenanceShares(.given, seconds: work(of: shape, sms: sms).seconds)
    }

    public var uniformProvenance: CostProvenance? { .given }
}
