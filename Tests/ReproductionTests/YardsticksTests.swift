import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@testable import Reproduction

@Suite("Yardsticks of partitioning")
struct YardsticksTests {
    private static let candidates = [(100, 100), (60, 100), (100, 60), (50, 50), (30, 70), (70, 30)].map {
        SMPartition(prefill: $0, decode: $1, total: 100)
    }

    /// Costs near those of the paper's A100, on 100 SMs, loads from light to heavy, prompts that change in length half way.
    private func yardsticks(_ seed: UInt64) -> Yardsticks {
        var random = RandomStreams(seed: seed).stream(named: "yardsticks")
        let pool = PoolConfiguration(
            name: "semi-pd", role: .semiPD, instances: 1, gpusPerInstance: 1, costModel: Self.costs,
            memory: KVMemoryConfiguration(totalBlocks: 20_000),
            limits: EngineLimits(maxSequences: 128, maxBatchedTokens: 4_096), prefillPolicy: FCFSPrefillPolicy(),
            decodePolicy: FCFSDecodePolicy(), partition: .unpartitioned(100))
        let rate = 4 + 14 * random.uniform()
        var time = 0.0
        let requests = (0..<150).map { index in
            time += random.exponential(mean: 1 / rate)
            let isLate = index >= 75
            return Request(
                index: index, arrival: .zero + SimulationDuration(rounding: time),
                promptTokens: 1 + random.index(below: isLate ? 1_500 : 300),
                outputTokens: 1 + random.index(below: isLate ? 40 : 200))
        }
        return Yardsticks(
            SimulationConfiguration(pools: [pool]),
            Trace(requests: requests, provenance: .init(source: "random", format: "generated")),
            candidates: Self.candidates, interval: SimulationDuration(nanoseconds: 2_000_000_000),
            limits: SLO(timeToFirstToken: 0.2, timePerOutputToken: 0.06))
    }

    private static let costs = AffineCostModel(
        streamingMultiprocessors: 100, prefill: Llama8BOnA100.prefill(tensorParallelism: 1),
        decode: Llama8BOnA100.decode(constantMilliseconds: 20, millisecondsPerSequence: 0.2),
        sharing: Llama8BOnA100.proportionalSharing)

    @Test("the oracle is never worse than the best static partition", arguments: 0..<30 as Range<UInt64>)
    func oracle(seed: UInt64) {
        let yardsticks = yardsticks(seed)
        #expect(yardsticks.oracle >= yardsticks.bestFixed)
        #expect(yardsticks.fixed.count == Self.candidates.count)
        #expect(yardsticks.fixed.allSatisfy { (0...1).contains($0) })
    }

    @Test("on loads that change, the oracle changes and gains")
    func gains() {
        let gained = (0..<30 as Range<UInt64>).count { seed in
            let yardsticks = yardsticks(seed)
            return yardsticks.oracle > yardsticks.bestFixed && Set(yardsticks.timetable).count > 1
        }
        // Not on all: where one partition is best throughout, there is nothing to gain.
        #expect(gained > 0)
    }
}
