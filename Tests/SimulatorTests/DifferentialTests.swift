import Foundation
import Metrics
import Simulator
import Testing
import Workloads

/// The seed to look at alone, as a failure says.
private let chosenSeed = ProcessInfo.processInfo.environment["PHASEWISE_SEED"].flatMap { UInt64($0) }

@Suite("Jumping against stepping")
struct DifferentialTests {
    @Test(
        "whatever happens in a run, jumping over iterations changes no bit of it",
        arguments: chosenSeed.map { [$0] } ?? Array(0..<1_000 as Range<UInt64>))
    func jumpEqualsStep(seed: UInt64) throws {
        var scenario = RandomScenario(seed: seed)
        let (jumped, jumpedOutcome) = try simulate(scenario.configuration, scenario.trace)
        scenario.configuration.stepByStep = true
        let (stepped, steppedOutcome) = try simulate(scenario.configuration, scenario.trace)
        let differences = [
            ("requests", jumped.requests == stepped.requests), ("gaps", jumped.gaps == stepped.gaps),
            ("samples", jumped.intervals == stepped.intervals), ("transfers", jumped.transfers == stepped.transfers),
            ("partitions", jumped.partitionChanges == stepped.partitionChanges),
            ("iterations", iterations(jumped) == iterations(stepped)),
            ("instances", jumpedOutcome.instances == steppedOutcome.instances),
            ("outcome", jumpedOutcome == steppedOutcome),
        ].filter { !$0.1 }.map(\.0)
        #expect(
            differences.isEmpty,
            """
            \(scenario): \(differences.joined(separator: ", ")) differ; PHASEWISE_SEED=\(seed) swift test -c release \
            -Xswiftc -enable-testing --filter DifferentialTests
            """)
        #expect(jumpedOutcome.arrived <= scenario.trace.requests.count)
    }

    /// How many iterations ran on each lane.
    private func iterations(_ records: MemoryRecorder) -> [Int: Int] {
        records.iterations.reduce(into: [:]) { $0[2 * $1.instance + $1.lane, default: 0] += $1.iterations }
    }

    @Test("random scenarios have every kind of event in them")
    func variety() throws {
        let scenarios = (0..<200 as Range<UInt64>).map { RandomScenario(seed: $0) }
        func count(_ isSuch: (RandomScenario) -> Bool) -> Int { scenarios.count(where: isSuch) }
        #expect(count { !$0.configuration.changes.isEmpty } > 50)
        #expect(count { $0.configuration.pools.contains { $0.memory.cachesPrefixes } } > 30)
        #expect(count { $0.configuration.signalInterval != nil } > 50)
        #expect(count { $0.configuration.stopTime != nil } > 10)
        #expect(count { $0.configuration.pools.contains { $0.partitionControl != nil } } > 5)
        for router in RouterPolicy.allCases { #expect(count { $0.configuration.router == router } > 10) }
        let outcomes = try scenarios.map { try simulate($0.configuration, $0.trace).1 }
        #expect(outcomes.contains { $0.lost > 0 } && outcomes.contains { $0.unfinished > 0 })
        #expect(outcomes.contains { $0.rejected > 0 })
        #expect(outcomes.contains { $0.instances.contains { $0.preemptions > 0 } })
        for phase in [\InstanceRecord.prefillStarvation, \InstanceRecord.decodeStarvation] {
            #expect(outcomes.contains { $0.instances.contains { ($0[keyPath: phase]?.spells ?? 0) > 0 } })
        }
        #expect(outcomes.contains { ($0.instances.compactMap(\.prefixCache).map(\.cachedTokens).max() ?? 0) > 0 })
    }
}
