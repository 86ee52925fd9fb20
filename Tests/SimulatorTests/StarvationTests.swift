import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Phases without KV blocks")
struct StarvationTests {
    /// Iterations take 1,000 ns; four blocks of four tokens. Requests are (arrival in ns, prompt, output).
    private func serve(
        _ requests: [(arrival: Int64, prompt: Int, output: Int)], on roles: [PoolRole] = [.semiPD],
        _ eviction: FCFSDecodePolicy.Eviction = .recomputeLast
    ) throws -> [InstanceRecord] {
        let work = Work(rounding: 1e-6)
        let pools = roles.map { role in
            var served = pool(
                role, model: ConstantCostModel(prefill: work, decode: work), blocks: role == .prefill ? 100 : 4,
                blockSize: 4)
            served.memory.host = HostMemory(blocks: 100, secondsPerBlock: 0)
            if role != .unified { served.decodePolicy = FCFSDecodePolicy(eviction: eviction) }
            return served
        }
        var configuration = SimulationConfiguration(pools: pools, transfer: testLink)
        configuration.checksInvariants = true
        let trace = Trace(
            requests: requests.enumerated().map { index, request in
                Request(
                    index: index, arrival: SimulationTime(nanoseconds: request.arrival),
                    promptTokens: request.prompt, outputTokens: request.output)
            }, provenance: .init(source: "by hand", format: "generated"))
        return try simulate(configuration, trace).1.instances
    }

    private func spells(_ nanoseconds: Int64...) -> StarvationRecord {
        var record = StarvationRecord()
        for spell in nanoseconds { record.add(SimulationDuration(nanoseconds: spell)) }
        return record
    }

    @Test("a prompt that finds too few blocks starves prefill from its arrival until a request ends")
    func prompt() throws {
        // The first holds three blocks from 1,000 on, a fourth from 5,000, and ends at 6,000.
        let instance = try serve([(0, 8, 6), (1_500, 8, 1)])[0]
        #expect(instance.prefillStarvation == spells(4_500))
        #expect(instance.decodeStarvation == spells())
    }

    @Test("a prefilled request that is thrown out starves decode until it is computed again, and prefill as it waits")
    func thrownOut() throws {
        // Prefilled together they fill the memory; the second makes room for the first's next token at 1,000, begins again
        // when that one ends at 3,000 and has its next token at 4,000.
        let instance = try serve([(0, 8, 3), (0, 8, 3)])[0]
        #expect(instance.prefillStarvation == spells(2_000))
        #expect(instance.decodeStarvation == spells(3_000))
    }

    @Test("a sequence in host memory starves decode until it is back")
    func swapped() throws {
        // Both fill two blocks by 5,000, where the second goes; the first has its nine tokens at 9,000.
        let instance = try serve([(0, 4, 9), (0, 4, 9)], .swapLast)[0]
        #expect(instance.decodeStarvation == spells(4_000))
        #expect(instance.prefillStarvation == spells())
    }

    @Test(
        "a prompt elsewhere that a decode instance has no blocks for starves decode, one behind another pull does not")
    func pulled() throws {
        // The first is pulled from 1,000 to 14,000, and ends with its sixth token at 19,000.
        let instances = try serve([(0, 8, 6), (0, 8, 2)], on: [.prefill, .decode])
        #expect(instances[0].prefillStarvation == spells() && instances[0].decodeStarvation == nil)
        #expect(instances[1].prefillStarvation == nil && instances[1].decodeStarvation == spells(5_000))
    }

    @Test("an engine with one lane for both phases has no such figure")
    func unified() throws {
        let instance = try serve([(0, 8, 6), (1_500, 8, 1)], on: [.unified])[0]
        #expect(instance.prefillStarvation == nil && instance.decodeStarvation == nil)
    }

    @Test("a phase is starved at least as long as its worst request waits for memory, and no longer than all together")
    func bounds() throws {
        var starved = (prefill: 0, decode: 0)
        for seed in 0..<300 as Range<UInt64> {
            var random = RandomStreams(seed: seed).stream(named: "starvation")
            let configuration = randomConfiguration(seed % 2 == 0 ? .semiPD : .handingOff, &random)
            let (recorder, outcome) = try simulate(configuration, randomTrace(count: 60, &random))
            func total(_ phase: KeyPath<InstanceRecord, StarvationRecord?>) -> Int64 {
                outcome.instances.reduce(0) { $0 + ($1[keyPath: phase]?.total.nanoseconds ?? 0) }
            }
            let parts = recorder.requests.filter { $0.outcome == .completed }.map(\.parts)
            func sum(_ part: (LatencyParts) -> SimulationDuration) -> Int64 {
                parts.reduce(0) { $0 + part($1).nanoseconds }
            }
            let (prefill, decode) = (total(\.prefillStarvation), total(\.decodeStarvation))
            // Out of the decode set, for want of blocks, is what "preempted" counts.
            #expect(decode >= parts.map(\.preempted.nanoseconds).max() ?? 0, "seed \(seed)")
            #expect(decode <= sum(\.preempted) + sum(\.decodeWait), "seed \(seed)")
            #expect(prefill <= sum(\.queue) + sum(\.preempted), "seed \(seed)")
            starved.prefill += prefill > 0 ? 1 : 0
            starved.decode += decode > 0 ? 1 : 0
        }
        #expect(starved.prefill > 30 && starved.decode > 30)
    }
}
