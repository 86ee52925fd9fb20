public import EventKernel

/// Costs as a table of iteration times by size: of iterations with prompt tokens by all their tokens, one of each
/// decoding sequence included; of decode iterations by their sequences, whatever their contexts.
///
/// Between points as `MeasuredGrid` says. SMs change nothing.
public struct TokenTableCostModel: CostModel {
    /// Seconds by tokens, and by sequences.
    public var tokens: MeasuredGrid
    public var sequences: MeasuredGrid
    /// Added to every iteration.
    public var iterationSeconds: Double

    public init(tokens: MeasuredGrid, sequences: MeasuredGrid, iterationSeconds: Double = 0) {
        self.tokens = tokens
        self.sequences = sequences
        self.iterationSeconds = iterationSeconds
    }

    public func work(of shape: IterationShape, sms: Int) -> Work {
        let seconds =
            shape.isDecodeOnly
            ? sequences.value(Double(shape.decodeSequences)) : tokens.value(Double(shape.tokens))
        return Work(rounding: iterationSeconds + seconds)
    }

    public func decodeLine(sequences count: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        DecodeCostLine(
            fixed: Work(rounding: iterationSeconds + sequences.value(Double(count))), perContextToken: .zero,
            validContext: 0...(1 << 40))
    }

    public func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        .none
    }

    public func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        ProvenanceShares(.given, seconds: work(of: shape, sms: sms).seconds)
    }
}
