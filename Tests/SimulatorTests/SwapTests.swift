import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Swapping to host memory")
struct SwapTests {
    /// Two requests of two blocks that will grow to five, in six blocks; iterations take 1,000 ns.
    private func serve(
        _ preemption: VLLM06Policy.PreemptionMode, host: HostMemory?
    ) throws -> (batches: [String], records: [RequestRecord]) {
        let log = BatchLog()
        let work = Work(rounding: 1e-6)
        var served = pool(
            .unified, model: ConstantCostModel(prefill: work, decode: work), blocks: 6, blockSize: 4,
            unifiedPolicy: ObservedPolicy(policy: VLLM06Policy(preemption: preemption), log: log))
        served.memory.host = host
        var configuration = SimulationConfiguration(pools: [served])
        // Every batch is asked for.
        configuration.stepByStep = true
        configuration.checksInvariants = true
        let trace = Trace(
            requests: (0..<2).map { Request(index: $0, arrival: .zero, promptTokens: 8, outputTokens: 10) },
            provenance: .init(source: "by hand", format: "generated"))
        let records = try simulate(configuration, trace).0.byRequest
        return (log.batches, records)
    }

    @Test("vLLM 0.6 swaps the newest out, and it comes back when its blocks and one more fit, or alone")
    func conformance() throws {
        let found = try serve(.swap, host: HostMemory(blocks: 100, secondsPerBlock: 0)).batches
        // It goes with three blocks of 9 tokens, and four do not fit beside the other's three to five.
        #expect(
            found == ["p2:16 c2", "d2:18", "d1:10 !1"] + (11...17).map { "d1:\($0)" } + (10...17).map { "d1:\($0)" })
    }

    @Test("copies lengthen the iteration that makes room and the one that brings a sequence back, by its blocks")
    func price() throws {
        let served = try serve(.swap, host: HostMemory(blocks: 100, secondsPerBlock: 100e-9)).records
        #expect(served.map { $0.completion?.nanoseconds } == [10_300, 18_600])
        // Out of memory from the iteration that copies it out, at 2,000, to the one that copies it in.
        #expect(served[1].parts.preempted.nanoseconds == 10_300 - 2_000)
        #expect(served.map(\.preemptions) == [0, 1])
    }

    @Test("where host memory is full the newest is computed again")
    func fullHost() throws {
        let small = try serve(.swap, host: HostMemory(blocks: 2, secondsPerBlock: 100e-9))
        let recomputed = try serve(.recompute, host: nil)
        #expect(small.batches == recomputed.batches && small.records == recomputed.records)
        #expect(try serve(.swap, host: HostMemory(blocks: 3, secondsPerBlock: 0)).batches != recomputed.batches)
    }

    @Test("no prompt is admitted while a sequence is in host memory")
    func promptsWait() throws {
        let log = BatchLog()
        var served = pool(
            .unified, blocks: 6, blockSize: 4,
            unifiedPolicy: ObservedPolicy(policy: VLLM06Policy(preemption: .swap), log: log))
        served.memory.host = HostMemory(blocks: 100, secondsPerBlock: 0)
        let requests = [(0, 8, 10), (0, 8, 10), (8_000, 1, 1)].enumerated().map {
            Request(
                index: $0, arrival: SimulationTime(nanoseconds: $1.0), promptTokens: $1.1, outputTokens: $1.2)
        }
        let trace = Trace(requests: requests, provenance: .init(source: "by hand", format: "generated"))
        let records = try simulate(SimulationConfiguration(pools: [served]), trace).0.byRequest
        // One block would be free for it all the time; it follows the return of the second.
        let first = try #require(records[0].completion)
        #expect(try #require(records[2].scheduled) > first)
        #expect(records.allSatisfy { $0.outcome == .completed })
    }
}
