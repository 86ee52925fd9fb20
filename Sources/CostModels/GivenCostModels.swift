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
    public var largeBatch: LargeBatch?
    /// As in `SharingEfficiency`.
    public var overlapGain: Double

    public init(
        streamingMultiprocessors: Int, iterationSeconds: Double = 0, prefill: PrefillCost, decode: DecodeCost,
        largeBatch: LargeBatch? = nil, overlapGain: Double = 1
    ) {
        self.streamingMultiprocessors = streamingMultiprocessors
        self.iterationSeconds = iterationSeconds
        self.prefill = prefill
        self.decode = decode
        self.largeBatch = largeBatch
        self.overlapGain = overlapGain
    }

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
            validContext: 0...endlessContext)
    }

    public func slowdowns(
        prefill prefillShape: IterationShape, decode decodeShape: IterationShape, partition: SMPartition
    ) -> LaneSlowdowns {
        let total = Double(partition.total)
        let effective = Interference(overlapGain: overlapGain, deliveredBytesPerSecond: .infinity)
            .effectiveSMs(partition)
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
