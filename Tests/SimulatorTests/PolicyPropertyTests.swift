import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("What unified policies promise")
struct PolicyPropertyTests {
    static let unified = System.allCases.filter(\.isUnified)

    @Test("no engine idles while it has a request", arguments: unified, 0..<200 as Range<UInt64>)
    func workConserving(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "idle \(system)")
        var configuration = randomConfiguration(system, &random)
        let log = BatchLog()
        configuration.pools[0].prefillPolicy = ObservedPolicy(policy: system.unifiedPolicy, log: log)
        configuration.checksInvariants = false
        _ = try simulate(configuration, randomTrace(count: 60, &random))
        #expect(log.idleCount == 0)
    }

    /// Of one run alone this does not hold: where memory is for one request, no second one is there to be preempted.
    @Test("over many runs, more memory means fewer preemptions, and enough memory none", arguments: unified)
    func memoryHelps(system: System) throws {
        var preemptions = [0, 0, 0, 0]
        for seed in 0..<60 as Range<UInt64> {
            var random = RandomStreams(seed: seed).stream(named: "memory helps \(system)")
            var configuration = randomConfiguration(system, &random)
            configuration.checksInvariants = false
            configuration.pools[0].instances = 1
            let trace = randomTrace(count: 60, &random)
            // The longest request alone, up to all of them.
            for (position, tokens) in [700, 1_400, 5_600, 60 * 716].enumerated() {
                configuration.pools[0].memory.totalBlocks = configuration.pools[0].memory.blocks(for: tokens)
                preemptions[position] += try simulate(configuration, trace).1.instances[0].preemptions
            }
        }
        #expect(zip(preemptions, preemptions.dropFirst()).allSatisfy(>=), "\(preemptions)")
        #expect(preemptions.last == 0)
    }
}
