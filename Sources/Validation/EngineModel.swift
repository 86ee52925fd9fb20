public import CostModels
internal import EventKernel

/// The engine of the measured runs as the simulator prices it.
public struct EngineModel: Sendable {
    public var model: ModelArchitecture
    public var device: DeviceProfile
    public var efficiency: EfficiencyProfile
    /// One process on a GPU: unified and disaggregated.
    public var runtime: RuntimeProfile
    /// Two processes on a GPU under MPS: semi-PD.
    public var workers: RuntimeProfile
    public var sharing: CoRunSharing
    /// The replay engine: measured kernels instead of the efficiency profile.
    public var replay: ReplayEngine?

    public init(
        model: ModelArchitecture, device: DeviceProfile, efficiency: EfficiencyProfile, runtime: RuntimeProfile,
        workers: RuntimeProfile, sharing: CoRunSharing, replay: ReplayEngine? = nil
    ) {
        self.model = model
        self.device = device
        self.efficiency = efficiency
        self.runtime = runtime
        self.workers = workers
        self.sharing = sharing
        self.replay = replay
    }

    /// The largest running set of the engine.
    static let mostSequences = 256

    func costs(for run: ServingRun) throws(CostModelError) -> any CostModel {
        guard let replay else { return try rooflineCosts(for: run.policy) }
        return try replay.costs(for: run, of: self)
    }

    func rooflineCosts(for policy: ServingRun.Policy) throws(CostModelError) -> RooflineCostModel {
        let partition = partition(for: policy)
        return try RooflineCostModel(
            model: model, device: device, efficiency: efficiency, runtime: policy.isShared ? workers : runtime,
            sharing: sharing, smCounts: [partition.prefill, partition.decode], maxSequences: Self.mostSequences)
    }

    func partition(for policy: ServingRun.Policy) -> SMPartition {
        let total = device.streamingMultiprocessors
        return switch policy {
        case .semiPD(let x, let y): .percent(prefill: x, decode: y, of: total)
        case .greenContexts(let prefill, let decode): SMPartition(prefill: prefill, decode: decode, total: total)
        case .unified, .disaggregated: .unpartitioned(total)
        }
    }
}

/// A cost model with all work longer by a factor: how sensitive a run is to service times.
struct ScaledCostModel: CostModel {
    let base: any CostModel
    let factor: Double

    private func scaled(_ work: Work) -> Work { Work(units: Int64((Double(work.units) * factor).rounded())) }

    func work(of shape: IterationShape, sms: Int) -> Work {
        if shape.isDecodeOnly {
            let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
            return decodeLine(sequences: sequences, contextTokens: context, sms: sms).work(contextTokens: context)
        }
        return scaled(base.work(of: shape, sms: sms))
    }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        var line = base.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
        line.fixed = scaled(line.fixed)
        line.perContextToken = scaled(line.perContextToken)
        return line
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        base.slowdowns(prefill: prefill, decode: decode, partition: partition)
    }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        base.provenance(of: shape, sms: sms) * factor
    }

    var uniformProvenance: CostProvenance? { base.uniformProvenance }
}
