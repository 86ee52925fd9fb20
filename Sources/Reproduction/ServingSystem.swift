internal import CostModels
internal import Simulator

/// One of the systems that the paper compares: a name, a deployment, and how many groups of GPUs as large as one unified
/// instance it uses. The paper's rates are per group.
public struct ServingSystem: Sendable {
    public let name: String
    let groups: Int
    private(set) var configuration: SimulationConfiguration

    private init(_ name: String, groups: Int, _ pools: [PoolConfiguration]) {
        self.name = name
        self.groups = groups
        configuration = SimulationConfiguration(
            pools: pools, transfer: pools.count > 1 ? Llama8BOnA100.transfer : nil)
    }

    /// vLLM 0.6.0 with chunked prefill, 1024 tokens an iteration. The paper states 512 sequences; its curve is that of 256,
    /// the engine's default.
    public static func vLLMS(maxSequences: Int) -> Self {
        unified("vLLM-S (\(maxSequences))", VLLM06ChunkedPolicy(), sequences: maxSequences, tokens: 1024)
    }

    /// vLLM 0.6.0, prefill first, at most 8192 prompt tokens an iteration.
    public static let vLLMD = vLLMD("vLLM-D", maxSequences: 512)

    static func vLLMD(_ name: String, maxSequences: Int) -> Self {
        unified(name, VLLM06Policy(), sequences: maxSequences, tokens: 8192)
    }

    private static func unified(
        _ name: String, _ policy: some SchedulingPolicy, sequences: Int, tokens: Int
    ) -> Self {
        ServingSystem(
            name, groups: 1,
            [
                pool(
                    "unified", .unified, policy, policy, gib: Llama8BOnA100.Pool.oneGPU, sequences: sequences,
                    tokens: tokens)
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

    /// Static percentages of the SMs for prefill and decode.
    public static func semiPD(prefill x: Int, decode y: Int) -> Self {
        let partition = SMPartition.percent(
            prefill: Double(x), decode: Double(y), of: Llama8BOnA100.streamingMultiprocessors)
        return ServingSystem(
            "semi-PD (\(x),\(y))", groups: 1,
            [pool("semi-pd", .semiPD, gib: Llama8BOnA100.Pool.semiPD, partition: partition)])
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

    /// DistServe's limits where nothing else is said: 4096 prompt tokens an iteration, 512 sequences.
    private static func pool(
        _ name: String, _ role: PoolRole, _ prefill: any SchedulingPolicy = FCFSPrefillPolicy(),
        _ decode: any SchedulingPolicy = FCFSDecodePolicy(), gib: Double, prefillGPUs: Int = 1, sequences: Int = 512,
        tokens: Int = 4096, partition: SMPartition = .unpartitioned(Llama8BOnA100.streamingMultiprocessors)
    ) -> PoolConfiguration {
        PoolConfiguration(
            name: name, role: role, instances: 1, gpusPerInstance: prefillGPUs,
            costModel: Llama8BOnA100.costs(prefillTensorParallelism: prefillGPUs),
            memory: Llama8BOnA100.memory(gibibytes: gib),
            limits: EngineLimits(maxSequences: sequences, maxBatchedTokens: tokens), prefillPolicy: prefill,
            decodePolicy: decode, partition: partition)
    }
}
