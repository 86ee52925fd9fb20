import CostModels
import EventKernel
import Simulator
import Testing

@Suite("Partition mechanisms")
struct PartitionMechanismTests {
    static let mechanisms: [PartitionMechanism] = [
        .mps, .hopperGreenContexts, .hopperGreenContextsWithoutCoscheduling, .ampereGreenContexts, .streams,
    ]

    // SMs that a client of the MPS daemon sees on an H200.
    @Test(
        "MPS percentages become the SMs seen on an H200",
        arguments: zip([100, 80, 60, 50, 40], [132, 104, 78, 66, 52]))
    func mps(percent: Int, sms: Int) {
        let partition = PartitionMechanism.mps.partition(
            prefillPercent: Double(percent), decodePercent: 100, of: 132)
        #expect(partition == SMPartition(prefill: sms, decode: 132, total: 132))
    }

    // cuDevSmResourceSplitByCount on an H200, and the driver's documentation for a GH200 of as many SMs.
    @Test(
        "green contexts round an ask up to a multiple of eight SMs",
        arguments: [(1, 8), (2, 8), (4, 8), (8, 8), (10, 16), (11, 16), (12, 16), (20, 24), (72, 72), (128, 128)])
    func greenContexts(ask: Int, sms: Int) {
        #expect(PartitionMechanism.hopperGreenContexts.grant(ask, of: 132) == sms)
    }

    @Test(
        "without co-scheduling the step is two SMs", arguments: [(1, 2), (2, 2), (10, 10), (11, 12), (131, 130)])
    func withoutCoscheduling(ask: Int, sms: Int) {
        #expect(PartitionMechanism.hopperGreenContextsWithoutCoscheduling.grant(ask, of: 132) == sms)
    }

    @Test("an Ampere part gives at least four SMs", arguments: [(1, 4), (4, 4), (5, 6), (108, 106)])
    func ampere(ask: Int, sms: Int) {
        #expect(PartitionMechanism.ampereGreenContexts.grant(ask, of: 108) == sms)
    }

    @Test(
        "two capped phases in green contexts are disjoint, and a phase without a cap has every SM",
        arguments: [
            (50, 50, 72, 60), (80, 20, 112, 20), (30, 30, 40, 40), (80, 80, 72, 60), (80, 100, 112, 132),
            (100, 98, 132, 128), (100, 100, 132, 132), (99, 1, 128, 4),
        ])
    func disjoint(x: Int, y: Int, prefill: Int, decode: Int) {
        let partition = PartitionMechanism.hopperGreenContexts.partition(
            prefillPercent: Double(x), decodePercent: Double(y), of: 132)
        #expect(partition == SMPartition(prefill: prefill, decode: decode, total: 132))
    }

    @Test("streams share every SM, whatever is asked")
    func streams() {
        let partition = PartitionMechanism.streams.partition(prefillPercent: 30, decodePercent: 70, of: 132)
        #expect(partition.isUnpartitioned)
        #expect(PartitionMechanism.streams.candidates(of: 132) == [.unpartitioned(132)])
    }

    @Test("whatever percentages are asked for, the partition is admissible", arguments: mechanisms)
    func roundsToAdmissible(mechanism: PartitionMechanism) {
        for total in [108, 132, 142, 148] {
            for x in 1...100 {
                for y in 1...100 {
                    let partition = mechanism.partition(prefillPercent: Double(x), decodePercent: Double(y), of: total)
                    #expect(mechanism.admits(partition), "(\(x), \(y)) % became \(partition)")
                }
            }
        }
    }

    @Test("candidates are admissible, distinct and in order", arguments: mechanisms)
    func candidates(mechanism: PartitionMechanism) {
        for total in [108, 132, 148] {
            let candidates = mechanism.candidates(of: total)
            #expect(candidates.allSatisfy(mechanism.admits))
            #expect(candidates.contains(.unpartitioned(total)))
            for (a, b) in zip(candidates, candidates.dropFirst()) {
                #expect((a.prefill, a.decode) < (b.prefill, b.decode))
            }
        }
    }

    @Test("132 SMs divide into 8k and 132 - 8k, either way round")
    func hopperDivisions() {
        let divisions = PartitionMechanism.hopperGreenContexts.candidates(of: 132)
            .filter { $0.prefill + $0.decode == 132 }
        let eights = stride(from: 8, through: 128, by: 8)
        #expect(divisions.map(\.prefill) == (Array(eights) + eights.map { 132 - $0 }).sorted())
    }

    @Test("overlapping caps are for MPS alone, odd ones for none")
    func rejects() {
        let overlapping = SMPartition(prefill: 104, decode: 96, total: 132)
        #expect(PartitionMechanism.mps.admits(overlapping))
        #expect(!PartitionMechanism.hopperGreenContexts.admits(overlapping))
        #expect(!PartitionMechanism.streams.admits(overlapping))
        for mechanism in Self.mechanisms {
            #expect(!mechanism.admits(SMPartition(prefill: 51, decode: 77, total: 132)))
        }
        // 20 is left of 132 when prefill takes 112, but nobody can ask for it.
        #expect(!PartitionMechanism.hopperGreenContexts.admits(SMPartition(prefill: 20, decode: 104, total: 132)))
    }

    @Test("contexts made beforehand change at once, a new process takes a while and disturbs nobody")
    func switchCosts() {
        #expect(PartitionMechanism.hopperGreenContexts.switchCost == .asynchronous(preparation: .zero))
        #expect(PartitionMechanism.mps.switchCost == .asynchronous(preparation: SimulationDuration(rounding: 10)))
    }

    @Test("a naive restart loads, copies and initialises one after the other")
    func restart() {
        let restart = NaiveRestart(
            weightBytes: 16_000_000_000, loadBytesPerSecond: 4e9, copyBytesPerSecond: 1e12,
            initialisation: SimulationDuration(rounding: 10))
        #expect(restart.duration(keyValueBytes: 0) == SimulationDuration(rounding: 14))
        #expect(restart.duration(keyValueBytes: 50_000_000_000) == SimulationDuration(rounding: 14.05))
    }
}
