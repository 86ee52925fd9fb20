import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("A partition that changes during a run")
struct PartitionChangeTests {
    private static let full = SMPartition(prefill: 100, decode: 100, total: 100)
    private static let half = SMPartition(prefill: 50, decode: 50, total: 100)
    private let model = TestCostModel()
    private let prompt = 700
    private let output = 40

    /// One request alone, whose partition changes to `target` once, when `cadence` has it.
    private func alone(
        _ cadence: ObservationCadence, to target: SMPartition = half, cost: PartitionSwitchCost
    ) throws -> MemoryRecorder {
        var served = pool(.semiPD)
        served.partitionControl = PartitionControl(
            CyclingController(cadence, [target]), initial: Self.full, cost: cost, keyValueBytesPerBlock: 1_000)
        let request = Request(index: 0, arrival: .zero, promptTokens: prompt, outputTokens: output)
        let trace = Trace(requests: [request], provenance: .init(source: "by hand", format: "generated"))
        return try simulate(SimulationConfiguration(pools: [served]), trace).0
    }

    /// Nanoseconds of the prefill and of decode iterations from `first` (counted from 0) to `end` on `sms`.
    private var prefill: SimulationDuration {
        Slowdown.none.duration(of: model.work(of: .prefill(tokens: prompt), sms: 100))
    }

    private func decode(_ iterations: Range<Int>, sms: Int) -> SimulationDuration {
        let works = iterations.map { index in
            let context = prompt + 1 + index
            return model.decodeLine(sequences: 1, contextTokens: context, sms: sms).work(contextTokens: context)
        }
        return Slowdown.none.duration(of: works.reduce(.zero, +))
    }

    @Test("the first iteration after a free change is priced on the new share, and none before")
    func free() throws {
        // Due after the prefill and nine decode iterations.
        let recorder = try alone(.iterations(10), cost: .asynchronous(preparation: .zero))
        let changed = prefill + decode(0..<9, sms: 100)
        #expect(recorder.changes.map(\.time) == [SimulationTime.zero + changed])
        #expect(recorder.changes.map(\.decodeSMs) == [50] && recorder.changes[0].prefillSMs == 50)
        let expected = changed + decode(9..<output - 1, sms: 50)
        let end = try #require(recorder.requests.first?.endToEnd)
        #expect(abs(end.nanoseconds - expected.nanoseconds) <= 1, "iterations on two shares are rounded apart")
    }

    @Test("what a change costs shows where it should, and nowhere else", arguments: [0, 1, 777, 20_000] as [Int64])
    func stalls(nanoseconds: Int64) throws {
        let stall = SimulationDuration(nanoseconds: nanoseconds)
        let free = try alone(.iterations(10), cost: .asynchronous(preparation: .zero))
        let stalled = try alone(
            .iterations(10), cost: .asynchronous(preparation: .zero, prefillStall: ms(7), decodeStall: stall))
        let (a, b) = (try #require(free.requests.first), try #require(stalled.requests.first))
        #expect(b.endToEnd == a.endToEnd.map { $0 + stall }, "prefill, which is over, may stand still for long")
        #expect(b.parts.decodeStalled - a.parts.decodeStalled == stall)
        #expect(b.parts.decodeRun == a.parts.decodeRun)
    }

    @Test("a change comes at the first boundary of each phase after its preparation")
    func preparation() throws {
        let wait = SimulationDuration(nanoseconds: 5_000)
        let recorder = try alone(.iterations(10), cost: .asynchronous(preparation: wait))
        let ready = prefill + decode(0..<9, sms: 100) + wait
        // Prefill is idle and changes at once; decode at the end of its iteration.
        #expect(recorder.changes.map(\.time.nanoseconds).first == ready.nanoseconds)
        #expect(recorder.changes.first.map { [$0.prefillSMs, $0.decodeSMs] } == [50, 100])
        let boundaries = (9..<output - 1).map { prefill + decode(0..<$0, sms: 100) }
        let boundary = try #require(boundaries.first { $0 >= ready })
        #expect(recorder.changes.last?.time == SimulationTime.zero + boundary)
        #expect(recorder.changes.last.map { [$0.prefillSMs, $0.decodeSMs] } == [50, 50])
    }

    @Test("a naive restart serves nobody for as long as it loads, copies and initialises")
    func restart() throws {
        let cost = PartitionSwitchCost.restart(
            NaiveRestart(
                weightBytes: 2_000, loadBytesPerSecond: 1e9, copyBytesPerSecond: 2e9,
                initialisation: SimulationDuration(nanoseconds: 300)))
        let recorder = try alone(.iterations(10), cost: cost)
        let free = try alone(.iterations(10), cost: .asynchronous(preparation: .zero))
        // 2,000 bytes at a byte a nanosecond; 45 blocks (709 tokens and the next one) of 1,000 bytes at two.
        let blocks = Int64((prompt + 9 + 15) / 16)
        let expected = 2_000 + blocks * 1_000 / 2 + 300
        let (a, b) = (try #require(free.requests.first?.endToEnd), try #require(recorder.requests.first?.endToEnd))
        #expect(b.nanoseconds - a.nanoseconds == expected)
    }

    @Test("a control that changes nothing changes nothing", arguments: 0..<30 as Range<UInt64>)
    func idle(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "static")
        var configuration = randomConfiguration(.semiPD, &random)
        let trace = randomTrace(count: 60, &random)
        let without = try simulate(configuration, trace).0
        let partition = configuration.pools[0].partition
        let cadences: [ObservationCadence] = [.iterations(3), .every(SimulationDuration(nanoseconds: 10_000))]
        for cadence in cadences {
            configuration.pools[0].partitionControl = PartitionControl(
                CyclingController(cadence, [partition]), initial: partition, cost: .asynchronous(preparation: .zero))
            let with = try simulate(configuration, trace).0
            #expect(with.requests == without.requests && with.gaps == without.gaps && with.changes.isEmpty)
        }
    }

    @Test("random controls do change partitions, and each change is of a cap")
    func notVacuous() throws {
        var changed = 0
        for seed in 0..<60 as Range<UInt64> {
            var random = RandomStreams(seed: seed).stream(named: "\(System.controlled)")
            let configuration = randomConfiguration(.controlled, &random)
            let recorder = try simulate(configuration, randomTrace(count: 60, &random)).0
            if !recorder.changes.isEmpty { changed += 1 }
            let initial = configuration.pools[0].partition
            var inForce = Array(repeating: initial, count: configuration.pools[0].instances)
            for change in recorder.changes {
                let next = SMPartition(
                    prefill: change.prefillSMs, decode: change.decodeSMs, total: initial.total)
                #expect(next != inForce[change.instance] && !change.reason.isEmpty)
                inForce[change.instance] = next
            }
        }
        #expect(changed > 30)
    }
}

extension MemoryRecorder {
    /// Without the partitions at the start.
    fileprivate var changes: [PartitionChangeRecord] { partitionChanges.filter { $0.reason != "start" } }
}

private func ms(_ value: Int64) -> SimulationDuration { SimulationDuration(nanoseconds: value * 1_000_000) }
