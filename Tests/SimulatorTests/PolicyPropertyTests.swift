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

    @Test("with twice the memory nothing is preempted more often", arguments: unified, 0..<200 as Range<UInt64>)
    func memoryHelps(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "memory helps \(system)")
        var configuration = randomConfiguration(system, &random)
        configuration.checksInvariants = false
        configuration.pools[0].instances = 1
        let longest = 700
        let blocks = configuration.pools[0].memory.blocks(for: longest)
        let trace = randomTrace(count: 60, &random)
        func preemptions(_ factor: Int) throws -> Int {
            configuration.pools[0].memory.totalBlocks = blocks * factor
            return try simulate(configuration, trace).1.instances[0].preemptions
        }
        #expect(try preemptions(2) <= preemptions(1))
    }
}
