import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Splitwise")
struct SplitwiseTests {
    private func trace(_ prompts: [(arrival: Int64, prompt: Int, output: Int)]) -> Trace {
        Trace(
            requests: prompts.enumerated().map {
                Request(
                    index: $0, arrival: SimulationTime(nanoseconds: $1.arrival), promptTokens: $1.prompt,
                    outputTokens: $1.output)
            }, provenance: .init(source: "by hand", format: "generated"))
    }

    private func transfers(
        layers: Int?, bytesPerSecond: Double = 1e9, decodeBlocks: Int = 1_000,
        _ prompts: [(arrival: Int64, prompt: Int, output: Int)]
    ) throws -> [TransferRecord] {
        var link = testLink
        link.bytesPerSecond = bytesPerSecond
        link.pushedLayers = layers
        let configuration = SimulationConfiguration(
            pools: [pool(.prefill), pool(.decode, blocks: decodeBlocks)], transfer: link)
        return try simulate(configuration, trace(prompts)).0.transfers
    }

    @Test("what a push leaves after prefill is what did not fit beside it, and at least the last layer")
    func push() throws {
        // 100 tokens are prefilled in 11,000 ns; at 1 GB/s they take 100,000 ns and 5,000 of latency.
        let prompt = [(arrival: Int64(0), prompt: 100, output: 5)]
        func duration(_ layers: Int?, _ bytesPerSecond: Double) throws -> Int64? {
            let transfer = try transfers(layers: layers, bytesPerSecond: bytesPerSecond, prompt).first
            return transfer.map { ($0.finished - $0.started).nanoseconds }
        }
        #expect(try duration(nil, 1e9) == 105_000)
        #expect(try duration(20, 1e9) == 105_000 - 11_000)
        // Ten times as fast, sending takes 10,000 ns, of which the last of 20 layers is left.
        #expect(try duration(20, 1e10) == 500 + 5_000)
        #expect(try duration(1, 1e10) == 15_000, "one layer is pushed when it is done")
    }

    @Test("prompts of one iteration divide the time beside it")
    func shared() throws {
        // 300 and 100 tokens in 41,000 ns, of which 30,750 and 10,250.
        let found = try transfers(layers: 1_000, [(0, 300, 5), (0, 100, 5)])
        #expect(
            found.map { ($0.finished - $0.started).nanoseconds } == [305_000 - 30_750, 105_000 - 10_250])
    }

    @Test("nothing is pushed to an instance that had no room")
    func noRoom() throws {
        // Eight blocks: the second prompt of seven waits for the end of the first request.
        let found = try transfers(layers: 20, decodeBlocks: 8, [(0, 100, 5), (0, 100, 5)])
        // Both were prefilled in one iteration of 21,000 ns.
        #expect(found.map { ($0.finished - $0.started).nanoseconds } == [105_000 - 10_500, 105_000])
    }

    @Test("KV that has to be rearranged takes the time of that too")
    func layout() throws {
        var link = testLink
        link.layoutBytesPerSecond = 2e9
        let configuration = SimulationConfiguration(pools: [pool(.prefill), pool(.decode)], transfer: link)
        let found = try simulate(configuration, trace([(0, 100, 5)])).0.transfers
        #expect(found.map { ($0.finished - $0.started).nanoseconds } == [105_000 + 50_000])
    }

    private func instances(mixedPoolTokens: Int?, _ prompts: [(arrival: Int64, prompt: Int, output: Int)]) throws
        -> [RequestRecord]
    {
        var configuration = SimulationConfiguration(pools: [pool(.prefill), pool(.decode)], transfer: testLink)
        configuration.mixedPoolTokens = mixedPoolTokens
        configuration.checksInvariants = true
        return try simulate(configuration, trace(prompts)).0.byRequest
    }

    @Test("with enough tokens ahead of prefill, a decode instance serves a request alone, in mixed batches")
    func mixedPool() throws {
        let records = try instances(
            mixedPoolTokens: 150, [(0, 100, 50), (1, 100, 50), (2, 100, 50), (300_000, 100, 2)])
        // Before the third come 200 tokens; long after, nothing is ahead of the last.
        #expect(records.map(\.prefillInstance) == [0, 0, 1, 0])
        #expect(records.map(\.decodeInstance) == [1, 1, 1, 1])
        #expect(records[2].parts.transfer == .zero && records[1].parts.transfer > .zero)
        // Its prompt runs at once: 100 tokens take 11,000 ns.
        #expect(records[2].timeToFirstToken?.nanoseconds == 11_000)
    }

    @Test("below the threshold nothing changes", arguments: 0..<20 as Range<UInt64>)
    func neverMixed(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "never mixed")
        let trace = randomTrace(count: 60, &random)
        var configuration = SimulationConfiguration(pools: [pool(.prefill), pool(.decode)], transfer: testLink)
        let apart = try simulate(configuration, trace).0
        configuration.mixedPoolTokens = .max
        #expect(try simulate(configuration, trace).0.requests == apart.requests)
    }

    private func keeping(_ share: Double?, decodeBlocks: Int) -> SimulationConfiguration {
        var prefill = pool(.prefill)
        prefill.prefillPolicy = FCFSPrefillPolicy(mixes: true)
        var configuration = SimulationConfiguration(
            pools: [prefill, pool(.decode, blocks: decodeBlocks)], transfer: testLink)
        configuration.mixedPoolMemory = share
        configuration.checksInvariants = true
        return configuration
    }

    @Test("where the memory of decode is promised, a prefill instance keeps a request and decodes it beside prompts")
    func turned() throws {
        // Each will hold 8 blocks of 16: the second would make it 16 of 16. The third comes when the first has ended.
        let prompts: [(arrival: Int64, prompt: Int, output: Int)] = [(0, 100, 20), (1, 100, 20), (500_000, 100, 20)]
        let records = try simulate(keeping(1, decodeBlocks: 16), trace(prompts)).0.byRequest
        #expect(records.map(\.prefillInstance) == [0, 0, 0])
        #expect(records.map(\.decodeInstance) == [1, 0, 1])
        #expect(records.map { $0.parts.transfer > .zero } == [true, false, true])
        // The prompts of 100 tokens one after the other, 11,000 ns each.
        #expect(records[1].firstToken?.nanoseconds == 22_000)
        // With room for one more, or without the rule, nothing stays.
        for configuration in [keeping(1, decodeBlocks: 17), keeping(nil, decodeBlocks: 16)] {
            #expect(try simulate(configuration, trace(prompts)).0.byRequest.map(\.decodeInstance) == [1, 1, 1])
        }
    }

    @Test("a prompt is prefilled in the same iterations in which those that stay decode")
    func mixedBatches() throws {
        // Nothing fits: all stay, and the second prompt comes while the first request decodes.
        let prompts: [(arrival: Int64, prompt: Int, output: Int)] = [(0, 100, 5), (11_500, 100, 5)]
        let (recorder, outcome) = try simulate(keeping(0.01, decodeBlocks: 50), trace(prompts))
        #expect(recorder.byRequest.map(\.decodeInstance) == [0, 0] && recorder.transfers.isEmpty)
        #expect(recorder.iterations.contains { $0.prefillTokens == 100 && $0.decodeSequences == 1 })
        #expect(outcome.completed == 2)
    }

    @Test("what is promised is given back by every end of a request", arguments: 0..<100 as Range<UInt64>)
    func promises(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "promises")
        var configuration = randomConfiguration(.splitwise, &random)
        configuration.mixedPoolMemory = 1
        configuration.pools[0].prefillPolicy = FCFSPrefillPolicy(mixes: true)
        var trace = randomTrace(count: 60, &random)
        addRandomChanges(to: &configuration, during: trace, &random)
        // Long after all others, with all instances up again, one more: it fits where nothing else is.
        let last = trace.requests[59].arrival.nanoseconds + 10_000_000_000
        let instances = configuration.pools.reduce(0) { $0 + $1.instances }
        configuration.changes.removeAll { if case .flip = $0.kind { true } else { false } }
        configuration.changes += (0..<instances).map {
            DeploymentChange(.join(instance: $0), at: SimulationTime(nanoseconds: last - 1_000_000_000))
        }
        trace.requests.append(
            Request(index: 60, arrival: SimulationTime(nanoseconds: last), promptTokens: 2, outputTokens: 2))
        let (recorder, outcome) = try simulate(configuration, trace)
        let record = try #require(recorder.byRequest.last)
        #expect(outcome.arrived == 61 && record.request == 60)
        let isOfDecodePool = (record.decodeInstance ?? 0) >= configuration.pools[0].instances
        #expect(record.outcome == .completed && isOfDecodePool, "\(record)")
    }
}
