internal import CostModels
internal import EventKernel
public import Simulator

/// A mistake that the gate has to notice, made in what the simulator is given.
public struct PlantedChange: Sendable {
    public var name: String
    public var apply: @Sendable (inout SimulationConfiguration) -> Void

    public init(_ name: String, _ apply: @escaping @Sendable (inout SimulationConfiguration) -> Void) {
        self.name = name
        self.apply = apply
    }
}

extension PlantedChange {
    /// Of every kind that a change of an engine or of its settings can be. Each touches some cases of a suite only.
    public static let all: [PlantedChange] = costs + scheduling + memory + phases

    /// Below what the gate notices with the default suite: printed beside the others, expected of nobody.
    public static let faint: [PlantedChange] = [
        PlantedChange("every iteration 0.3 % slower") { pools(of: &$0) { scale(&$0, prefill: 1.003, decode: 1.003) } },
        PlantedChange("KV blocks of 32 tokens") { configuration in
            pools(of: &configuration) { pool in
                let tokens = pool.memory.totalBlocks * pool.memory.blockSize
                pool.memory = KVMemoryConfiguration(blockSize: 32, totalBlocks: tokens / 32)
            }
        },
        PlantedChange("KV transfer at an eighth of NVLink's speed") { $0.transfer?.bytesPerSecond /= 8 },
    ]

    private static let costs = [
        PlantedChange("every iteration 3 % slower") { pools(of: &$0) { scale(&$0, prefill: 1.03, decode: 1.03) } },
        PlantedChange("decode iterations 3 % slower") { pools(of: &$0) { scale(&$0, prefill: 1, decode: 1.03) } },
        PlantedChange("prompt iterations 5 % slower") { pools(of: &$0) { scale(&$0, prefill: 1.05, decode: 1) } },
        PlantedChange("0.2 ms of host time more in every iteration") { configuration in
            pools(of: &configuration) {
                $0.costModel = SlowedCostModel($0.costModel, addedSeconds: 0.2e-3)
            }
        },
        PlantedChange("lanes that share a GPU slow each other 10 % more") { configuration in
            pools(of: &configuration) { $0.costModel = SlowedCostModel($0.costModel, interference: 1.1) }
        },
    ]

    private static let scheduling = [
        PlantedChange("first come, first served turned to last come, first served") {
            misschedule(&$0, .lastComeFirst)
        },
        PlantedChange("off by one in admission: one sequence fewer") { configuration in
            pools(of: &configuration) { $0.limits.maxSequences = max(1, $0.limits.maxSequences - 1) }
        },
        PlantedChange("chunks of 128 tokens at most") { misschedule(&$0, .chunk(128)) },
        PlantedChange("chunks of 512 tokens at most") { misschedule(&$0, .chunk(512)) },
        PlantedChange("decodes wait while prompts wait") { unified(&$0) { $0.prefillPolicy = VLLM06Policy() } },
        PlantedChange("nothing admitted until the batch has ended") {
            unified(&$0) { $0.prefillPolicy = FasterTransformerPolicy() }
        },
        PlantedChange("requests dealt out in turn, whatever the queues") { $0.router = .roundRobin },
    ]

    private static let memory = [
        PlantedChange("a tenth of the KV blocks lost") { configuration in
            pools(of: &configuration) { $0.memory.totalBlocks = $0.memory.totalBlocks * 9 / 10 }
        },
        PlantedChange("KV blocks of 256 tokens") { configuration in
            pools(of: &configuration) { pool in
                let tokens = pool.memory.totalBlocks * pool.memory.blockSize
                pool.memory = KVMemoryConfiguration(blockSize: 256, totalBlocks: tokens / 256)
            }
        },
        PlantedChange("a fifth of the KV blocks kept free at admission") { misschedule(&$0, .watermark) },
    ]

    private static let phases = [
        PlantedChange("KV transfer at 6 GB/s instead of NVLink's speed") { $0.transfer?.bytesPerSecond = 6e9 },
        PlantedChange("20 ms more before every KV transfer") { configuration in
            configuration.transfer?.latency += SimulationDuration(rounding: 20e-3)
        },
        PlantedChange("decode pool limited to 8 sequences") { configuration in
            pools(of: &configuration) { if $0.role == .decode { $0.limits.maxSequences = 8 } }
        },
        PlantedChange("decode worker of semi-PD on an eighth of its SMs") { partition(&$0, prefill: 1, decode: 8) },
        PlantedChange("prefill worker of semi-PD on half of its SMs") { partition(&$0, prefill: 2, decode: 1) },
    ]

    private static func pools(
        of configuration: inout SimulationConfiguration, _ change: (inout PoolConfiguration) -> Void
    ) {
        for index in configuration.pools.indices { change(&configuration.pools[index]) }
    }

    private static func unified(
        _ configuration: inout SimulationConfiguration, _ change: (inout PoolConfiguration) -> Void
    ) {
        pools(of: &configuration) { if $0.role == .unified { change(&$0) } }
    }

    private static func scale(_ pool: inout PoolConfiguration, prefill: Double, decode: Double) {
        pool.costModel = SlowedCostModel(pool.costModel, prefill: prefill, decode: decode)
    }

    private static func misschedule(_ configuration: inout SimulationConfiguration, _ fault: FaultyPolicy.Fault) {
        unified(&configuration) { $0.prefillPolicy = FaultyPolicy(fault) }
    }

    private static func partition(_ configuration: inout SimulationConfiguration, prefill: Int, decode: Int) {
        pools(of: &configuration) { pool in
            guard pool.role == .semiPD else { return }
            let caps = pool.partition
            pool.partition = SMPartition(
                prefill: max(1, caps.prefill / prefill), decode: max(1, caps.decode / decode), total: caps.total)
        }
    }
}
