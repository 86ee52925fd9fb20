import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Instances that fail and join")
struct DeploymentChangeTests {
    /// A random system with failures, joins and slower links in it.
    private func scenario(_ system: System, seed: UInt64) -> (SimulationConfiguration, Trace) {
        var random = RandomStreams(seed: seed).stream(named: "changes")
        var configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 80, &random)
        addRandomChanges(to: &configuration, during: trace, &random)
        return (configuration, trace)
    }

    @Test("no request is lost silently, and parts sum to latencies", arguments: System.allCases, 0..<200)
    func conserved(system: System, seed: Int) throws {
        let (configuration, trace) = scenario(system, seed: UInt64(seed))
        let (recorder, outcome) = try simulate(configuration, trace)
        #expect(recorder.requests.count == trace.requests.count)
        #expect(Set(recorder.requests.map(\.request)).count == trace.requests.count)
        #expect(
            outcome.arrived == outcome.completed + outcome.rejected + outcome.unfinished + outcome.lost)
        for record in recorder.requests where record.outcome == .completed {
            #expect(record.parts.total == record.endToEnd)
            #expect(record.firstToken.map { record.arrival < $0 } ?? false)
        }
        let mayLose = configuration.changes.contains {
            if case .fail(_, .lost) = $0.kind { true } else { false }
        }
        #expect(mayLose || outcome.lost == 0)
    }

    @Test(
        "jumping over equal iterations gives the records of every iteration on its own", arguments: System.allCases,
        0..<200)
    func steps(system: System, seed: Int) throws {
        var (configuration, trace) = scenario(system, seed: UInt64(seed))
        let (jumped, jumpedOutcome) = try simulate(configuration, trace)
        configuration.stepByStep = true
        let (stepped, steppedOutcome) = try simulate(configuration, trace)
        #expect(jumped.requests == stepped.requests)
        #expect(jumped.transfers == stepped.transfers)
        #expect(jumpedOutcome.fingerprint == steppedOutcome.fingerprint)
        #expect(jumpedOutcome.instances == steppedOutcome.instances)
    }

    private func trace(_ arrivals: [Int64], prompt: Int = 100, output: Int = 10) -> Trace {
        Trace(
            requests: arrivals.enumerated().map {
                Request(
                    index: $0, arrival: SimulationTime(nanoseconds: $1), promptTokens: prompt, outputTokens: output)
            }, provenance: .init(source: "by hand", format: "generated"))
    }

    /// One request on the first of two instances, which fails in the middle of its decode.
    private func failure(_ handling: InterruptedRequests) throws -> (record: RequestRecord, alone: RequestRecord) {
        let pools = [pool(.unified, instances: 2)]
        let alone = try simulate(SimulationConfiguration(pools: pools), trace([0])).0.requests[0]
        // A prefill of 11,000 ns, then decodes of about 1,640 ns each: five of ten tokens are out at 18,000 ns.
        let configuration = SimulationConfiguration(
            pools: pools,
            changes: [.init(.fail(instance: 0, handling), at: SimulationTime(nanoseconds: 18_000))])
        return (try simulate(configuration, trace([0])).0.requests[0], alone)
    }

    @Test("a request that is retried takes as long again from the failure on, first token included")
    func retried() throws {
        let (record, alone) = try failure(.retried)
        #expect(record.outcome == .completed && record.decodeInstance == 1)
        #expect(record.endToEnd?.nanoseconds == 18_000 + (alone.endToEnd?.nanoseconds ?? 0))
        #expect(record.timeToFirstToken?.nanoseconds == 18_000 + (alone.timeToFirstToken?.nanoseconds ?? 0))
    }

    @Test("a request that is resumed keeps its first token and prefills what it had with its prompt")
    func resumed() throws {
        let (record, alone) = try failure(.resumed)
        #expect(record.outcome == .completed && record.timeToFirstToken == alone.timeToFirstToken)
        // 105 tokens of prefill give the sixth token at 1,000 + 10,500 ns; four more are decoded.
        #expect(record.parts.preempted.nanoseconds == 11_500)
        let restarted = 18_000 + (alone.endToEnd?.nanoseconds ?? 0)
        #expect(record.endToEnd?.nanoseconds ?? .max < restarted)
    }

    @Test("a request that is lost is recorded as lost")
    func lost() throws {
        let (record, _) = try failure(.lost)
        #expect(record.outcome == .lost && record.completion == nil)
    }

    @Test("requests wait for the first instance to join, and stay unfinished if none does")
    func absent() throws {
        let joins = SimulationConfiguration(
            pools: [pool(.unified)], changes: [.init(.join(instance: 0), at: SimulationTime(nanoseconds: 50_000))])
        let (recorder, _) = try simulate(joins, trace([0, 10]))
        #expect(recorder.byRequest.map { $0.scheduled?.nanoseconds } == [50_000, 50_000])
        let fails = SimulationConfiguration(
            pools: [pool(.unified)],
            changes: [.init(.fail(instance: 0, .retried), at: SimulationTime(nanoseconds: 5_000))])
        let (left, outcome) = try simulate(fails, trace([0, 10]))
        #expect(outcome.unfinished == 2 && left.requests.count == 2)
    }

    @Test("a prompt whose decode instance fails during the transfer is pulled by another")
    func reoffered() throws {
        // 100 tokens of 1,000 bytes at 1 GB/s: the transfer takes 100,000 ns after the prefill of 11,000 ns.
        let configuration = SimulationConfiguration(
            pools: [pool(.prefill), pool(.decode, instances: 2)], transfer: testLink,
            changes: [.init(.fail(instance: 1, .lost), at: SimulationTime(nanoseconds: 60_000))])
        let (recorder, _) = try simulate(configuration, trace([0]))
        #expect(recorder.requests[0].outcome == .completed && recorder.requests[0].decodeInstance == 2)
        #expect(recorder.transfers.map(\.destination) == [2])
        // 49,000 ns for nothing, then 105,000 with the latency.
        #expect(recorder.requests[0].parts.transfer.nanoseconds == 49_000 + 105_000)
    }

    @Test("an instance that flips serves what it has, restarts, and then serves in the other role")
    func flip() throws {
        let restart = SimulationDuration(nanoseconds: 20_000)
        let flip = DeploymentChange(
            .flip(instance: 1, toPool: 1, restart: restart), at: SimulationTime(nanoseconds: 5_000))
        let configuration = SimulationConfiguration(
            pools: [pool(.prefill, instances: 2), pool(.decode)], transfer: testLink, changes: [flip])
        // The second prompt is prefilled by the instance that flips until 11,000 ns, and pulled after the first: until
        // 221,000. It decodes from 241,000 on.
        let arrivals: [Int64] = [0, 0, 6_000, 235_000, 500_000, 500_000]
        let (recorder, outcome) = try simulate(configuration, trace(arrivals, output: 30))
        #expect(recorder.byRequest.map(\.prefillInstance) == [0, 1, 0, 0, 0, 0])
        #expect(recorder.transfers.map(\.finished.nanoseconds).prefix(2) == [116_000, 221_000])
        #expect(Set(recorder.byRequest[4...].map(\.decodeInstance)) == [1, 2])
        #expect(recorder.byRequest[..<3].allSatisfy { $0.decodeInstance == 2 })
        #expect(outcome.completed == arrivals.count)
        #expect(outcome.instances[1].pool == "decode" && outcome.instances[1].prefillIterations == 1)
        #expect(outcome.instances.map(\.gpus) == [1, 1, 1])
    }

    @Test("a prompt that finds no decode instance waits for one that flips")
    func awaited() throws {
        let changes = [
            DeploymentChange(.fail(instance: 2, .retried), at: SimulationTime(nanoseconds: 1_000)),
            DeploymentChange(
                .flip(instance: 1, toPool: 1, restart: SimulationDuration(nanoseconds: 50_000)),
                at: SimulationTime(nanoseconds: 2_000)),
        ]
        let configuration = SimulationConfiguration(
            pools: [pool(.prefill, instances: 2), pool(.decode)], transfer: testLink, changes: changes)
        let (recorder, outcome) = try simulate(configuration, trace([0]))
        #expect(outcome.completed == 1 && recorder.requests[0].decodeInstance == 1)
        // Idle, it drains at once: prefilled at 11,000, offered at 52,000.
        #expect(recorder.transfers.map(\.requested.nanoseconds) == [52_000])
    }

    @Test("a link of half the bandwidth takes twice as long for what is left")
    func slowerLink() throws {
        let configuration = SimulationConfiguration(
            pools: [pool(.prefill), pool(.decode)], transfer: testLink,
            changes: [.init(.linkBandwidth(5e8), at: SimulationTime(nanoseconds: 61_000))])
        let (recorder, _) = try simulate(configuration, trace([0]))
        // 50,000 of 105,000 ns are over, 55,000 become 110,000.
        #expect(recorder.requests[0].parts.transfer.nanoseconds == 160_000)
    }
}
