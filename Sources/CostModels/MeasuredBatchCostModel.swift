public import EventKernel

/// Costs as a table of somebody's own GPU: what an iteration takes by its tokens, by the rows of its LM head and by its
/// attention, measured on the whole device.
///
/// An iteration costs `tokens` + `outputs` + attention, plus the host time of a runtime. Attention of decodes alone, of
/// chunks alone and of both together are tables of their own, since a mixed kernel is not the sum of its parts. Several
/// chunks of one iteration count as one chunk of all their tokens on so many cached ones that it has the same
/// query–key pairs; all sequences count as having the mean context. Shares of SMs change nothing: not for semi-PD.
public struct MeasuredBatchCostModel: CostModel {
    public struct Attention: Hashable, Sendable {
        /// By sequences and context of each.
        public var decode: MeasuredGrid
        /// By tokens of the chunk and cached tokens before it.
        public var prefill: MeasuredGrid
        /// By tokens of the chunk, cached tokens before it, decoding sequences and context of each.
        public var mixed: MeasuredGrid

        /// - Parameters:
        ///   - decode: on the third and fourth axis.
        ///   - prefill: on the first and second axis.
        public init(decode: MeasuredGrid, prefill: MeasuredGrid, mixed: MeasuredGrid) {
            self.decode = decode
            self.prefill = prefill
            self.mixed = mixed
        }
    }

    /// Everything that depends on the number of tokens alone: projections, norms, activation, embedding.
    public var tokens: MeasuredGrid
    /// LM head and sampling, by the rows that need them.
    public var outputs: MeasuredGrid
    public var attention: Attention
    /// Host times and graph sizes; the kernels of the table are the engine's own already.
    public var runtime: RuntimeProfile

    public init(tokens: MeasuredGrid, outputs: MeasuredGrid, attention: Attention, runtime: RuntimeProfile) {
        self.tokens = tokens
        self.outputs = outputs
        self.attention = attention
        self.runtime = runtime
    }

    public func work(of shape: IterationShape, sms: Int) -> Work {
        let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
        if shape.isDecodeOnly {
            return decodeLine(sequences: sequences, contextTokens: context, sms: sms).work(contextTokens: context)
        }
        let chunk = Double(shape.prefillTokens)
        let cached = max(0, (Double(shape.prefillAttentionPairs) - chunk * (chunk + 1) / 2) / chunk)
        let attentionSeconds =
            sequences == 0
            ? attention.prefill.value(chunk, cached)
            : attention.mixed.value(chunk, cached, Double(sequences), Double(context) / Double(sequences))
        let rows = sequences + shape.prefillCompletions
        let kernels =
            tokens.value(Double(shape.tokens)) + (rows > 0 ? outputs.value(Double(rows)) : 0) + attentionSeconds
        return Work(
            rounding: runtime.prefill.total(kernels: kernels, sequences: sequences + shape.prefillSequences))
    }

    /// The segments are those of the decode table's context axis.
    public func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        let knots = attention.decode.axes[3]
        let next = knots.firstIndex { $0 * sequences > contextTokens } ?? knots.count
        let first = next == 0 ? 0 : knots[next - 1] * sequences
        let last = next == knots.count ? first + (1 << 40) : knots[next] * sequences - 1
        let padded = runtime.paddedDecode(sequences)
        let fixed = tokens.value(Double(padded)) + outputs.value(Double(padded))
        func seconds(_ context: Int) -> Double {
            let mean = Double(context) / Double(sequences)
            let kernels = fixed + attention.decode.value(0, 0, Double(sequences), mean)
            return runtime.decode.total(kernels: kernels, sequences: sequences)
        }
        let end = next == knots.count ? first + sequences : last + 1
        let slope = Work(rounding: max(0, seconds(end) - seconds(first)) / Double(end - first))
        let start = Work(rounding: seconds(first))
        return DecodeCostLine(
            fixed: Work(units: start.units - slope.units * Int64(first)), perContextToken: slope,
            validContext: first...last)
    }

    public func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        .none
    }

    public func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        ProvenanceShares(.given, seconds: work(of: shape, sms: sms).seconds)
    }

    public var uniformProvenance: CostProvenance? { .given }
}

extension RuntimeProfile.Overhead {
    /// Seconds of an iteration whose kernels take `kernels` seconds.
    fileprivate func total(kernels: Double, sequences: Int) -> Double {
        serial(sequences: sequences) + max(kernels, hidden(sequences: sequences))
    }
}
