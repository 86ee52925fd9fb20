import CostModels
import EventKernel
import Metrics
import Testing
import Workloads

@testable import Simulator

@Suite("Pipeline parallelism")
struct PipelineTests {
    private static let stage: Int64 = 1_000

    /// Iterations of four equal stages of 1,000 ns each.
    private func staged(_ role: PoolRole = .unified, stages: Int, instances: Int = 1) -> PoolConfiguration {
        let work = Work(rounding: Double(Self.stage * Int64(stages)) * 1e-9)
        var staged = pool(
            role, instances: instances, model: ConstantCostModel(prefill: work, decode: work), maxSequences: 1,
            maxBatchedTokens: 64)
        staged.gpusPerInstance = stages
        staged.pipeline = PipelineStages(layers: Array(repeating: 2, count: stages))
        return staged
    }

    private func prompts(_ count: Int, output: Int = 1) -> Trace {
        Trace(
            requests: (0..<count).map {
                Request(index: $0, arrival: .zero, promptTokens: 10, outputTokens: output)
            }, provenance: .init(source: "by hand", format: "generated"))
    }

    @Test(
        "m equal micro-batches leave P equal stages one by one, and the bubble is (P − 1)/(m + P − 1)",
        arguments: 1...6, [1, 2, 3, 7, 40])
    func bubble(stages: Int, batches: Int) throws {
        let (recorder, outcome) = try simulate(
            SimulationConfiguration(pools: [staged(stages: stages)]), prompts(batches))
        let ends = recorder.requests.compactMap { $0.completion?.nanoseconds }.sorted()
        #expect(ends == (0..<batches).map { Int64(stages + $0) * Self.stage })
        let busy = outcome.instances.reduce(0) { $0 + $1.prefillBusy.nanoseconds * Int64($1.gpus) }
        let gpus = outcome.instances.reduce(0) { $0 + $1.gpus }
        #expect(gpus == stages)
        let bubble = 1 - Double(busy) / Double(Int64(gpus) * outcome.end.nanoseconds)
        #expect(abs(bubble - Double(stages - 1) / Double(batches + stages - 1)) < 1e-12)
    }

    @Test("P sequences decode a token a stage time together, and one alone a token in P", arguments: 2...5)
    func decode(stages: Int) throws {
        let configuration = SimulationConfiguration(pools: [staged(stages: stages)])
        let (full, _) = try simulate(configuration, prompts(stages, output: 50))
        let (alone, _) = try simulate(configuration, prompts(1, output: 50))
        // All tokens but those of the filling and the emptying pipeline come one stage time after the other.
        let last = full.requests.compactMap { $0.completion?.nanoseconds }.max()
        #expect(last == Int64(50 * stages + stages - 1) * Self.stage)
        #expect(alone.requests[0].completion?.nanoseconds == Int64(50 * stages) * Self.stage)
        // Nobody waits but for the first entry.
        #expect(full.requests.allSatisfy { $0.parts.decodeStalled == .zero })
    }

    @Test("the longest stage sets the pace, and what a batch waits for it is stalled, not run")
    func unequal() throws {
        var uneven = staged(stages: 2)
        uneven.pipeline = PipelineStages(layers: [3, 1])
        // 2,000 ns an iteration: 1,500 and 500.
        let (recorder, _) = try simulate(SimulationConfiguration(pools: [uneven]), prompts(2, output: 4))
        #expect(recorder.byRequest.compactMap { $0.firstToken?.nanoseconds } == [2_000, 3_500])
        // Each sequence has a token every 3,000 ns: 1,500 of its own in the first stage and 1,500 of the other's.
        #expect(recorder.byRequest.compactMap { $0.completion?.nanoseconds } == [2_000 + 9_000, 3_500 + 9_000])
        #expect(recorder.byRequest.map { $0.parts.decodeRun.nanoseconds } == [6_000, 6_000])
        #expect(recorder.byRequest.map { $0.parts.decodeStalled.nanoseconds } == [3_000, 3_000])
    }

    @Test("between stages hidden states are sent, and the last stage has what does not grow with the layers")
    func stageDurations() {
        let head = Work(rounding: 300e-9)
        let last = ConstantCostModel(prefill: Work(rounding: 100e-9) + head, decode: Work(rounding: 50e-9) + head)
        let stages = PipelineStages(
            layers: [2, 2, 1], lastStage: last, bytesPerToken: 8, bytesPerSecond: 1e9,
            latency: SimulationDuration(nanoseconds: 7))
        // Five layers of 100 ns and the head; 10 tokens of 8 bytes take 80 ns and the latency.
        let prompt = stages.durations(of: .prefill(tokens: 10), work: Work(rounding: 800e-9), sms: 100)
        #expect(prompt.map(\.nanoseconds) == [200 + 87, 200 + 87, 400])
        let decode = stages.durations(
            of: .decode(sequences: 3, contextTokens: 99), work: Work(rounding: 550e-9), sms: 100)
        #expect(decode.map(\.nanoseconds) == [100 + 31, 100 + 31, 350])
    }

    @Test("stages differ by a layer at most", arguments: 1...12)
    func layers(stages: Int) {
        let layers = PipelineStages.even(layers: 126, stages: stages)
        #expect(layers.count == stages && layers.reduce(0, +) == 126)
        #expect((layers.max() ?? 0) - (layers.min() ?? 0) <= 1)
    }

    @Test("one stage is an instance without stages", arguments: 0..<20 as Range<UInt64>)
    func oneStage(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "one stage")
        let trace = randomTrace(count: 40, &random)
        var single = pool(.unified)
        let plain = try simulate(SimulationConfiguration(pools: [single]), trace).0
        single.pipeline = PipelineStages(layers: [32])
        #expect(try simulate(SimulationConfiguration(pools: [single]), trace).0.requests == plain.requests)
    }

    @Test("virtual engines share the blocks of their instance, and a request must fit into one's")
    func memory() throws {
        var staged = staged(stages: 4)
        staged.memory = KVMemoryConfiguration(blockSize: 16, totalBlocks: 40)
        let trace = Trace(
            requests: [(160, 1), (161, 1)].enumerated().map {
                Request(index: $0, arrival: .zero, promptTokens: $1.0, outputTokens: $1.1)
            }, provenance: .init(source: "by hand", format: "generated"))
        let (recorder, outcome) = try simulate(SimulationConfiguration(pools: [staged]), trace)
        #expect(outcome.instances.map(\.totalBlocks) == [10, 10, 10, 10])
        #expect(recorder.byRequest.map(\.outcome) == [.completed, .rejected])
    }

    // MARK: One scheduler for all batches in flight

    private func shared(stages: Int, maxSequences: Int = 64, maxBatchedTokens: Int = 64) -> PoolConfiguration {
        var shared = staged(stages: stages)
        shared.limits = EngineLimits(maxSequences: maxSequences, maxBatchedTokens: maxBatchedTokens)
        shared.pipeline?.scheduling = .shared
        return shared
    }

    private func completions(_ pool: PoolConfiguration, _ trace: Trace) throws -> [Int64?] {
        var configuration = SimulationConfiguration(pools: [pool])
        configuration.checksInvariants = true
        return try simulate(configuration, trace).0.byRequest.map { $0.completion?.nanoseconds }
    }

    @Test(
        "one scheduler: batches of a prompt each leave the stages one by one", arguments: 1...6, [1, 2, 3, 7, 40])
    func sharedBubble(stages: Int, batches: Int) throws {
        let ends = try completions(shared(stages: stages, maxSequences: 10, maxBatchedTokens: 10), prompts(batches))
        #expect(ends == (0..<batches).map { Int64(stages + $0) * Self.stage })
    }

    @Test("one scheduler: requests that come together stay in one batch, and those that come later fill the next stage")
    func sharedBatches() throws {
        let together = try completions(shared(stages: 2), prompts(2, output: 3))
        #expect(together == [6_000, 6_000], "three iterations of both, with the other stage idle")
        // The second is scheduled when it arrives, waits until 1,000 for the first stage, and then takes turns with the first.
        var requests = prompts(2, output: 3)
        requests.requests[1].arrival = SimulationTime(nanoseconds: 500)
        #expect(try completions(shared(stages: 2), requests) == [6_000, 7_000])
        // A third comes while both are in flight and joins the batch that is back first, at 2,000.
        requests.requests.append(
            Request(index: 2, arrival: SimulationTime(nanoseconds: 1_500), promptTokens: 10, outputTokens: 3))
        #expect(try completions(shared(stages: 2), requests) == [6_000, 7_000, 8_000])
    }

    @Test("one scheduler: the limit of sequences counts those of all batches")
    func sharedLimit() throws {
        var requests = prompts(3, output: 2)
        requests.requests[1].arrival = SimulationTime(nanoseconds: 500)
        requests.requests[2].arrival = SimulationTime(nanoseconds: 600)
        // The third waits for the end of the first.
        #expect(try completions(shared(stages: 2, maxSequences: 2), requests) == [4_000, 5_000, 8_000])
    }

    @Test("one scheduler: a request may take the blocks of all stages, and finds its prefix whichever batch it was in")
    func sharedMemory() throws {
        var pool = shared(stages: 4, maxBatchedTokens: 1_000)
        pool.memory = KVMemoryConfiguration(blockSize: 16, totalBlocks: 40)
        pool.memory.cachesPrefixes = true
        var hashes = BlockHashes(dialect: .wholePrefix, blockTokens: 320)
        for tail in 1...3 as ClosedRange<UInt32> { hashes.append([0, tail]) }
        let requests = (0..<3).map {
            Request(
                index: $0, arrival: SimulationTime(nanoseconds: [0, 4_500, 5_000][$0]),
                promptTokens: [640, 640, 336][$0],
                outputTokens: 1)
        }
        let trace = Trace(requests: requests, blockHashes: hashes, provenance: .init(source: "by hand", format: ""))
        var configuration = SimulationConfiguration(pools: [pool])
        configuration.checksInvariants = true
        let (recorder, outcome) = try simulate(configuration, trace)
        #expect(recorder.byRequest.map(\.outcome) == [.completed, .completed, .completed])
        #expect(outcome.instances.map(\.totalBlocks) == [40, 0, 0, 0])
        #expect(outcome.instances[0].peakBlocks == 40)
        // The third shares 20 blocks with the second, which is in flight, and needs one more than there are: it waits.
        #expect(recorder.byRequest.map { $0.scheduled?.nanoseconds } == [0, 4_500, 8_500])
        #expect(outcome.instances.compactMap(\.prefixCache).reduce(0) { $0 + $1.firstCachedTokens } == 640)
    }

    @Test("one scheduler: one stage is an instance without stages", arguments: 0..<20 as Range<UInt64>)
    func sharedStage(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "one shared stage")
        let trace = randomTrace(count: 40, &random)
        var single = pool(.unified, blocks: 60)
        let plain = try simulate(SimulationConfiguration(pools: [single]), trace).0
        single.pipeline = PipelineStages(layers: [32])
        single.pipeline?.scheduling = .shared
        #expect(try simulate(SimulationConfiguration(pools: [single]), trace).0.requests == plain.requests)
    }
}
