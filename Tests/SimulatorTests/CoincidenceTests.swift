import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Cases that must coincide")
struct CoincidenceTests {
    private let model = TestCostModel()

    private func trace(_ requests: [(arrival: Int64, prompt: Int, output: Int)]) -> Trace {
        Trace(
            requests: requests.enumerated().map { index, request in
                Request(
                    index: index, arrival: SimulationTime(nanoseconds: request.arrival), promptTokens: request.prompt,
                    outputTokens: request.output)
            }, provenance: .init(source: "by hand", format: "generated"))
    }

    private func randomTrace(_ seed: UInt64) -> Trace {
        var random = RandomStreams(seed: seed).stream(named: "coincidence")
        return SimulatorTests.randomTrace(count: 60, &random)
    }

    @Test("one request alone takes the sum of its iterations", arguments: [PoolRole.unified, .semiPD])
    func alone(role: PoolRole) throws {
        let (prompt, output) = (700, 40)
        let (recorder, _) = try simulate(
            SimulationConfiguration(pools: [pool(role)]), trace([(arrival: 12, prompt: prompt, output: output)]))
        let prefill = Slowdown.none.duration(of: model.work(of: .prefill(tokens: prompt), sms: 100))
        var work = model.work(of: .prefill(tokens: prompt), sms: 100)
        // A semi-PD instance decodes in another lane, which begins at a whole nanosecond.
        if role == .semiPD { work = Work(units: prefill.nanoseconds << Work.fractionBits) }
        for context in prompt + 1..<prompt + output {
            let line = model.decodeLine(sequences: 1, contextTokens: context, sms: 100)
            work += line.work(contextTokens: context)
        }
        #expect(recorder.requests[0].timeToFirstToken == prefill)
        #expect(recorder.requests[0].endToEnd == Slowdown.none.duration(of: work), "rounded once")
        #expect(recorder.requests[0].parts.decodeStalled.nanoseconds <= 1, "only rounding")
    }

    @Test("a long prompt is prefilled in chunks of the token budget")
    func chunks() throws {
        let configuration = SimulationConfiguration(pools: [pool(.unified, maxBatchedTokens: 256)])
        let (recorder, outcome) = try simulate(configuration, trace([(arrival: 0, prompt: 600, output: 1)]))
        let work = [256, 256, 88].map { model.work(of: .prefill(tokens: $0), sms: 100) }.reduce(.zero, +)
        #expect(recorder.requests[0].endToEnd == Slowdown.none.duration(of: work))
        #expect(outcome.iterations == 3)
    }

    @Test("a hard split with one side idle is that side alone on its SMs", arguments: 0..<20 as Range<UInt64>)
    func hardSplitIdleSide(seed: UInt64) throws {
        let prefillOnly = Trace(
            requests: randomTrace(seed).requests.map {
                Request(index: $0.index, arrival: $0.arrival, promptTokens: $0.promptTokens, outputTokens: 1)
            }, provenance: .init(source: "prompts", format: "generated"))
        let split = SMPartition(prefill: 60, decode: 40, total: 100)
        let semiPD = try simulate(SimulationConfiguration(pools: [pool(.semiPD, partition: split)]), prefillOnly).0
        var alone = pool(.prefill, partition: SMPartition(prefill: 60, decode: 60, total: 60))
        alone.memory = KVMemoryConfiguration(totalBlocks: 1_000)
        let configuration = SimulationConfiguration(pools: [alone, pool(.decode)], transfer: testLink)
        let separate = try simulate(configuration, prefillOnly).0
        #expect(semiPD.requests.map(\.completion) == separate.requests.map(\.completion))
    }

    @Test("a decode instance that pauses for pulls does both in turn", arguments: [false, true])
    func pausedDecode(pauses: Bool) throws {
        // A is pulled from 1 to 5 ms and decodes in steps of 10; B is prefilled by 8, in the middle of A's first step.
        let costs = ConstantCostModel(prefill: Work(rounding: 1e-3), decode: Work(rounding: 10e-3))
        let link = TransferConfiguration(
            bytesPerToken: 0, bytesPerSecond: 1, latency: SimulationDuration(nanoseconds: 4_000_000),
            pausesDecode: pauses)
        let configuration = SimulationConfiguration(
            pools: [pool(.prefill, model: costs), pool(.decode, model: costs)], transfer: link)
        let requests = trace([(arrival: 0, prompt: 16, output: 3), (arrival: 7_000_000, prompt: 16, output: 2)])
        let (recorder, _) = try simulate(configuration, requests)
        // B is pulled from 8 to 12 beside decode, or from 15 to 19 before the second step, which has both.
        let end: Int64 = pauses ? 29 : 25
        #expect(recorder.byRequest.map(\.completion?.nanoseconds) == [end * 1_000_000, end * 1_000_000])
    }

    @Test("semi-PD with no interference is disaggregation with a free link", arguments: 0..<40 as Range<UInt64>)
    func semiPDIsFreeDisaggregation(seed: UInt64) throws {
        let link = TransferConfiguration(bytesPerToken: 0, bytesPerSecond: 1, latency: .zero)
        let memory = 100_000
        let semiPD = try simulate(SimulationConfiguration(pools: [pool(.semiPD, blocks: memory)]), randomTrace(seed)).0
        let apart = try simulate(
            SimulationConfiguration(
                pools: [pool(.prefill, blocks: memory), pool(.decode, blocks: memory)], transfer: link),
            randomTrace(seed)
        ).0
        #expect(semiPD.byRequest.map(\.firstToken) == apart.byRequest.map(\.firstToken))
        #expect(semiPD.byRequest.map(\.completion) == apart.byRequest.map(\.completion))
    }

    @Test("with memory for all nothing is preempted", arguments: [PoolRole.unified, .semiPD], 0..<20 as Range<UInt64>)
    func memoryHelps(role: PoolRole, seed: UInt64) throws {
        let trace = randomTrace(seed)
        let needed = trace.requests.map { ($0.promptTokens + $0.outputTokens) / 16 + 1 }.reduce(0, +)
        let (recorder, _) = try simulate(SimulationConfiguration(pools: [pool(role, blocks: needed)]), trace)
        #expect(recorder.requests.allSatisfy { $0.preemptions == 0 })
    }

    @Test("a sequence is stalled while a prompt runs by itself, by as long as that takes")
    func stalledByPrompt() throws {
        var unified = pool(.unified)
        unified.prefillPolicy = PrefillFirstPolicy()
        let (recorder, _) = try simulate(
            SimulationConfiguration(pools: [unified]), trace([(0, 10, 50), (5_000, 500, 1)]))
        let stalled = try #require(recorder.byRequest.first).parts.decodeStalled
        let prompt = model.work(of: .prefill(tokens: 500), sms: 100).wholeNanoseconds
        #expect(abs(stalled.nanoseconds - prompt.nanoseconds) <= 1)
    }

    @Test("a request that can never fit is rejected, and the others are served")
    func rejection() throws {
        let (recorder, outcome) = try simulate(
            SimulationConfiguration(pools: [pool(.unified, blocks: 10)]),
            trace([(0, 100, 10), (1, 150, 12), (2, 5, 5)]))
        #expect(recorder.requests.first?.request == 1)
        #expect(recorder.requests.first?.outcome == .rejected)
        #expect(outcome.rejected == 1 && outcome.completed == 2)
    }

    @Test("stopping in the middle records every request that is left")
    func stopping() throws {
        var configuration = SimulationConfiguration(pools: [pool(.unified)])
        configuration.stopTime = SimulationTime(nanoseconds: 30_000)
        let (recorder, outcome) = try simulate(
            configuration, trace([(0, 10, 5), (5_000, 10, 100_0), (20_000, 10, 10_000), (90_000, 10, 1)]))
        #expect(outcome.completed + outcome.unfinished == outcome.arrived)
        #expect(recorder.requests.filter { $0.outcome == .unfinished }.map(\.request) == [1, 2])
    }
}

@Suite("Routers")
struct RouterTests {
    @Test("every router spreads a burst of equal requests evenly", arguments: RouterPolicy.allCases)
    func burst(policy: RouterPolicy) throws {
        let requests = (0..<30).map { Request(index: $0, arrival: .zero, promptTokens: 10, outputTokens: 5) }
        let configuration = SimulationConfiguration(
            pools: [pool(.unified, instances: 7)], router: policy,
            signalInterval: policy == .leastKV ? SimulationDuration(nanoseconds: 1_000) : nil)
        let trace = Trace(requests: requests, provenance: .init(source: "burst", format: "generated"))
        let (recorder, _) = try simulate(configuration, trace)
        let byInstance = Dictionary(grouping: recorder.requests) { $0.decodeInstance }
        #expect(byInstance.count == 7)
        #expect(byInstance.values.allSatisfy { (4...5).contains($0.count) })
    }

    /// Two instances; a long prompt goes to the first, and three short ones follow at the given nanoseconds.
    private func instances(_ router: RouterPolicy, signalInterval: Int64? = nil, at times: [Int64]) throws -> [Int?] {
        let requests =
            [Request(index: 0, arrival: .zero, promptTokens: 2_000, outputTokens: 2)]
            + times.enumerated().map {
                Request(
                    index: $0 + 1, arrival: SimulationTime(nanoseconds: $1), promptTokens: 500, outputTokens: 2)
            }
        let configuration = SimulationConfiguration(
            pools: [pool(.unified, instances: 2)], router: router,
            signalInterval: signalInterval.map(SimulationDuration.init(nanoseconds:)))
        let trace = Trace(requests: requests, provenance: .init(source: "by hand", format: "generated"))
        return try simulate(configuration, trace).0.byRequest.map(\.decodeInstance)
    }

    @Test("by length three short prompts go together beside a long one, by number they alternate")
    func byLength() throws {
        #expect(try instances(.leastPromptTokens, at: [1, 2, 3]) == [0, 1, 1, 1])
        #expect(try instances(.leastOutstanding, at: [1, 2, 3]) == [0, 1, 0, 1])
        // 2000 tokens take 201,000 ns: afterwards the first instance has no prompt ahead, though it still decodes.
        #expect(try instances(.leastPromptTokens, at: [1, 201_001]) == [0, 1, 0])
    }

    @Test("a router with stale signals does not hear that a request has ended")
    func stale() throws {
        // All are done within 300,000 ns. Told at once, the router sees two idle instances and takes the first.
        #expect(try instances(.leastOutstanding, at: [1, 1_000_000]) == [0, 1, 0])
        #expect(try instances(.leastOutstanding, at: [1_000_000, 2_000_000]) == [0, 0, 0])
        // Untold, it still counts the first request until the report at 1,500,000 ns.
        #expect(
            try instances(.leastOutstanding, signalInterval: 1_500_000, at: [1_000_000, 2_000_000]) == [0, 1, 0])
    }

    @Test("by KV use the next request goes where fewer blocks are in use at the last report")
    func byKV() throws {
        // 2000 tokens are 125 blocks, 500 are 32: three short prompts still are the lighter load.
        #expect(try instances(.leastKV, signalInterval: 50_000, at: [1, 60_000, 70_000]) == [0, 1, 1, 1])
    }
}
