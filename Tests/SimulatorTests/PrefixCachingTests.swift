import CostModels
import EventKernel
import Metrics
import Testing
import Workloads

@testable import Simulator

@Suite("Prefix caching")
struct PrefixCachingTests {
    @Test(
        "with a prefix cache, jumping gives the same records as stepping",
        arguments: [
            System.unified, .sglang, .vllm06, .prefillFirst, .mixed, .disaggregated, .semiPD, .controlled, .handingOff,
        ], 0..<200 as Range<UInt64>)
    func jumpEqualsStep(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "prefixes \(system)")
        var configuration = caching(randomConfiguration(system, &random))
        if seed % 3 == 0 { configuration.router = .longestPrefix }
        let dialect = BlockHashes.Dialect.allCases[random.index(below: 3)]
        let trace = sharingTrace(
            count: 60, blockTokens: [16, 32][random.index(below: 2)], dialect, padded: true, &random)
        let (jumped, jumpedOutcome) = try simulate(configuration, trace)
        configuration.stepByStep = true
        let (stepped, steppedOutcome) = try simulate(configuration, trace)
        #expect(jumped.requests == stepped.requests)
        #expect(jumped.gaps == stepped.gaps)
        #expect(jumped.intervals == stepped.intervals)
        #expect(jumpedOutcome.fingerprint == steppedOutcome.fingerprint)
        #expect(jumpedOutcome.instances == steppedOutcome.instances)
        #expect(jumpedOutcome.iterations == steppedOutcome.iterations)
        #expect(jumpedOutcome.completed + jumpedOutcome.rejected == trace.requests.count)
    }

    @Test("prompts that share nothing are served as without a cache", arguments: 0..<100 as Range<UInt64>)
    func nothingShared(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "nothing shared")
        let configuration = randomConfiguration(.unified, &random)
        var trace = randomTrace(count: 60, &random)
        let (plain, _) = try simulate(caching(configuration), trace)
        var hashes = BlockHashes(dialect: .wholePrefix, blockTokens: 16)
        var next: UInt32 = 0
        for request in trace.requests {
            let blocks = UInt32((request.promptTokens - 1) / 16 + 1)
            hashes.append(next..<next + blocks)
            next += blocks
        }
        trace.blockHashes = hashes
        let (cached, outcome) = try simulate(caching(configuration), trace)
        // Only what was preempted finds itself.
        if plain.requests.allSatisfy({ $0.preemptions == 0 }) {
            #expect(cached.requests == plain.requests)
            #expect(outcome.instances.allSatisfy { $0.prefixCache?.cachedTokens == 0 })
        }
    }

    @Test(
        "requests that follow one another find what an unbounded cache holds", arguments: BlockHashes.Dialect.allCases,
        0..<30 as Range<UInt64>)
    func unbounded(dialect: BlockHashes.Dialect, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "unbounded \(dialect)")
        var trace = sharingTrace(count: 80, blockTokens: 16, dialect, padded: false, &random)
        // One at a time.
        for index in trace.requests.indices {
            trace.requests[index].arrival = SimulationTime(nanoseconds: Int64(index) * 1_000_000_000)
        }
        let configuration = SimulationConfiguration(pools: [pool(.unified, blocks: 1_000_000, blockSize: 1)])
        let (_, outcome) = try simulate(caching(configuration), trace)
        let record = try #require(outcome.instances[0].prefixCache)
        let sharing = try #require(TraceStatistics(trace).prefixSharing)
        #expect(record.firstBlocks == sharing.blocks)
        #expect(Double(record.firstFoundBlocks) / Double(record.firstBlocks) == sharing.blockHitRate)
        // At least the last token of a prompt is computed again.
        let whole = sharing.requestsWhole * Double(trace.requests.count)
        let found = sharing.tokenHitRate * Double(record.firstTokens)
        #expect(abs(Double(record.firstCachedTokens) - (found - whole)) < 1e-6 * found + 1e-6)
        #expect(record.hitRate == record.firstHitRate)
    }

    @Test("a cached beginning is not computed again, but is read by attention and lies in memory")
    func byHand() throws {
        let model = TestCostModel(fixed: 1_000, perPrefillToken: 100, perSequence: 500, perContext: 0, segment: 1 << 40)
        var hashes = BlockHashes(dialect: .wholePrefix, blockTokens: 32)
        hashes.append([0, 1, 2])
        hashes.append([0, 1, 3])
        let trace = Trace(
            requests: [
                Request(index: 0, arrival: .zero, promptTokens: 90, outputTokens: 1),
                Request(
                    index: 1, arrival: SimulationTime(nanoseconds: 1_000_000), promptTokens: 80, outputTokens: 2),
            ], blockHashes: hashes, provenance: .init(source: "", format: ""))
        let configuration = caching(SimulationConfiguration(pools: [pool(.unified, model: model, blocks: 20)]))
        let (recorder, outcome) = try simulate(configuration, trace)
        let requests = recorder.byRequest
        // 90 tokens, then 80 less the 64 of two blocks.
        #expect(requests[0].timeToFirstToken?.nanoseconds == 10_000)
        #expect(requests[1].timeToFirstToken?.nanoseconds == 2_600)
        let record = try #require(outcome.instances[0].prefixCache)
        #expect(record.firstTokens == 170 && record.firstCachedTokens == 64)
        #expect(record.firstBlocks == 6 && record.firstFoundBlocks == 2)
        // 80 prompt tokens and the first output's KV: 6 blocks of 16, whoever computed them.
        #expect(outcome.instances[0].peakBlocks == 6)
    }

    @Test("a prefill instance does not compute a cached beginning again, and sends it on with the rest")
    func disaggregated() throws {
        let model = TestCostModel(fixed: 1_000, perPrefillToken: 100, perSequence: 500, perContext: 0, segment: 1 << 40)
        var hashes = BlockHashes(dialect: .wholePrefix, blockTokens: 32)
        for tail in 2..<5 as Range<UInt32> { hashes.append([0, 1, tail]) }
        let trace = Trace(
            requests: (0..<3).map {
                Request(
                    index: $0, arrival: SimulationTime(nanoseconds: Int64($0) * 1_000_000), promptTokens: 90,
                    outputTokens: 3)
            }, blockHashes: hashes, provenance: .init(source: "", format: ""))
        let configuration = caching(
            SimulationConfiguration(
                pools: [pool(.prefill, model: model, blocks: 20), pool(.decode, model: model, blocks: 20)],
                transfer: TransferConfiguration(bytesPerToken: 1_000, bytesPerSecond: 1e12, latency: .zero)))
        let (recorder, outcome) = try simulate(configuration, trace)
        // 90 tokens, then twice 90 less the 64 of two blocks.
        #expect(recorder.byRequest.map { $0.timeToFirstToken?.nanoseconds } == [10_000, 3_600, 3_600])
        #expect(recorder.transfers.map(\.bytes) == [90_000, 90_000, 90_000])
        #expect(outcome.instances.map { $0.prefixCache?.firstCachedTokens } == [128, nil])
        #expect(outcome.completed == 3)
    }

    /// Prompts of 32 tokens to an id, a millisecond apart.
    private func trace(_ prompts: [(ids: [UInt32], tokens: Int, outputs: Int)]) -> Trace {
        var hashes = BlockHashes(dialect: .wholePrefix, blockTokens: 32)
        for prompt in prompts { hashes.append(prompt.ids) }
        let requests = prompts.enumerated().map { index, prompt in
            Request(
                index: index, arrival: SimulationTime(nanoseconds: Int64(index) * 1_000_000),
                promptTokens: prompt.tokens, outputTokens: prompt.outputs)
        }
        return Trace(requests: requests, blockHashes: hashes, provenance: .init(source: "", format: ""))
    }

    private let fixedCosts = TestCostModel(
        fixed: 1_000, perPrefillToken: 100, perSequence: 500, perContext: 0, segment: 1 << 40)

    @Test("the workers of a semi-PD instance share a pool, in which decode drops what is least recently used")
    func semiPD() throws {
        let requests = trace([([0, 1, 2], 96, 1), ([9], 32, 230), ([0, 1, 2], 96, 1)])
        let configuration = caching(SimulationConfiguration(pools: [pool(.semiPD, model: fixedCosts, blocks: 20)]))
        let (recorder, outcome) = try simulate(configuration, requests)
        // The second request grows to 17 of 20 blocks: of three ids of two blocks the first alone stays.
        #expect(recorder.byRequest.map { $0.timeToFirstToken?.nanoseconds } == [10_600, 4_200, 7_400])
        #expect(outcome.instances[0].prefixCache?.firstCachedTokens == 32)
        #expect(outcome.instances[0].prefixCache?.firstFoundBlocks == 1)
        // What nobody uses does not count as used.
        #expect(outcome.instances[0].peakBlocks == 17)
    }

    @Test(
        "requests one at a time find in a semi-PD instance what they find in a unified one",
        arguments: 0..<50 as Range<UInt64>)
    func semiPDAsUnified(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "semi-PD prefixes")
        var requests = sharingTrace(count: 80, blockTokens: 16, .blockContent, padded: true, &random)
        for index in requests.requests.indices {
            requests.requests[index].arrival = SimulationTime(nanoseconds: Int64(index) * 1_000_000_000)
        }
        let blocks = 50 + random.index(below: 100)
        func record(_ role: PoolRole) throws -> PrefixCacheRecord? {
            let configuration = caching(SimulationConfiguration(pools: [pool(role, blocks: blocks)]))
            return try simulate(configuration, requests).1.instances[0].prefixCache
        }
        #expect(try record(.semiPD) == record(.unified))
    }

    @Test("an instance that is restarted or flips begins with an empty cache, and what it found before counts")
    func restarted() throws {
        let prompts = trace(Array(repeating: ([0, 1], 70, 2), count: 6))
        func time(_ microseconds: Int64) -> SimulationTime { SimulationTime(nanoseconds: microseconds * 1_000) }
        let fails = SimulationConfiguration(
            pools: [pool(.semiPD, blocks: 100)],
            changes: [
                .init(.fail(instance: 0, .retried), at: time(2_500)), .init(.join(instance: 0), at: time(2_600)),
            ])
        // Two hits, a miss, two hits.
        #expect(try simulate(caching(fails), prompts).1.instances[0].prefixCache?.firstCachedTokens == 4 * 64)
        let flips = SimulationConfiguration(
            pools: [pool(.prefill, instances: 2), pool(.decode)], router: .roundRobin, transfer: testLink,
            changes: [
                .init(.flip(instance: 1, toPool: 1, restart: .zero), at: time(1_500)),
                .init(.flip(instance: 1, toPool: 0, restart: .zero), at: time(2_500)),
            ])
        // The second goes to the instance that decodes for a while and has forgotten it when the fourth and the sixth come.
        let (recorder, outcome) = try simulate(caching(flips), prompts)
        #expect(recorder.byRequest.map(\.prefillInstance) == [0, 1, 0, 1, 0, 1])
        #expect(outcome.instances.map { $0.prefixCache?.firstTokens } == [210, 210, nil])
        #expect(outcome.instances.map { $0.prefixCache?.firstCachedTokens } == [128, 64, nil])
    }

    @Test("two requests that run side by side hold a shared beginning once")
    func sharedMemory() throws {
        var hashes = BlockHashes(dialect: .wholePrefix, blockTokens: 160)
        for tail in 0..<3 as Range<UInt32> { hashes.append([0, tail + 1]) }
        let trace = Trace(
            requests: (0..<3).map {
                Request(
                    index: $0, arrival: SimulationTime(nanoseconds: Int64($0) * 100_000), promptTokens: 176,
                    outputTokens: 1_000)
            }, blockHashes: hashes, provenance: .init(source: "", format: ""))
        let configuration = SimulationConfiguration(pools: [pool(.unified, blocks: 1_000)])
        let (_, alone) = try simulate(configuration, trace)
        let (_, shared) = try simulate(caching(configuration), trace)
        // Ten blocks of the first 160 tokens, saved by the second and the third.
        #expect(alone.instances[0].peakBlocks - shared.instances[0].peakBlocks == 20)
    }

    @Test("a router that looks at caches sends a session's turns where its context is")
    func router() throws {
        var hashes = BlockHashes(dialect: .fileLocal, blockTokens: 16)
        // Turns of four sessions, in turn, each 16 tokens longer than the last.
        for turn in 0..<5 as Range<UInt32> {
            for session in 0..<4 as Range<UInt32> { hashes.append((0...turn).map { session * 100 + $0 }) }
        }
        let trace = Trace(
            requests: (0..<20).map {
                Request(
                    index: $0, arrival: SimulationTime(nanoseconds: Int64($0) * 1_000), promptTokens: 16 * ($0 / 4 + 1),
                    outputTokens: 1)
            }, blockHashes: hashes, provenance: .init(source: "", format: ""))
        var slow = trace
        for index in slow.requests.indices { slow.requests[index].arrival.nanoseconds *= 1_000 }
        let configuration = caching(
            SimulationConfiguration(pools: [pool(.unified, instances: 4)], router: .longestPrefix))
        let (recorder, outcome) = try simulate(configuration, slow)
        let homes = recorder.byRequest.map(\.prefillInstance)
        for request in 8..<20 { #expect(homes[request] == homes[request - 4]) }
        let found = outcome.instances.compactMap(\.prefixCache).reduce(0) { $0 + $1.firstFoundBlocks }
        // Turns 2 to 5 find 1 to 4 blocks; the second, of which half is cached, may go anywhere.
        #expect(found >= 4 * (2 + 3 + 4))
    }
}
