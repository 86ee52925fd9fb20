import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("What policies promise")
struct PolicyPropertyTests {
    static let unified = System.allCases.filter(\.isUnified)

    @Test("no unified engine idles while it has a request", arguments: unified, 0..<200 as Range<UInt64>)
    func workConserving(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "idle \(system)")
        var configuration = randomConfiguration(system, &random)
        let log = BatchLog()
        configuration.pools[0].prefillPolicy = ObservedPolicy(policy: system.unifiedPolicy, log: log)
        configuration.checksInvariants = false
        _ = try simulate(configuration, randomTrace(count: 60, &random))
        #expect(log.idleCount == 0)
    }

    /// The simulator stops at the first instant at which one does (`Instance.idleLane`).
    @Test(
        "no lane stands still while a prompt or a sequence may run on it", arguments: System.allCases,
        0..<200 as Range<UInt64>)
    func noIdleLane(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "idle lane \(system)")
        let configuration = randomConfiguration(system, &random)
        let (_, outcome) = try simulate(configuration, randomTrace(count: 60, &random))
        #expect(outcome.completed + outcome.rejected == outcome.arrived)
    }

    @Test(
        "a policy that need not be asked for decodes alone gives the same run if it is", arguments: System.allCases,
        0..<100 as Range<UInt64>)
    func askedAnyway(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "asked \(system)")
        var configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 60, &random)
        let (records, outcome) = try simulate(configuration, trace)
        for index in configuration.pools.indices {
            ask(&configuration.pools[index].prefillPolicy)
            ask(&configuration.pools[index].decodePolicy)
        }
        let (others, other) = try simulate(configuration, trace)
        #expect(outcome == other)
        #expect(records.requests == others.requests && records.gaps == others.gaps)
        #expect(records.iterations == others.iterations && records.transfers == others.transfers)
    }

    private func ask(_ policy: inout any SchedulingPolicy) {
        if policy.decodesAllAlone { policy = AskedPolicy(policy: policy) }
    }

    @Test("a prefill worker that leaves a prompt lying is found out")
    func lazyWorker() async {
        await #expect(processExitsWith: .failure) {
            var lazy = pool(.semiPD)
            lazy.prefillPolicy = LazyPolicy()
            var configuration = SimulationConfiguration(pools: [lazy])
            configuration.checksInvariants = true
            let request = Request(index: 0, arrival: .zero, promptTokens: 10, outputTokens: 2)
            let trace = Trace(requests: [request], provenance: .init(source: "by hand", format: "generated"))
            _ = try simulate(configuration, trace)
        }
    }
}

private struct LazyPolicy: SchedulingPolicy {
    var repeatsDecode: Bool { true }
    mutating func schedule(_ instance: inout Instance) {}
}

/// Another policy, which has to be asked for every batch.
private struct AskedPolicy: SchedulingPolicy {
    var policy: any SchedulingPolicy

    var repeatsDecode: Bool { policy.repeatsDecode }
    var ignoresArrivalsBehindFirst: Bool { policy.ignoresArrivalsBehindFirst }
    var ignoresPrompts: Bool { policy.ignoresPrompts }

    mutating func schedule(_ instance: inout Instance) { policy.schedule(&instance) }
}
