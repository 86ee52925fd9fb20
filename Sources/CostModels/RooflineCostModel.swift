public import EventKernel

/// Prices an iteration operator by operator: each is max(arithmetic, traffic) + launch, at the efficiencies of a profile.
///
/// One GPU of the tensor-parallel group stands for all. Decode lines of the SM counts named at construction are looked up
/// in a table; those of others are computed, in about the time of a prefill iteration.
public struct RooflineCostModel: CostModel {
    public let model: ModelArchitecture
    public let device: DeviceProfile
    public let runtime: RuntimeProfile
    public let tensorParallelism: Int

    let operators: DecoderOperators
    private let scaling: SMScaling
    private let interference: Interference
    private let coRun: CoRunInterference?
    /// By SM count; the entry at 0 is unused.
    private let stretches: [SMStretch]
    private let decodeTables: [DecodeTable]
    /// Index into `decodeTables` by SM count.
    private let tableOfSMs: [Int?]

    /// - Parameters:
    ///   - sharing: how lanes slow each other, where that was measured on the device.
    ///   - smCounts: SM counts that decode will run at; all SMs of the device are always among them.
    ///   - maxSequences: batches up to this size are in the tables.
    public init(
        model: ModelArchitecture, device: DeviceProfile, efficiency: EfficiencyProfile, runtime: RuntimeProfile,
        sharing: CoRunSharing? = nil, tensorParallelism: Int = 1, smCounts: [Int] = [], maxSequences: Int = 1024
    ) throws(CostModelError) {
        let total = device.streamingMultiprocessors
        let operators = try DecoderOperators(
            model: model, device: device, efficiency: efficiency, tensorParallelism: tensorParallelism)
        let stretches = (0...total).map { sms in
            sms == 0 ? .none : SMStretch(efficiency.smScaling, sms: Double(sms), of: total)
        }
        var tables: [DecodeTable] = []
        var tableOfSMs = [Int?](repeating: nil, count: total + 1)
        for sms in [total] + smCounts where tableOfSMs[sms] == nil {
            tableOfSMs[sms] = tables.count
            tables.append(
                DecodeTable(operators, runtime: runtime, stretch: stretches[sms], maxSequences: maxSequences))
        }
        self.model = model
        self.device = device
        self.runtime = runtime
        self.tensorParallelism = tensorParallelism
        self.operators = operators
        self.stretches = stretches
        self.tableOfSMs = tableOfSMs
        scaling = efficiency.smScaling
        interference = Interference(
            overlapGain: efficiency.sharing.overlapGain,
            deliveredBytesPerSecond: efficiency.sharing.deliveredBandwidth * device.memoryBandwidthBytesPerSecond)
        coRun = sharing.map(CoRunInterference.init)
        decodeTables = tables
    }

    public func work(of shape: IterationShape, sms: Int) -> Work {
        if shape.isDecodeOnly {
            let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
            return decodeLine(sequences: sequences, contextTokens: context, sms: sms).work(contextTokens: context)
        }
        return Work(rounding: runtime.hostTime(of: shape).total(kernels(of: shape, stretch: stretches[sms])))
    }

    public func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        let entry: DecodeTable.Entry
        if let table = tableOfSMs[sms], sequences <= decodeTables[table].maxSequences {
            entry = decodeTables[table][sequences]
        } else {
            entry = DecodeTable.Entry(operators, runtime: runtime, stretch: stretches[sms], sequences: sequences)
        }
        return entry.line(at: contextTokens)
    }

    public func slowdowns(
        prefill: IterationShape, decode: IterationShape, partition: SMPartition
    ) -> LaneSlowdowns {
        if let coRun { return slowdowns(by: coRun, prefill: prefill, decode: decode, partition: partition) }
        return interference.slowdowns(
            prefill: runtime.hostTime(of: prefill), decode: runtime.hostTime(of: decode), partition: partition,
            prefillKernels: { kernels(of: prefill, stretch: stretch(at: $0)) },
            decodeKernels: { kernels(of: decode, stretch: stretch(at: $0)) })
    }

    private func slowdowns(
        by coRun: CoRunInterference, prefill: IterationShape, decode: IterationShape, partition: SMPartition
    ) -> LaneSlowdowns {
        let own = partition.decode - partition.overlap
        let decodeHost = runtime.hostTime(of: decode)
        // On its own SMs a decode lacks bandwidth; its arithmetic also finds room among the shared ones. Seen in co-runs on
        // an H200: at (104, 132) of 132 SMs the slowdown of decode hardly depends on its batch, from 8 to 256.
        let ownStretch = SMStretch(
            compute: stretches[partition.decode].compute, weightReads: stretches[own].weightReads,
            reads: stretches[own].reads)
        // The constants of co-runs count the kernels of the efficiency profile, not those of some engine.
        let profiled =
            kernels(of: prefill, stretch: .none).seconds
            / runtime.kernelFactor(of: prefill, rows: Double(prefill.tokens))
        return coRun.slowdowns(
            prefill: .init(host: runtime.hostTime(of: prefill), kernels: kernels(of: prefill, sms: partition.prefill)),
            decode: .init(host: decodeHost, kernels: kernels(of: decode, sms: partition.decode)), partition: partition,
            prefillKernelsPerLayer: profiled / operators.layers,
            decodeOnOwn: own > 0 ? decodeHost.total(kernels(of: decode, stretch: ownStretch)) : nil,
            decodeOnAll: decodeHost.total(kernels(of: decode, stretch: .none)))
    }

    /// Everything rests on fitted or assumed efficiencies against datasheet bounds, and on host costs of that kind.
    public func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        ProvenanceShares(.analytic, seconds: work(of: shape, sms: sms).seconds)
    }

    public var uniformProvenance: CostProvenance? { .analytic }

    func stretch(sms: Int) -> SMStretch { stretches[sms] }

    /// Seconds and traffic of the engine's kernels of an iteration on each GPU, without host time.
    public func kernels(of shape: IterationShape, sms: Int) -> KernelDemand {
        kernels(of: shape, stretch: stretches[sms])
    }

    private func kernels(of shape: IterationShape, stretch: SMStretch) -> KernelDemand {
        // Only decode-only iterations replay captured graphs, so only they are padded.
        let sequences = shape.isDecodeOnly ? runtime.paddedDecode(shape.decodeSequences) : shape.decodeSequences
        var attention = KernelDemand.zero
        if shape.prefillTokens > 0 {
            attention += operators.attention.prefillDemand(
                tokens: Double(shape.prefillTokens), chunks: Double(shape.prefillSequences),
                pairs: Double(shape.prefillAttentionPairs), context: Double(shape.prefillContextTokens),
                stretch: stretch)
        }
        if sequences > 0 {
            attention += operators.attention.decodeDemand(
                sequences: Double(sequences), context: Double(shape.decodeContextTokens), stretch: stretch)
        }
        var demand = operators.demand(
            tokens: Double(shape.prefillTokens + sequences), sampled: Double(shape.prefillCompletions + sequences),
            attention: attention, stretch: stretch)
        let rows = shape.prefillTokens + sequences
        demand.slow(by: runtime.kernelFactor(of: shape, rows: Double(rows)))
        return demand
    }

    private func stretch(at sms: Double) -> SMStretch {
        SMStretch(scaling, sms: sms, of: device.streamingMultiprocessors)
    }
}

/// Decode lines on one SM count by number of sequences.
struct DecodeTable: Sendable {
    /// The lines of one batch size: a flat one while the host hides the kernels, then a rising one.
    struct Entry: Sendable, BitwiseCopyable {
        private let flat: Work
        private let fixed: Work
        private let perContextToken: Work
        /// The first context at which the kernels are no longer hidden.
        private let firstRising: Int

        init(_ operators: DecoderOperators, runtime: RuntimeProfile, stretch: SMStretch, sequences: Int) {
            let padded = Double(runtime.paddedDecode(sequences))
            let attention = operators.attention.decodeDemand(sequences: padded, context: 0, stretch: stretch)
            let factor = runtime.decode.kernelFactor.value(at: padded)
            let kernels =
                factor
                * operators.demand(tokens: padded, sampled: padded, attention: attention, stretch: stretch).seconds
            let perToken =
                factor * operators.layers
                * operators.attention.decodeSecondsPerContextToken(sequences: padded, stretch: stretch)
            let serial = runtime.decode.serial(sequences: sequences)
            let hidden = runtime.decode.hidden(sequences: sequences)
            flat = Work(rounding: serial + hidden)
            fixed = Work(rounding: serial + kernels)
            perContextToken = Work(rounding: perToken)
            firstRising =
                flat <= fixed
                ? 0 : Int((flat.units - fixed.units + perContextToken.units - 1) / perContextToken.units)
        }

        func line(at context: Int) -> DecodeCostLine {
            let segment = DecodeTable.segment(of: context)
            if context < firstRising {
                let valid = segment.lowerBound...min(segment.upperBound, firstRising - 1)
                return DecodeCostLine(fixed: flat, perContextToken: .zero, validContext: valid)
            }
            let valid = max(segment.lowerBound, firstRising)...segment.upperBound
            return DecodeCostLine(fixed: fixed, perContextToken: perContextToken, validContext: valid)
        }
    }

    /// The contexts that share a line: an eighth of an octave, so that what a decode lane draws from memory, and with it
    /// the slowdown of the lane beside it, changes by a few percent at most from one line to the next.
    static func segment(of context: Int) -> ClosedRange<Int> {
        guard context >= 256 else { return 0...255 }
        let width = 1 << (Int.bitWidth - context.leadingZeroBitCount - 4)
        let lower = context / width * width
        return lower...(lower + width - 1)
    }

    let maxSequences: Int
    private let entries: [Entry]

    init(_ operators: DecoderOperators, runtime: RuntimeProfile, stretch: SMStretch, maxSequences: Int) {
        self.maxSequences = maxSequences
        entries = (1...maxSequences).map {
            Entry(operators, runtime: runtime, stretch: stretch, sequences: $0)
        }
    }

    subscript(sequences: Int) -> Entry { entries[sequences - 1] }
}
