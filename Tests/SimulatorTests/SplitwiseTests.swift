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
}
