import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Variants of semi-PD")
struct HandOffTests {
    /// Prefill takes 100 ns a token, a decode iteration 1,000 ns whatever it holds, and they do not slow each other.
    private static let model = TestCostModel(fixed: 0, perPrefillToken: 100, perSequence: 0, perContext: 0)

    private static func nanoseconds(_ value: Int) -> SimulationDuration {
        SimulationDuration(nanoseconds: Int64(value))
    }

    private func trace(_ requests: [(arrival: Int, prompt: Int, output: Int)]) -> Trace {
        Trace(
            requests: requests.enumerated().map { index, request in
                Request(
                    index: index, arrival: .zero + Self.nanoseconds(request.arrival), promptTokens: request.prompt,
                    outputTokens: request.output)
            }, provenance: .init(source: "by hand", format: "generated"))
    }

    private func serve(
        _ handOff: HandOff, _ requests: [(arrival: Int, prompt: Int, output: Int)]
    ) throws -> [RequestRecord] {
        var served = pool(.semiPD, model: DecodeOfOneMicrosecond(base: Self.model))
        served.handOff = handOff
        return try simulate(SimulationConfiguration(pools: [served]), trace(requests)).0.byRequest
    }

    /// Request 0 is prefilled until 1,000; the decode worker is between iterations at 1,000, 2,000 and so on.
    @Test("by message a prompt waits for the decode worker twice, in process never")
    func twoWaits() throws {
        let requests = [(0, 10, 20), (3_300, 25, 5)]
        let direct = try serve(.inProcess, requests)[1]
        #expect(direct.scheduled == SimulationTime.zero + Self.nanoseconds(3_300))
        #expect(direct.firstToken == SimulationTime.zero + Self.nanoseconds(5_800))
        let asked = try serve(.byMessage, requests)[1]
        // Asked for at 3,300 and answered at 4,000; done at 6,500 and taken at 7,000.
        #expect(asked.scheduled == SimulationTime.zero + Self.nanoseconds(4_000))
        #expect(asked.firstToken == SimulationTime.zero + Self.nanoseconds(7_000))
    }

    @Test("by message the next batch is not asked for before the results of the last are taken")
    func oneOutstanding() throws {
        let records = try serve(.byMessage, [(0, 10, 30), (3_300, 25, 5), (4_500, 10, 5)])
        // The second prompt's batch ends at 6,500 and is taken at 7,000, when the third begins.
        #expect(records[2].scheduled == SimulationTime.zero + Self.nanoseconds(7_000))
        #expect(records[2].firstToken == SimulationTime.zero + Self.nanoseconds(8_000))
    }

    @Test("with an idle decode worker messages wait for nobody")
    func idleDecode() throws {
        #expect(try serve(.byMessage, [(7, 10, 20)]) == serve(.inProcess, [(7, 10, 20)]))
    }

    /// Six prompts of 16 tokens fill six of ten blocks of 16; with 40 output tokens each they outgrow them.
    private func crowded(_ eviction: FCFSDecodePolicy.Eviction) throws -> (MemoryRecorder, RunOutcome) {
        var served = pool(.semiPD, blocks: 10)
        served.decodePolicy = FCFSDecodePolicy(eviction: eviction)
        var configuration = SimulationConfiguration(pools: [served])
        configuration.checksInvariants = true
        return try simulate(configuration, trace((0..<6).map { (arrival: $0, prompt: 16, output: 40) }))
    }

    @Test("what is swapped out is not computed again, what is recomputed is")
    func swapping() throws {
        let (swapped, swapOutcome) = try crowded(.swapLast)
        let (recomputed, recomputeOutcome) = try crowded(.recomputeLast)
        #expect(swapped.requests.reduce(0) { $0 + $1.preemptions } > 0)
        #expect(swapped.requests.allSatisfy { $0.outcome == .completed })
        // The first prompt alone, then the five that came meanwhile.
        #expect(swapOutcome.instances[0].prefillIterations == 2)
        #expect(recomputeOutcome.instances[0].prefillIterations > 2)
        // The request admitted first is never thrown out.
        #expect(swapped.byRequest[0].preemptions == 0 && recomputed.byRequest[0].preemptions == 0)
        #expect(swapped.requests.contains { $0.parts.preempted > .zero })
    }

    @Test("a reserve leaves blocks to decode that prompts would take")
    func reserve() throws {
        func served(_ reserve: Double) throws -> MemoryRecorder {
            var served = pool(.semiPD, blocks: 20)
            served.prefillPolicy = FCFSPrefillPolicy(reserve: reserve)
            return try simulate(
                SimulationConfiguration(pools: [served]), trace((0..<30).map { ($0 * 100, 32, 20) })
            ).0
        }
        let (without, with) = (try served(0), try served(0.5))
        let preemptions = { (recorder: MemoryRecorder) in recorder.requests.reduce(0) { $0 + $1.preemptions } }
        #expect(preemptions(without) > 0 && preemptions(with) == 0)
        #expect(with.requests.allSatisfy { $0.outcome == .completed })
    }

    @Test("at (100, 100) a set of sequences decodes as in a unified instance while no prompt runs", arguments: 1..<20)
    func unifiedDecode(sequences: Int) throws {
        let requests = (0..<sequences).map { (arrival: 0, prompt: 5 + 3 * $0, output: 10 + 7 * $0) }
        var unified = pool(.unified, maxBatchedTokens: 4_096)
        unified.prefillPolicy = PrefillFirstPolicy()
        let alone = try simulate(SimulationConfiguration(pools: [unified]), trace(requests)).0.byRequest
        let shared = try simulate(
            SimulationConfiguration(pools: [pool(.semiPD, maxBatchedTokens: 4_096)]), trace(requests)
        ).0.byRequest
        for (a, b) in zip(alone, shared) {
            #expect(a.firstToken == b.firstToken)
            // The decode lane of its own begins at a whole nanosecond.
            let difference = try #require(a.endToEnd).nanoseconds - #require(b.endToEnd).nanoseconds
            #expect(abs(difference) <= 1)
        }
    }
}

/// Decode iterations of exactly a microsecond.
private struct DecodeOfOneMicrosecond: CostModel {
    let base: TestCostModel

    func work(of shape: IterationShape, sms: Int) -> Work {
        shape.isDecodeOnly ? Work(rounding: 1e-6) : base.work(of: shape, sms: sms)
    }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        DecodeCostLine(fixed: Work(rounding: 1e-6), perContextToken: .zero, validContext: 0...1_000_000_000)
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns { .none }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        base.provenance(of: shape, sms: sms)
    }
}
