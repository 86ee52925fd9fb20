import CostModels
import EventKernel
import Scenarios
import Simulator
import Testing

@Suite("stages and swap space of pools")
struct PoolOptionsTests {
    /// A price tells the layers that it is for, and a capacity the stages.
    private func configuration(_ deployment: String) throws -> SimulationConfiguration {
        try Fixture.resolve(Fixture.scenario("  - {\(deployment)}")).configurations(
            costModel: { ConstantCostModel(prefill: Work(units: Int64($0.model.layers)), decode: .zero) },
            kvCapacity: { kind, _, _ in 1_000 * kind.pipelineParallelism })[0]
    }

    @Test("pp divides layers over stages, which take as many GPUs each as tp says")
    func stages() throws {
        let resolution = try Fixture.resolve(Fixture.scenario("  - {policy: vllm-v1, tp: 2, pp: 5, instances: 3}"))
        #expect(resolution.scenario.deployments[0].gpus == 30)
        let pool = try configuration("policy: vllm-v1, tp: 2, pp: 5, instances: 3").pools[0]
        let pipeline = try #require(pool.pipeline)
        #expect(pool.gpusPerInstance == 10 && pool.memory.totalBlocks == 5_000)
        #expect(pipeline.layers == [7, 7, 6, 6, 6])
        // Hidden state and residual of 4096 values of 16 bits, over two NVLinks.
        #expect(pipeline.bytesPerToken == 16_384 && pipeline.bytesPerSecond == 900e9)
        #expect(pipeline.lastStage?.work(of: .prefill(tokens: 1), sms: 1).units == 6)
        #expect(pool.costModel.work(of: .prefill(tokens: 1), sms: 1).units == 32)
        #expect(try configuration("policy: vllm-v1, pp: 1").pools[0].pipeline == nil)
        #expect(pipeline.scheduling == .shared)
        #expect(try configuration("policy: vllm-0.6, pp: 2").pools[0].pipeline?.scheduling == .separate)
    }

    @Test("given costs are divided by layers")
    func givenCosts() throws {
        let costs = "costs: {prefill: {constant_ms: 5}, decode: {constant_ms: 6}}"
        let pipeline = try configuration("policy: vllm-v1, pp: 4, \(costs)").pools[0].pipeline
        #expect(pipeline != nil && pipeline?.lastStage == nil)
    }

    @Test("an instance of several stages fails as a whole")
    func changes() throws {
        let changes = "changes: [{at: 1, fail: decode, instance: 1}, {at: 2, link_bandwidth: 1e9}]"
        let configuration = try configuration("policy: distserve, pp: 2, decode_instances: 2, \(changes)")
        // Two of the prefill instance, two of the first decode instance.
        #expect(
            configuration.changes.map(\.kind) == [
                .fail(instance: 4, .retried), .fail(instance: 5, .retried), .linkBandwidth(1e9),
            ])
        #expect(configuration.transfer?.bytesPerSecond == 900e9, "both stages' GPUs send")
    }

    @Test("a flip names an instance and the pool that it goes to")
    func flips() throws {
        let flip = "changes: [{at: 3, flip: decode, instance: 1, to: prefill, restart: 0.5}]"
        let text = "policy: distserve, prefill_instances: 3, decode_instances: 2, \(flip)"
        #expect(
            try configuration(text).changes.map(\.kind) == [
                .flip(instance: 4, toPool: 0, restart: SimulationDuration(nanoseconds: 500_000_000))
            ])
        let problems = Fixture.problems(Fixture.scenario("  - {\(text.replacing("to: prefill", with: "to: decode"))}"))
        #expect(problems.count == 1 && problems[0].contains("flip: found a flip from decode to decode"), "\(problems)")
    }

    @Test("host memory has blocks of swap_space, copied over PCIe")
    func swapSpace() throws {
        let memory = try configuration("policy: vllm-0.6, preemption_mode: swap, tp: 2").pools[0].memory
        // 16 tokens of 128 KiB, half of it on each of two GPUs; 4 GiB on each.
        #expect(memory.host?.blocks == 4_096)
        #expect(abs((memory.host?.secondsPerBlock ?? 0) / (1_048_576 / 55.4e9) - 1) < 1e-12)
        let semiPD = "policy: semi-pd, eviction: swap-last, swap_space: 1"
        #expect(try configuration(semiPD).pools[0].memory.host?.blocks == 512)
        #expect(try configuration("policy: semi-pd").pools[0].memory.host == nil)
        #expect(try configuration("policy: vllm-0.6").pools[0].memory.host == nil)
    }

    @Test("DistServe's decode instances swap, unless told to compute again")
    func distServe() throws {
        let pools = try configuration("policy: distserve").pools
        #expect(pools.map { $0.memory.host?.blocks } == [nil, 8_192])
        #expect((pools[1].decodePolicy as? FCFSDecodePolicy)?.eviction == .swapLast)
        let recomputing = try configuration("policy: distserve, eviction: recompute-last").pools
        #expect(recomputing[1].memory.host == nil)
        #expect((recomputing[1].decodePolicy as? FCFSDecodePolicy)?.eviction == .recomputeLast)
    }

    @Test(
        "what a pool cannot do is refused",
        arguments: [
            (
                "policy: vllm-v1, pp: 33",
                "s.yaml:5:27: error: pp: found 33, expected at most the 32 layers of llama-3-8b"
            ),
            (
                "policy: semi-pd, pp: 2",
                "s.yaml:5:27: error: pp: found 2 with the role semi-pd, whose workers share one stage, expected 1"
            ),
            (
                "policy: vllm-0.6, swap_space: 2",
                "s.yaml:5:36: error: swap_space: found in a pool that computes again what it preempts, expected one that"
                    + " swaps\n    help: \"preemption_mode: swap\" with vllm-0.6, \"eviction: swap-last\" with distserve and"
                    + " semi-pd"
            ),
            (
                "policy: distserve, eviction: retract-fewest",
                "s.yaml:5:35: error: eviction: found \"retract-fewest\", expected"
            ),
        ])
    func malformed(deployment: String, message: String) {
        let problems = Fixture.problems(Fixture.scenario("  - {\(deployment)}"))
        #expect(problems.count == 1 && problems[0].hasPrefix(message), "\(problems)")
    }
}
