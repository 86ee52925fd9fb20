public import EventKernel

/// Prices an iteration from measured kernels: the sum of its kernels at their sizes, on the SMs that it has, and the gaps
/// between them; the host time of the runtime comes on top as in `RooflineCostModel`.
///
/// One GPU of the tensor-parallel group stands for all. Everything that does not depend on the iteration is added up
/// once for each number of SMs, when that is first met.
/// A class because it is asked several times for every batch, and to copy this many tables takes longer than a price.
public final class TableCostModel: CostModel {
    public let model: ModelArchitecture
    public let device: DeviceProfile
    public let runtime: RuntimeProfile
    public let tensorParallelism: Int
    public let state: PowerState
    /// How two lanes share the GPU.
    public let mechanism: CoRunSurface.Mechanism
    /// Whether the sequences of a decode batch are as long as each other, which in serving they are not.
    public let equalContexts: Bool

    private let tables: KernelTables
    private let roofline: RooflineCostModel
    private let maxSequences: Int
    private let keyValueBytesPerToken: Double
    private let layerWeightBytes: Double
    /// By SM count.
    private let lanes: MadeOnce<TableLane>

    /// - Parameters:
    ///   - efficiency: prices what the tables do not have.
    ///   - sharing: slows two lanes if the tables have none side by side.
    ///   - maxSequences: batches up to this size are in tables; larger ones are computed when asked for.
    ///   - state: whether kernels run in bursts or on a device at its power limit, as a busy server's does.
    ///   - mechanism: how two lanes share the GPU; serving engines use MPS.
    ///   - equalContexts: whether the sequences of a decode batch are as long as each other, as in benchmarks.
    public init(
        model: ModelArchitecture, device: DeviceProfile, tables: KernelTables, efficiency: EfficiencyProfile,
        runtime: RuntimeProfile, sharing: CoRunSharing? = nil, tensorParallelism: Int = 1,
        maxSequences: Int = 1024, state: PowerState = .sustained, mechanism: CoRunSurface.Mechanism = .mps,
        equalContexts: Bool = false
    ) throws(CostModelError) {
        roofline = try RooflineCostModel(
            model: model, device: device, efficiency: efficiency, runtime: runtime, sharing: sharing,
            tensorParallelism: tensorParallelism, maxSequences: 1)
        self.model = model
        self.device = device
        self.runtime = runtime
        self.tensorParallelism = tensorParallelism
        self.state = state
        self.mechanism = mechanism
        self.equalContexts = equalContexts
        self.tables = tables
        self.maxSequences = maxSequences
        let operators = roofline.operators
        keyValueBytesPerToken = operators.attention.keyValueBytesPerToken
        layerWeightBytes =
            operators.queryKeyValue.weightBytes + operators.attentionOutput.weightBytes
            + operators.gateUp.weightBytes + operators.down.weightBytes
        lanes = MadeOnce(count: device.streamingMultiprocessors + 1)
    }

    public func work(of shape: IterationShape, sms: Int) -> Work {
        if shape.isDecodeOnly {
            let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
            return decodeLine(sequences: sequences, contextTokens: context, sms: sms).work(contextTokens: context)
        }
        let kernels = lane(sms).kernels
        let seconds = kernelSeconds(of: shape, kernels, attention(of: shape, kernels), places(of: shape, kernels))
        return Work(rounding: runtime.hostTime(of: shape).total(kernelSeconds: seconds))
    }

    public func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        decodeLine(sequences: sequences, contextTokens: contextTokens, lane(sms))
    }

    private func decodeLine(sequences: Int, contextTokens: Int, _ lane: TableLane) -> DecodeCostLine {
        lane.decodeLines(sequences: sequences).line(sequences: sequences, contextTokens: contextTokens)
    }

    /// Kernels are slowed as measured, host time is not; as the compact rule says where no lanes were measured.
    public func slowdowns(
        prefill: IterationShape, decode: IterationShape, partition: SMPartition
    ) -> LaneSlowdowns {
        slowdowns(prefill: prefill, decode: decode, partition: partition, mechanism: mechanism)
    }

    public func slowdowns(prefill: LaneLoad, decode: LaneLoad, partition: SMPartition) -> LaneSlowdowns {
        slowdowns(
            prefill.shape, kernelSeconds: prefill.kernelSeconds, decode.shape, kernelSeconds: decode.kernelSeconds,
            partition, mechanism)
    }

    /// The same for another way of sharing.
    public func slowdowns(
        prefill: IterationShape, decode: IterationShape, partition: SMPartition, mechanism: CoRunSurface.Mechanism
    ) -> LaneSlowdowns {
        slowdowns(prefill, kernelSeconds: nil, decode, kernelSeconds: nil, partition, mechanism)
    }

    private func slowdowns(
        _ prefill: IterationShape, kernelSeconds knownPrefill: Double?, _ decode: IterationShape,
        kernelSeconds knownDecode: Double?, _ partition: SMPartition, _ mechanism: CoRunSurface.Mechanism
    ) -> LaneSlowdowns {
        let prefillKernels = knownPrefill ?? kernelSeconds(of: prefill, sms: partition.prefill)
        let decodeKernels = knownDecode ?? kernelSeconds(of: decode, sms: partition.decode)
        let keyValueBytes = Double(decode.decodeContextTokens) * keyValueBytesPerToken
        let lanes = CoRunSurface.Lanes(
            prefillLayerSeconds: prefillKernels / Double(model.layers),
            decodeLayerSeconds: decodeKernels / Double(model.layers),
            decodeKeyValueShare: keyValueBytes / (keyValueBytes + layerWeightBytes))
        let measured = tables.coRun?.slowdowns(
            lanes, prefillSMs: partition.prefill, decodeSMs: partition.decode, mechanism: mechanism)
        guard let measured else {
            return roofline.slowdowns(prefill: prefill, decode: decode, partition: partition)
        }
        func slowdown(_ shape: IterationShape, _ kernels: Double, _ factor: Double) -> Slowdown {
            let host = runtime.hostTime(of: shape)
            return Slowdown(
                rounding: host.total(kernelSeconds: kernels * factor) / host.total(kernelSeconds: kernels))
        }
        return LaneSlowdowns(
            prefill: slowdown(prefill, prefillKernels, measured.prefill),
            decode: slowdown(decode, decodeKernels, measured.decode))
    }

    public func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        if !shape.isDecodeOnly { return price(of: shape, sms: sms).provenance }
        let (lane, context) = (lane(sms), shape.decodeContextTokens)
        let line = decodeLine(sequences: shape.decodeSequences, contextTokens: context, lane)
        return shares(
            lane.kernels, attention(of: shape, lane.kernels), places(of: shape, lane.kernels),
            work: line.work(contextTokens: context))
    }

    public func price(of shape: IterationShape, sms: Int) -> IterationPrice {
        if shape.isDecodeOnly {
            return IterationPrice(work: work(of: shape, sms: sms), provenance: provenance(of: shape, sms: sms))
        }
        let lane = lane(sms)
        let (attention, places) = (attention(of: shape, lane.kernels), places(of: shape, lane.kernels))
        let seconds = kernelSeconds(of: shape, lane.kernels, attention, places)
        let work = Work(rounding: runtime.hostTime(of: shape).total(kernelSeconds: seconds))
        return IterationPrice(
            work: work, provenance: shares(lane.kernels, attention, places, work: work), kernelSeconds: seconds)
    }

    public func linePrice(sequences: Int, contextTokens: Int, sms: Int) -> DecodeLinePrice {
        let lane = lane(sms)
        let line = decodeLine(sequences: sequences, contextTokens: contextTokens, lane)
        let middle = IterationShape.decode(sequences: sequences, contextTokens: line.middleContext)
        let work = line.work(contextTokens: line.middleContext)
        let (attention, places) = (attention(of: middle, lane.kernels), places(of: middle, lane.kernels))
        return DecodeLinePrice(
            line: line, provenance: shares(lane.kernels, attention, places, work: work),
            kernelSeconds: kernelSeconds(of: middle, lane.kernels, attention, places))
    }

    /// By what each kernel rests on. Host time, and what padding and factors of the runtime add, is analytic.
    @inline(__always)
    private func shares(
        _ kernels: TableKernels, _ attention: Attention, _ places: TableKernels.Places, work: Work
    ) -> ProvenanceShares {
        var shares = kernels.shares(at: places)
        shares.add(attention.prefill, times: kernels.layers)
        shares.add(attention.decode, times: kernels.layers)
        shares[.interpolated] += kernels.gaps(hasHead: places.head != nil)
        shares[.analytic] += max(0, work.seconds - shares.total)
        return shares
    }

    /// One kind of kernel of an iteration: how often it runs, and all its runs together.
    public struct IterationPart: Hashable, Sendable {
        public var name: String
        public var count: Int
        public var price: KernelPrice
    }

    /// The kernels that an iteration adds up, and the gaps between them; without host time.
    public func parts(of shape: IterationShape, sms: Int) -> [IterationPart] {
        let kernels = lane(sms).kernels
        let attention = attention(of: shape, kernels)
        let sequences = sequences(of: shape)
        let sampled = shape.prefillCompletions + sequences
        var parts: [IterationPart] = []
        func add(_ name: String, _ count: Double, _ price: KernelPrice) {
            let all = KernelPrice(seconds: price.seconds * count, provenance: price.provenance)
            parts.append(IterationPart(name: name, count: Int(count), price: all))
        }
        func add(_ numbers: Range<Int>, rows: Int) {
            let place = kernels.place(rows: rows)
            for kernel in numbers {
                add(kernels.names[kernel], kernels.counts[kernel], kernels.price(kernel, at: place))
            }
        }
        add(0..<kernels.denseCount, rows: shape.prefillTokens + sequences)
        if shape.prefillTokens > 0 { add("prefill attention", kernels.layers, attention.prefill) }
        if shape.decodeSequences > 0 { add("decode attention", kernels.layers, attention.decode) }
        if sampled > 0 { add(kernels.denseCount..<kernels.names.count, rows: sampled) }
        add("gaps", 1, KernelPrice(seconds: kernels.gaps(hasHead: sampled > 0), provenance: .interpolated))
        return parts
    }

    /// Attention of one layer.
    private struct Attention: BitwiseCopyable {
        var prefill = KernelPrice(seconds: 0, provenance: .measured)
        var decode = KernelPrice(seconds: 0, provenance: .measured)
    }

    private func attention(of shape: IterationShape, _ kernels: TableKernels) -> Attention {
        var attention = Attention()
        if shape.prefillTokens > 0 { attention.prefill = kernels.prefillAttention(of: shape) }
        if shape.decodeSequences > 0 {
            attention.decode = kernels.decodeAttention(
                sequences: Double(sequences(of: shape)), context: Double(shape.decodeContextTokens))
        }
        return attention
    }

    /// Seconds of the engine's kernels, without host time. O(1) but for attention, which looks among about ten points.
    public func kernelSeconds(of shape: IterationShape, sms: Int) -> Double {
        let kernels = lane(sms).kernels
        return kernelSeconds(of: shape, kernels, attention(of: shape, kernels), places(of: shape, kernels))
    }

    @inline(__always)
    private func kernelSeconds(
        of shape: IterationShape, _ kernels: TableKernels, _ attention: Attention, _ places: TableKernels.Places
    ) -> Double {
        var seconds = kernels.denseSeconds(at: places.dense) + (places.head.map { kernels.headSeconds(at: $0) } ?? 0)
        if shape.prefillTokens > 0 { seconds += kernels.layers * attention.prefill.seconds }
        if shape.decodeSequences > 0 { seconds += kernels.layers * attention.decode.seconds }
        return seconds * runtime.kernelFactor(of: shape, rows: places.dense.size)
    }

    @inline(__always)
    private func places(of shape: IterationShape, _ kernels: TableKernels) -> TableKernels.Places {
        let sequences = sequences(of: shape)
        return kernels.places(rows: shape.prefillTokens + sequences, sampled: shape.prefillCompletions + sequences)
    }

    /// Only decode-only iterations replay captured graphs, so only they are padded.
    @inline(__always)
    private func sequences(of shape: IterationShape) -> Int {
        shape.isDecodeOnly ? runtime.paddedDecode(shape.decodeSequences) : shape.decodeSequences
    }

    @inline(__always)
    private func lane(_ sms: Int) -> TableLane { lanes.value(sms) { makeLane(sms) } }

    @inline(never)
    private func makeLane(_ sms: Int) -> TableLane {
        TableLane(
            tables: tables, roofline: roofline, state: state, equalContexts: equalContexts, maxSequences: maxSequences,
            sms: sms)
    }
}

/// What is added up for one number of SMs.
private final class TableLane: Sendable {
    /// Batches whose decode lines are made together.
    private static let batches = 32

    let kernels: TableKernels
    private let runtime: RuntimeProfile
    /// By number of sequences, so many at a time.
    private let decode: MadeOnce<TableDecodeLines>

    init(
        tables: KernelTables, roofline: RooflineCostModel, state: PowerState, equalContexts: Bool, maxSequences: Int,
        sms: Int
    ) {
        kernels = TableKernels(
            tables: tables, operators: roofline.operators, model: roofline.model, device: roofline.device,
            stretch: roofline.stretch(sms: sms), tensorParallelism: roofline.tensorParallelism, state: state,
            equalContexts: equalContexts, sms: sms)
        runtime = roofline.runtime
        decode = MadeOnce(count: max(1, maxSequences) / Self.batches + 1)
    }

    func decodeLines(sequences: Int) -> TableDecodeLines {
        let number = sequences / Self.batches
        guard number < decode.count else {
            return TableDecodeLines(kernels, runtime: runtime, sequences: sequences...sequences)
        }
        return decode.value(number) {
            let first = number * Self.batches
            return TableDecodeLines(
                kernels, runtime: runtime, sequences: max(1, first)...(first + Self.batches - 1))
        }
    }
}
