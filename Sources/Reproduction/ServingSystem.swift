internal import CostModels
internal import EventKernel
internal import Metrics
internal import Simulator

/// One of the systems that the paper compares: a name, a deployment, and how many groups of GPUs as large as one unified
/// instance it uses. The paper's rates are per group.
public struct ServingSystem: Sendable {
    public let name: String
    let groups: Int
    private(set) var configuration: SimulationConfiguration

    private init(
        _ name: String, groups: Int, _ pools: [PoolConfiguration],
        transfer: TransferConfiguration = Llama8BOnA100.transfer
    ) {
        self.name = name
        self.groups = groups
        configuration = SimulationConfiguration(pools: pools, transfer: pools.count > 1 ? transfer : nil)
    }

    /// vLLM 0.6.0 with chunked prefill, 1024 tokens an iteration. The paper states 512 sequences; its curve is that of 256,
    /// the engine's default.
    public static func vLLMS(maxSequences: Int) -> Self {
        unified("vLLM-S (\(maxSequences))", VLLM06ChunkedPolicy(), sequences: maxSequences, tokens: 1024)
    }

    /// vLLM 0.6.0, prefill first, at most 8192 prompt tokens an iteration. The paper states 512 sequences; its median TTFT
    /// stays below half a second at TPOTs at which, by Little's law, more than 512 run.
    public static func vLLMD(maxSequences: Int) -> Self {
        unified("vLLM-D (\(maxSequences))", VLLM06Policy(), sequences: maxSequences, tokens: 8192)
    }

    private static func unified(
        _ name: String, _ policy: some SchedulingPolicy, sequences: Int, tokens: Int
    ) -> Self {
        ServingSystem(
            name, groups: 1,
            [
                pool(
                    "unified", .unified, policy, policy, costs: Llama8BOnA100.vLLMCosts(),
                    gib: Llama8BOnA100.Pool.oneGPU, sequences: sequences, tokens: tokens)
            ]
        )
    }

    /// One prefill and one decode instance; prompts are pulled when the decode side has room.
    public static let distServe = distServe("DistServe", prefillGPUs: 1)

    /// - Parameters:
    ///   - prefillGPUs: Tensor parallelism of the prefill instance.
    ///   - gibibytes: KV pools of prefill and decode; those of A100-80s if `nil`.
    static func distServe(
        _ name: String, prefillGPUs: Int, gibibytes: (prefill: Double, decode: Double)? = nil
    ) -> Self {
        let own = Llama8BOnA100.Pool.self
        let gib = gibibytes ?? (prefillGPUs == 1 ? own.oneGPU : Double(prefillGPUs) * own.twoGPUs / 2, own.oneGPU)
        return ServingSystem(
            name, groups: prefillGPUs + 1,
            [
                pool("prefill", .prefill, gib: gib.prefill, prefillGPUs: prefillGPUs),
                pool("decode", .decode, gib: gib.decode),
            ])
    }

    /// Llama-3-70B with four GPUs for prefill and four for decode.
    static let distServe70B: Self = {
        let tp = Llama70BOnA100.tensorParallelism
        let pools = [PoolRole.prefill, .decode].map { role in
            var pool = pool(role.rawValue, role, gib: Llama8BOnA100.Pool.oneGPU, prefillGPUs: tp)
            pool.costModel = Llama70BOnA100.costs
            pool.memory = Llama70BOnA100.memory
            return pool
        }
        return ServingSystem("DistServe 70B TP4/TP4", groups: 2, pools, transfer: Llama70BOnA100.transfer)
    }()

    /// A unified system with Llama-3-70B on four GPUs, priced as it was.
    var of70B: Self {
        changingPools {
            $0.memory = Llama70BOnA100.memory
            $0.gpusPerInstance = Llama70BOnA100.tensorParallelism
        }
    }

    /// Static percentages of the SMs for prefill and decode.
    static func semiPD(prefill x: Int, decode y: Int, _ setup: Setup) -> Self {
        let partition = SMPartition.percent(
            prefill: Double(x), decode: Double(y), of: Llama8BOnA100.streamingMultiprocessors)
        return ServingSystem(
            "semi-PD (\(x),\(y))", groups: 1,
            [
                pool(
                    "semi-pd", .semiPD, costs: Llama8BOnA100.costs(sharing: Llama8BOnA100.sharing(setup.coRuns)),
                    gib: Llama8BOnA100.Pool.semiPD, partition: partition)
            ])
    }

    /// What changes the partition of semi-PD during a run.
    enum Controller: String, CaseIterable {
        /// Of the released code, with its constants: what the paper's "dynamic" is taken to be.
        case code
        /// Algorithm 1.
        case paper
        /// The simulator's own, between the code's floor and all SMs.
        case model
    }

    /// A partition that a controller changes, from (100,100) on. Preparing a change takes 10 s, as nobody knows, and
    /// costs nothing else.
    static func dynamic(
        _ controller: Controller, limits: SLO, _ setup: Setup,
        change: PartitionSwitchCost = PartitionMechanism.mps.switchCost
    ) -> Self {
        let system = semiPD(prefill: 100, decode: 100, setup)
        let pool = system.configuration.pools[0]
        let made: any PartitionController =
            switch controller {
            case .code: CodeController(slo: limits, mechanism: .mps)
            case .paper: PaperController(slo: limits, mechanism: .mps)
            case .model: Self.modelController(limits, pool, change)
            }
        return system.controlled(by: made, change: change, name: "semi-PD (\(controller.rawValue))")
    }

    private static func modelController(
        _ limits: SLO, _ pool: PoolConfiguration, _ change: PartitionSwitchCost
    ) -> ModelController {
        var settings = ModelController.Settings.standard
        settings.preparation = change.preparation
        return ModelController(
            slo: limits, model: pool.costModel, candidates: StaticGrid.percentages.map(\.partition),
            limits: pool.limits, settings: settings)
    }

    /// The same deployment with a partition that changes. A restart copies what KV memory is in use.
    func controlled(by controller: any PartitionController, change: PartitionSwitchCost, name: String) -> Self {
        var pools = configuration.pools
        let blockBytes = pools[0].memory.blockSize * Llama8BOnA100.keyValueBytesPerToken
        pools[0].partitionControl = PartitionControl(
            controller, initial: pools[0].partition, cost: change, keyValueBytesPerBlock: blockBytes)
        return ServingSystem(name, groups: groups, pools)
    }

    func changingPools(_ change: (inout PoolConfiguration) -> Void) -> Self {
        var system = self
        for index in system.configuration.pools.indices { change(&system.configuration.pools[index]) }
        return system
    }

    /// The same deployment with another way for the KV of prompts.
    func transferring(_ transfer: TransferConfiguration) -> Self {
        var system = self
        system.configuration.transfer = transfer
        return system
    }

    /// The same deployment at other service times.
    func priced(_ change: (AffineCostModel) -> any CostModel) -> Self {
        var system = self
        for (index, pool) in configuration.pools.enumerated() {
            guard let model = pool.costModel as? AffineCostModel else {
                preconditionFailure("\(name) is priced already")
            }
            system.configuration.pools[index].costModel = change(model)
        }
        return system
    }

    /// DistServe's limits where nothing else is said: 4096 prompt tokens an iteration, 512 sequences; what does not fit goes
    /// to host memory.
    private static func pool(
        _ name: String, _ role: PoolRole, _ prefill: any SchedulingPolicy = FCFSPrefillPolicy(),
        _ decode: any SchedulingPolicy = FCFSDecodePolicy(eviction: .swapLast), costs: AffineCostModel? = nil,
        gib: Double, prefillGPUs: Int = 1, sequences: Int = 512, tokens: Int = 4096,
        partition: SMPartition = .unpartitioned(Llama8BOnA100.streamingMultiprocessors)
    ) -> PoolConfiguration {
        PoolConfiguration(
            name: name, role: role, instances: 1, gpusPerInstance: prefillGPUs,
            costModel: costs ?? Llama8BOnA100.costs(prefillTensorParallelism: prefillGPUs),
            memory: Llama8BOnA100.memory(gibibytes: gib),
            limits: EngineLimits(maxSequences: sequences, maxBatchedTokens: tokens), prefillPolicy: prefill,
            decodePolicy: decode, partition: partition)
    }
}
