/// The kernels of an iteration of one model on one number of SMs, ready to be added up.
///
/// A class because it is looked at for every iteration: to copy this many curves counts a reference to each.
final class TableKernels: Sendable {
    /// A kernel of an iteration and how often it runs.
    private struct Part {
        let name: String
        let count: Double
        /// By rows.
        let curve: MeasuredCurve
    }

    /// Of the kernels by rows of the iteration, then of those by rows that the LM head sees.
    let names: [String]
    let counts: [Double]
    /// How many of these come before those of the head.
    let denseCount: Int
    /// Of the same kernels, then the sums of both kinds, gaps included.
    private let curves: CurveStack
    private let denseShares: CurveStack.Shares
    private let headShares: CurveStack.Shares
    let layers: Double
    let prefillAttention: PrefillAttentionKernel?
    let decodeAttention: DecodeAttentionKernel?
    private let equalContexts: Bool
    /// What a busy device makes of prefill attention that was measured, or fitted, in bursts: ratios by queries.
    let inferredThrottling: MeasuredCurve?
    /// Attention where nothing was measured.
    let analyticAttention: AttentionOperator
    let stretch: SMStretch
    /// Whether attention was measured on all SMs only, so that parts of them scale it as the analytic bound.
    let scalesAttention: Bool
    /// Launch gaps of all layers, and of the head.
    private let denseGaps: Double
    private let headGaps: Double

    /// Far above any batch, so that the sums go on as their parts do.
    private static let farRows = Double(1 << 22)
    /// Where operators that were not measured are sampled.
    private static let analyticRows: [Double] =
        [1, 8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224] + (1...64).map { 256 * Double($0) }

    init(
        tables: KernelTables, operators: DecoderOperators, model: ModelArchitecture, device: DeviceProfile,
        stretch: SMStretch, tensorParallelism tp: Int, state: PowerState, equalContexts: Bool, sms: Int
    ) {
        self.equalContexts = equalContexts
        let heads = model.heads / tp
        let keyValueHeads = max(1, model.keyValueHeads / tp)
        let (hidden, intermediate) = (model.hiddenSize, model.intermediateSize / tp)
        let total = device.streamingMultiprocessors
        let scales = sms < total && tables.isWholeDeviceOnly(device)
        let tableSMs = scales ? total : sms
        let bound = GEMMBound(device: device, reads: tables.reads, sms: tableSMs)
        /// What the tables say, or what the fallback says where they say nothing; on a part of the SMs where only all were
        /// measured, the fallback's own ratio between the two.
        func curve(_ measured: MeasuredCurve?, _ fallback: (Double, SMStretch) -> Double) -> MeasuredCurve {
            guard let measured else {
                return MeasuredCurve(sizes: Self.analyticRows, origin: .analytic) { fallback($0, stretch) }
            }
            if !scales { return measured }
            return MeasuredCurve(sizes: measured.sizes, origin: .heldUtilisation) {
                measured.seconds(at: $0) * fallback($0, stretch) / fallback($0, .none)
            }
        }
        func product(_ name: String, _ n: Int, _ k: Int, _ fallback: MatrixProduct, count: Double) -> Part {
            let measured = tables.product(n: n, k: k, sms: tableSMs, state: state, bound: bound)
            return Part(
                name: name, count: count, curve: curve(measured) { fallback.demand(rows: $0, stretch: $1).seconds })
        }
        func elementwise(
            _ kernel: ElementwiseTable.Kernel, _ width: Int, _ fallback: ElementwiseOperator, count: Double
        ) -> Part {
            let measured = tables.elementwise.curve(kernel, width: width, sms: tableSMs)
            return Part(
                name: kernel.rawValue, count: count,
                curve: curve(measured) { fallback.demand(rows: $0, stretch: $1).seconds })
        }
        let layers = Double(model.layers)
        var dense = [
            product(
                "qkv", (heads + 2 * keyValueHeads) * model.headSize, hidden, operators.queryKeyValue, count: layers),
            product("o", hidden, heads * model.headSize, operators.attentionOutput, count: layers),
            product("gate_up", 2 * intermediate, hidden, operators.gateUp, count: layers),
            product("down", hidden, intermediate, operators.down, count: layers),
            elementwise(.addRMSNorm, hidden, operators.norm, count: 2 * layers),
            elementwise(
                .rotaryAndCache, (heads + 2 * keyValueHeads) * model.headSize, operators.rotary, count: layers),
            elementwise(.siluMultiply, intermediate, operators.activation, count: layers),
            elementwise(.embedding, hidden, operators.embedding, count: 1),
        ]
        if let operation = operators.allReduce {
            let measured = tables.allReduce.curve(ranks: tp).map {
                MeasuredCurve(
                    sizes: $0.sizes.map { $0 / operation.bytesPerRow }, seconds: $0.seconds, origin: $0.origin)
            }
            let fallback = MeasuredCurve(sizes: Self.analyticRows, origin: .analytic) {
                operation.demand(rows: $0).seconds
            }
            dense.append(Part(name: "all_reduce", count: 2 * layers, curve: measured ?? fallback))
        }
        let vocabulary = model.vocabularySize
        let head = [
            elementwise(.addRMSNorm, hidden, operators.norm, count: 1),
            product("lm_head", (vocabulary + tp - 1) / tp, hidden, operators.languageHead, count: 1),
            elementwise(.argmax, vocabulary, operators.sampling, count: 1),
        ]
        let hasMeasuredHeadSize = model.headSize == DecodeAttentionTable.headSize
        names = (dense + head).map(\.name)
        counts = (dense + head).map(\.count)
        denseCount = dense.count
        self.layers = layers
        prefillAttention =
            hasMeasuredHeadSize
            ? tables.prefillAttention.kernel(heads: heads, keyValueHeads: keyValueHeads, sms: tableSMs, state: state)
            : nil
        decodeAttention =
            hasMeasuredHeadSize
            ? tables.decodeAttention.kernel(heads: heads, keyValueHeads: keyValueHeads, sms: tableSMs) : nil
        inferredThrottling = state == .sustained ? tables.throttling?.prefillAttention : nil
        analyticAttention = operators.attention
        self.stretch = stretch
        scalesAttention = scales
        // Attention is a kernel of each layer too.
        denseGaps = tables.graphGapSeconds * (dense.reduce(0) { $0 + $1.count } + layers)
        headGaps = tables.graphGapSeconds * Double(head.count)
        let sums = [Self.sum(dense, gaps: denseGaps), Self.sum(head, gaps: headGaps)]
        curves = CurveStack((dense + head).map(\.curve) + sums)
        denseShares = .init(of: curves, curves: 0..<denseCount, counts: counts)
        headShares = .init(of: curves, curves: denseCount..<names.count, counts: counts)
    }

    /// Where the rows of an iteration stand in the curves, and those that the head sees.
    struct Places: BitwiseCopyable {
        let dense: CurveStack.Place
        let head: CurveStack.Place?
    }

    @inline(__always)
    func places(rows: Int, sampled: Int) -> Places {
        Places(dense: place(rows: rows), head: sampled > 0 ? place(rows: sampled) : nil)
    }

    /// Where so many rows stand in the curves of all kernels. O(1).
    func place(rows: Int) -> CurveStack.Place { curves.place(of: rows) }

    /// One run of a kernel.
    func price(_ kernel: Int, at place: CurveStack.Place) -> KernelPrice { curves.price(kernel, at: place) }

    /// Seconds of everything but attention, without the head.
    @inline(__always)
    func denseSeconds(at place: CurveStack.Place) -> Double { curves.price(names.count, at: place).seconds }

    /// Seconds of the LM head, its norm and sampling.
    @inline(__always)
    func headSeconds(at place: CurveStack.Place) -> Double { curves.price(names.count + 1, at: place).seconds }

    /// Seconds between the kernels.
    func gaps(hasHead: Bool) -> Double { denseGaps + (hasHead ? headGaps : 0) }

    /// All runs of the kernels of an iteration by what they rest on, without attention and gaps.
    @inline(__always)
    func shares(at places: Places) -> ProvenanceShares {
        let shares = denseShares[places.dense]
        return places.head.map { shares + headShares[$0] } ?? shares
    }

    /// Attention of the chunks of one layer.
    func prefillAttention(of shape: IterationShape) -> KernelPrice {
        let (tokens, chunks) = (Double(shape.prefillTokens), Double(shape.prefillSequences))
        let pairs = Double(shape.prefillAttentionPairs)
        var price = self.price(prefillAttention?.price(tokens: tokens, chunks: chunks, pairs: pairs)) { stretch in
            analyticAttention.prefillDemand(
                tokens: tokens, chunks: chunks, pairs: pairs, context: Double(shape.prefillContextTokens),
                stretch: stretch)
        }
        if let inferredThrottling {
            price.seconds *= inferredThrottling.held(at: tokens / chunks)
            price.provenance = price.provenance.worse(.heldUtilisation)
        }
        return price
    }

    /// Attention of the decoding sequences of one layer.
    func decodeAttention(sequences: Double, context: Double) -> KernelPrice {
        var price = price(decodeAttention?.price(sequences: sequences, context: context)) { stretch in
            analyticAttention.decodeDemand(sequences: sequences, context: context, stretch: stretch)
        }
        if !equalContexts, let decodeAttention {
            price.seconds *= decodeAttention.unequalRatio(sequences: sequences)
        }
        return price
    }

    private func price(_ measured: KernelPrice?, _ analytic: (SMStretch) -> KernelDemand) -> KernelPrice {
        guard let measured else { return KernelPrice(seconds: analytic(stretch).seconds, provenance: .analytic) }
        if !scalesAttention { return measured }
        let ratio = analytic(stretch).seconds / analytic(.none).seconds
        return KernelPrice(
            seconds: measured.seconds * ratio, provenance: measured.provenance.worse(.heldUtilisation))
    }

    /// Σ context at which decode attention of so many sequences bends.
    func decodeBends(sequences: Double) -> [Double] {
        decodeAttention?.bends(sequences: sequences) ?? [sequences, 1024 * sequences]
    }

    private static func sum(_ parts: [Part], gaps: Double) -> MeasuredCurve {
        var rows = [farRows]
        for part in parts { rows = union(rows, part.curve.sizes) }
        return MeasuredCurve(sizes: rows, origin: .interpolated) { rows in
            parts.reduce(gaps) { $0 + $1.count * $1.curve.seconds(at: rows) }
        }
    }
}
