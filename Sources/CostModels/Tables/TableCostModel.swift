public import EventKernel
internal import Synchronization

/// Prices an iteration from measured kernels: the sum of its kernels at their sizes, on the SMs that it has, and the gaps
/// between them; the host time of the runtime comes on top as in `RooflineCostModel`.
///
/// One GPU of the tensor-parallel group stands for all. Everything that does not depend on the iteration is added up
/// once for each number of SMs, for those named at construction then and there, for others when they are first met.
public struct TableCostModel: CostModel {
    public let model: ModelArchitecture
    public let device: DeviceProfile
    public let runtime: RuntimeProfile
    public let tensorParallelism: Int
    public let state: PowerState

    private let tables: KernelTables
    private let roofline: RooflineCostModel
    private let maxSequences: Int
    private let keyValueBytesPerToken: Double
    private let layerWeightBytes: Double
    private let compiled: Compiled

    /// - Parameters:
    ///   - efficiency: prices what the tables do not have.
    ///   - sharing: slows two lanes if the tables have none side by side.
    ///   - smCounts: SM counts that decode will run at; all SMs of the device are always among them.
    ///   - maxSequences: batches up to this size are in tables; larger ones are computed when asked for.
    ///   - state: whether kernels run in bursts or on a device at its power limit, as a busy server's does.
    public init(
        model: ModelArchitecture, device: DeviceProfile, tables: KernelTables, efficiency: EfficiencyProfile,
        runtime: RuntimeProfile, sharing: CoRunSharing? = nil, tensorParallelism: Int = 1, smCounts: [Int] = [],
        maxSequences: Int = 1024, state: PowerState = .sustained
    ) throws(CostModelError) {
        roofline = try RooflineCostModel(
            model: model, device: device, efficiency: efficiency, runtime: runtime, sharing: sharing,
            tensorParallelism: tensorParallelism, maxSequences: 1)
        self.model = model
        self.device = device
        self.runtime = runtime
        self.tensorParallelism = tensorParallelism
        self.state = state
        self.tables = tables
        self.maxSequences = maxSequences
        let operators = roofline.operators
        keyValueBytesPerToken = operators.attention.keyValueBytesPerToken
        layerWeightBytes =
            operators.queryKeyValue.weightBytes + operators.attentionOutput.weightBytes
            + operators.gateUp.weightBytes + operators.down.weightBytes
        compiled = Compiled(counts: device.streamingMultiprocessors)
        for sms in [device.streamingMultiprocessors] + smCounts { _ = lane(sms) }
    }

    public func work(of shape: IterationShape, sms: Int) -> Work {
        if shape.isDecodeOnly {
            let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
            return decodeLine(sequences: sequences, contextTokens: context, sms: sms).work(contextTokens: context)
        }
        return Work(rounding: runtime.hostTime(of: shape).total(kernelSeconds: kernelSeconds(of: shape, sms: sms)))
    }

    public func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        let lane = lane(sms)
        if sequences <= maxSequences {
            return lane.decode.line(sequences: sequences, contextTokens: contextTokens)
        }
        return TableDecodeLines(lane.kernels, runtime: runtime, sequences: sequences...sequences)
            .line(sequences: sequences, contextTokens: contextTokens)
    }

    /// Kernels are slowed as measured, host time is not; as the compact rule says where no lanes were measured.
    public func slowdowns(
        prefill: IterationShape, decode: IterationShape, partition: SMPartition
    ) -> LaneSlowdowns {
        slowdowns(prefill: prefill, decode: decode, partition: partition, mechanism: .mps)
    }

    /// The same for another way of sharing than MPS, which is what serving engines use.
    public func slowdowns(
        prefill: IterationShape, decode: IterationShape, partition: SMPartition, mechanism: CoRunSurface.Mechanism
    ) -> LaneSlowdowns {
        let prefillKernels = kernelSeconds(of: prefill, sms: partition.prefill)
        let decodeKernels = kernelSeconds(of: decode, sms: partition.decode)
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

    /// By what each kernel rests on. Host time, and what padding and factors of the runtime add, is analytic.
    public func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        var shares = ProvenanceShares()
        var kernels = 0.0
        forEachPart(of: shape, sms: sms) { _, _, total in
            shares[total.provenance] += total.seconds
            kernels += total.seconds
        }
        shares[.analytic] += max(0, work(of: shape, sms: sms).seconds - kernels)
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
        var parts: [IterationPart] = []
        forEachPart(of: shape, sms: sms) { name, count, total in
            parts.append(IterationPart(name: name, count: Int(count), price: total))
        }
        return parts
    }

    /// Gives `body` the name of each part, how often it runs, and the price of all its runs.
    @inline(__always)
    private func forEachPart(
        of shape: IterationShape, sms: Int, _ body: (_ name: String, _ count: Double, _ total: KernelPrice) -> Void
    ) {
        let kernels = lane(sms).kernels
        let (rows, sampled) = rows(of: shape)
        func add(_ name: String, _ count: Double, _ price: KernelPrice) {
            body(name, count, KernelPrice(seconds: price.seconds * count, provenance: price.provenance))
        }
        for part in kernels.dense { add(part.name, part.count, part.curve.price(at: rows)) }
        if shape.prefillTokens > 0 {
            add("prefill attention", kernels.layers, kernels.prefillAttention(of: shape))
        }
        if shape.decodeSequences > 0 {
            let sequences = rows - Double(shape.prefillTokens)
            add(
                "decode attention", kernels.layers,
                kernels.decodeAttention(sequences: sequences, context: Double(shape.decodeContextTokens)))
        }
        if sampled > 0 {
            for part in kernels.head { add(part.name, part.count, part.curve.price(at: sampled)) }
        }
        let gaps = kernels.denseGaps + (sampled > 0 ? kernels.headGaps : 0)
        add("gaps", 1, KernelPrice(seconds: gaps, provenance: .interpolated))
    }

    /// Seconds of the engine's kernels, without host time. About ten lookups.
    public func kernelSeconds(of shape: IterationShape, sms: Int) -> Double {
        let kernels = lane(sms).kernels
        let (rows, sampled) = rows(of: shape)
        var seconds = kernels.denseSeconds(rows: rows) + kernels.headSeconds(rows: sampled)
        if shape.prefillTokens > 0 { seconds += kernels.layers * kernels.prefillAttention(of: shape).seconds }
        if shape.decodeSequences > 0 {
            let attention = kernels.decodeAttention(
                sequences: rows - Double(shape.prefillTokens), context: Double(shape.decodeContextTokens))
            seconds += kernels.layers * attention.seconds
        }
        return seconds * runtime.overhead(of: shape).kernelFactor.value(at: rows)
    }

    /// Rows of the products and of the LM head. Only decode-only iterations replay captured graphs, so only they are
    /// padded.
    private func rows(of shape: IterationShape) -> (rows: Double, sampled: Double) {
        let sequences = shape.isDecodeOnly ? runtime.paddedDecode(shape.decodeSequences) : shape.decodeSequences
        return (Double(shape.prefillTokens + sequences), Double(shape.prefillCompletions + sequences))
    }

    private func lane(_ sms: Int) -> Compiled.Lane {
        compiled.lane(sms) {
            let kernels = TableKernels(
                tables: tables, operators: roofline.operators, model: model, device: device,
                stretch: roofline.stretch(sms: sms), tensorParallelism: tensorParallelism, state: state, sms: sms)
            return Compiled.Lane(
                kernels: kernels,
                decode: TableDecodeLines(kernels, runtime: runtime, sequences: 1...max(1, maxSequences)))
        }
    }
}

/// What was added up, by SM count. A class because the values fill in when they are first needed; they depend on nothing
/// but the count, so that who asks first makes no difference.
private final class Compiled: Sendable {
    final class Lane: Sendable {
        let kernels: TableKernels
        let decode: TableDecodeLines

        init(kernels: TableKernels, decode: TableDecodeLines) {
            self.kernels = kernels
            self.decode = decode
        }
    }

    private let lanes: Mutex<[Lane?]>

    init(counts: Int) { lanes = Mutex(Array(repeating: nil, count: counts + 1)) }

    func lane(_ sms: Int, make: () -> Lane) -> Lane {
        lanes.withLock { lanes in
            if let lane = lanes[sms] { return lane }
            let lane = make()
            lanes[sms] = lane
            return lane
        }
    }
}
