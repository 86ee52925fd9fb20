import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Requests that wait for answers")
struct ClosedLoopTests {
    private func simulate(
        _ configuration: SimulationConfiguration, _ source: some RequestSource
    ) throws -> (MemoryRecorder, RunOutcome) {
        var (recorder, source) = (MemoryRecorder(), source)
        let outcome = try Simulation(configuration).run(&source, into: &recorder)
        return (recorder, outcome)
    }

    @Test(
        "users never have two requests at a time, and jumping gives the same records as stepping",
        arguments: System.allCases, 0..<40 as Range<UInt64>)
    func users(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "users \(system)")
        var configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 60, &random)
        let users = 1 + random.index(below: 12)
        let loop = ClosedLoopModel(users: users, thinkTime: [0, 1e-5, 1e-3][random.index(below: 3)])
        let source = ClosedLoopSource(loop, base: trace.source, streams: RandomStreams(seed: seed))
        let (jumped, outcome) = try simulate(configuration, source)
        configuration.stepByStep = true
        let (stepped, steppedOutcome) = try simulate(configuration, source)
        #expect(jumped.requests == stepped.requests)
        #expect(outcome.fingerprint == steppedOutcome.fingerprint)
        #expect(outcome.arrived == 60 && outcome.completed + outcome.rejected == 60)

        let records = jumped.byRequest
        #expect(records.map(\.promptTokens) == trace.requests.map(\.promptTokens))
        #expect(zip(records, records.dropFirst()).allSatisfy { $0.arrival <= $1.arrival })
        for record in records where record.completion != nil {
            let present = records.count { other in
                other.arrival <= record.arrival && (other.completion.map { $0 > record.arrival } ?? false)
            }
            #expect(present <= users)
        }
    }

    @Test("one user who does not think sends when the answer is there")
    func oneUser() throws {
        var random = RandomStreams(seed: 1).stream(named: "one")
        let trace = randomTrace(count: 50, &random)
        let source = ClosedLoopSource(
            ClosedLoopModel(users: 1, thinkTime: 0), base: trace.source, streams: RandomStreams(seed: 1))
        let (recorder, _) = try simulate(SimulationConfiguration(pools: [pool(.unified)]), source)
        let records = recorder.byRequest
        #expect(records[0].arrival == .zero)
        for (record, next) in zip(records, records.dropFirst()) { #expect(next.arrival == record.completion) }
    }

    @Test(
        "users, throughput, response and think time obey the law of interactive response times", arguments: [2, 20, 80])
    func interactiveLaw(users: Int) throws {
        let requests = (0..<20_000).map {
            Request(index: $0, arrival: .zero, promptTokens: 100, outputTokens: 20)
        }
        let trace = Trace(requests: requests, provenance: .init(source: "", format: ""))
        let think = 1e-3
        let source = ClosedLoopSource(
            ClosedLoopModel(users: users, thinkTime: think), base: trace.source, streams: RandomStreams(seed: 3))
        let (recorder, outcome) = try simulate(SimulationConfiguration(pools: [pool(.unified)]), source)
        let response = recorder.requests.reduce(0) { $0 + ($1.endToEnd?.seconds ?? 0) } / 20_000
        let throughput = 20_000 / outcome.end.seconds
        #expect(abs(throughput * (response + think) / Double(users) - 1) < 0.01)
    }

    @Test("turns of a session come their pause after the answer before, and find their context cached")
    func sessions() throws {
        let pause = SimulationDuration(nanoseconds: 777)
        let sessions = (0..<10 as Range<UInt32>).map { number in
            Session(
                start: SimulationTime(nanoseconds: Int64(number) * 1_000),
                turns: (1...6 as ClosedRange<UInt32>).map { turn in
                    Session.Turn(
                        promptTokens: Int(turn) * 32, outputTokens: 3, pause: pause,
                        blocks: (0..<2 * turn).map { number * 100 + $0 })
                })
        }
        let all = Sessions(
            sessions, waitsForAnswer: true, blockTokens: 16, provenance: .init(source: "", format: ""))
        var one = pool(.unified, blocks: 10_000)
        one.memory.cachesPrefixes = true
        let (recorder, outcome) = try simulate(SimulationConfiguration(pools: [one]), SessionSource(all))
        #expect(outcome.completed == 60)
        var latest: [Int: RequestRecord] = [:]
        // Sessions are told apart by when their first turn came; later turns by the answer they waited for.
        for record in recorder.byRequest {
            let turn = record.promptTokens / 32
            if turn > 1 {
                let before = latest.first { $0.value.completion.map { $0 + pause } == record.arrival }
                #expect(before?.value.promptTokens == (turn - 1) * 32)
                if let before { latest[before.key] = nil }
            }
            latest[record.request] = record
        }
        let cache = try #require(outcome.instances[0].prefixCache)
        // Of each turn but the first all but the last two blocks; the trace's own count has them all.
        #expect(cache.firstFoundBlocks == 10 * (2 + 4 + 6 + 8 + 10))
    }
}
