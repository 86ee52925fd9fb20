import CostModels
import EventKernel
import Simulator
import Testing

@Suite("Switching")
struct PartitionSwitchTests {
    static let old = SMPartition(prefill: 60, decode: 40, total: 100)
    static let new = SMPartition(prefill: 80, decode: 20, total: 100)

    static func order(_ phases: ServingPhases = .both) -> PartitionDecision {
        PartitionDecision(new, phases: phases, reason: "a test")
    }

    static func time(_ tick: Int) -> SimulationTime { SimulationTime(nanoseconds: Int64(tick)) }
    static func length(_ ticks: Int) -> SimulationDuration { SimulationDuration(nanoseconds: Int64(ticks)) }

    static func restart(_ ticks: Int) -> PartitionSwitchCost {
        .restart(
            NaiveRestart(weightBytes: 0, loadBytesPerSecond: 1, copyBytesPerSecond: 1, initialisation: length(ticks)))
    }

    @Test("the old partition serves until the new one is prepared, then each phase changes at its own boundary")
    func asynchronous() {
        var change = PartitionSwitch(Self.old, cost: .asynchronous(preparation: Self.length(10)))
        let accepted = change.begin(Self.order(), at: Self.time(5))
        #expect(accepted)
        #expect(change.nextChange(after: Self.time(5)) == Self.time(15))
        var start = change.reachBoundary(of: .decode, at: Self.time(14), keyValueBytes: 0)
        #expect(start == Self.time(14))
        #expect(change.inForce == Self.old)
        start = change.reachBoundary(of: .prefill, at: Self.time(16), keyValueBytes: 0)
        #expect(start == Self.time(16))
        // New prefill beside old decode: 120 SMs of 100 for a while.
        #expect(change.inForce == SMPartition(prefill: 80, decode: 40, total: 100))
        #expect(!change.isSwitching(.prefill, at: Self.time(16)) && change.isSwitching(.decode, at: Self.time(16)))
        start = change.reachBoundary(of: .decode, at: Self.time(20), keyValueBytes: 0)
        #expect(start == Self.time(20))
        #expect(change.inForce == Self.new)
        #expect(!change.isSwitching(at: Self.time(20)))
        #expect(change.reason == "a test")
    }

    @Test("while a change is under way another is refused")
    func refuses() {
        var change = PartitionSwitch(Self.old, cost: .asynchronous(preparation: Self.length(10)))
        let first = change.begin(Self.order(), at: Self.time(0))
        let other = PartitionDecision(Self.old, phases: .decode, reason: "another")
        let second = change.begin(other, at: Self.time(11))
        #expect(first && !second)
        #expect(change.reason == "a test")
        for phase in ServingPhase.allCases { _ = change.reachBoundary(of: phase, at: Self.time(12), keyValueBytes: 0) }
        let third = change.begin(other, at: Self.time(12))
        #expect(third)
    }

    @Test("a phase stands still for its stall, once, and the other does not")
    func stall() {
        var change = PartitionSwitch(
            Self.old, cost: .asynchronous(preparation: .zero, prefillStall: Self.length(7), decodeStall: Self.length(3))
        )
        _ = change.begin(Self.order(.prefill), at: Self.time(10))
        let decode = change.reachBoundary(of: .decode, at: Self.time(10), keyValueBytes: 0)
        let prefill = change.reachBoundary(of: .prefill, at: Self.time(12), keyValueBytes: 0)
        #expect(decode == Self.time(10) && prefill == Self.time(19))
        #expect(change.nextChange(after: Self.time(12)) == Self.time(19))
        #expect(change.isSwitching(.prefill, at: Self.time(18)) && !change.isSwitching(.decode, at: Self.time(18)))
        let again = change.reachBoundary(of: .prefill, at: Self.time(19), keyValueBytes: 0)
        #expect(again == Self.time(19) && !change.isSwitching(at: Self.time(19)))
    }

    @Test("a restart stops both phases, the first until the second has stopped, and copies the KV cache of that moment")
    func naive() {
        let cost = PartitionSwitchCost.restart(
            NaiveRestart(
                weightBytes: 100, loadBytesPerSecond: 1e9, copyBytesPerSecond: 2e9, initialisation: Self.length(1_000)))
        var change = PartitionSwitch(Self.old, cost: cost)
        // Only prefill's share changes, and yet both stop.
        _ = change.begin(Self.order(.prefill), at: Self.time(0))
        let decode = change.reachBoundary(of: .decode, at: Self.time(50), keyValueBytes: 9)
        #expect(decode == .never && change.inForce == Self.old && change.isSwitching(.decode, at: Self.time(60)))
        let prefill = change.reachBoundary(of: .prefill, at: Self.time(80), keyValueBytes: 400)
        // 80 + 100 ns of weights + 200 ns of KV + 1000 ns.
        #expect(prefill == Self.time(1_380) && change.inForce == Self.new)
        let resumed = change.reachBoundary(of: .decode, at: Self.time(80), keyValueBytes: 400)
        #expect(resumed == Self.time(1_380) && change.isSwitching(at: Self.time(1_379)))
        #expect(!change.isSwitching(at: Self.time(1_380)))
    }

    /// Two lanes in which iterations follow each other without a gap, or which stay idle, and one change.
    struct Play: Sendable {
        /// Ticks of an iteration of prefill and of decode; `nil` for an idle lane.
        var durations: [Int?]
        /// When each lane begins.
        var offsets: [Int]
        var order: Int
        var cost: PartitionSwitchCost
        var phases: ServingPhases
        /// Which lane is asked first where both are at a boundary.
        var decodeFirst: Bool

        struct Iteration {
            var start: Int
            var end: Int
            var sms: Int
        }

        struct Outcome {
            var iterations: [[Iteration]] = [[], []]
            var inForce: [SMPartition] = []
            var isSettled = false
        }

        func run(until end: Int) -> Outcome {
            var outcome = Outcome()
            var change = PartitionSwitch(old, cost: cost)
            var busyUntil = offsets
            for tick in 0..<end {
                let now = time(tick)
                if tick == order {
                    let accepted = change.begin(
                        PartitionDecision(new, phases: phases, reason: "play"), at: now)
                    precondition(accepted)
                }
                for lane in decodeFirst ? [1, 0] : [0, 1] where busyUntil[lane] <= tick {
                    let start = change.reachBoundary(
                        of: ServingPhase.allCases[lane], at: now, keyValueBytes: 0)
                    guard start <= now, let duration = durations[lane] else { continue }
                    let sms = lane == 0 ? change.inForce.prefill : change.inForce.decode
                    outcome.iterations[lane].append(Iteration(start: tick, end: tick + duration, sms: sms))
                    busyUntil[lane] = tick + duration
                }
                outcome.inForce.append(change.inForce)
            }
            outcome.isSettled = !change.isSwitching(at: time(end))
            return outcome
        }

        /// Every play with iterations of up to four ticks.
        static func all(costs: [PartitionSwitchCost], phases: [ServingPhases]) -> [Play] {
            let durations: [Int?] = [nil, 1, 2, 3, 4]
            var plays: [Play] = []
            for prefill in durations {
                for decode in durations {
                    for prefillOffset in 0..<3 {
                        for order in 0..<6 {
                            for cost in costs {
                                for phase in phases {
                                    for decodeFirst in [false, true] {
                                        plays.append(
                                            Play(
                                                durations: [prefill, decode], offsets: [prefillOffset, 0], order: order,
                                                cost: cost, phases: phase, decodeFirst: decodeFirst))
                                    }
                                }
                            }
                        }
                    }
                }
            }
            return plays
        }
    }

    @Test("in every interleaving an asynchronous change comes to each phase at its first boundary after preparation")
    func everyAsynchronousInterleaving() {
        for preparation in 0..<5 {
            for (prefillStall, decodeStall) in [(0, 0), (3, 0), (0, 2), (1, 4)] {
                let cost = PartitionSwitchCost.asynchronous(
                    preparation: Self.length(preparation), prefillStall: Self.length(prefillStall),
                    decodeStall: Self.length(decodeStall))
                for play in Play.all(costs: [cost], phases: [.prefill, .decode, .both]) {
                    let outcome = play.run(until: 40)
                    let ready = play.order + preparation
                    var sound = outcome.isSettled
                    for lane in 0..<2 {
                        let changes = play.phases.contains(lane == 0 ? .prefill : .decode)
                        let (before, after) = lane == 0 ? (60, 80) : (40, 20)
                        let iterations = outcome.iterations[lane]
                        // Under the old cap exactly if begun before the new one was prepared.
                        sound =
                            sound && iterations.allSatisfy { $0.sms == (changes && $0.start >= ready ? after : before) }
                        // No gap but the stall, and that once.
                        let gaps = zip(iterations, iterations.dropFirst()).map { $1.start - $0.end }
                        let stall = changes ? (lane == 0 ? prefillStall : decodeStall) : 0
                        let switchedBeforeStart = iterations.first.map { $0.start > play.offsets[lane] } ?? true
                        sound = sound && gaps.reduce(0, +) == (switchedBeforeStart ? 0 : stall)
                        // Each cap changes at most once, and never back.
                        let caps = outcome.inForce.map { lane == 0 ? $0.prefill : $0.decode }
                        let edges = zip(caps, caps.dropFirst()).filter { $0 != $1 }.count
                        sound = sound && edges <= 1 && caps.last == (changes ? after : before)
                    }
                    #expect(sound, "\(play)")
                }
            }
        }
    }

    @Test("in every interleaving a restart begins when both phases have stopped, and both resume together")
    func everyRestartInterleaving() {
        for ticks in 1..<6 {
            for play in Play.all(costs: [Self.restart(ticks)], phases: [.prefill, .both]) {
                let outcome = play.run(until: 40)
                var sound = outcome.isSettled && outcome.inForce.last == Self.new
                // The first boundary of each lane from the order on; an idle lane is always at one.
                let stops = (0..<2).map { lane in
                    let running = outcome.iterations[lane].first { $0.start < play.order && $0.end > play.order }
                    return running?.end ?? max(play.order, play.offsets[lane])
                }
                let resume = (stops.max() ?? 0) + ticks
                for lane in 0..<2 {
                    let iterations = outcome.iterations[lane]
                    sound = sound && iterations.allSatisfy { $0.start < play.order || $0.start >= resume }
                    sound =
                        sound
                        && iterations.allSatisfy {
                            $0.sms == ($0.start < play.order ? [60, 40] : [80, 20])[lane]
                        }
                    if !iterations.isEmpty {
                        sound = sound && iterations.first { $0.start >= play.order }?.start == resume
                    }
                }
                #expect(sound, "\(play)")
            }
        }
    }
}

extension PartitionSwitchTests.Play {
    private var old: SMPartition { PartitionSwitchTests.old }
    private var new: SMPartition { PartitionSwitchTests.new }
    private func time(_ tick: Int) -> SimulationTime { PartitionSwitchTests.time(tick) }
}
