import CostModels
import EventKernel
import Testing

@testable import Simulator

@Suite("Partition control of an instance")
struct PartitionControlTests {
    /// Decides what it is told to, and remembers nothing.
    struct Scripted: PartitionController {
        var cadence: ObservationCadence
        var target: SMPartition

        mutating func decide(_ observation: PartitionObservation) -> PartitionDecision? {
            PartitionDecision(from: observation.partition, to: target, reason: "script")
        }
    }

    static let first = FirstTokenSample(timeToFirstToken: ms(100), execution: ms(60), wait: ms(40))
    static let completion = CompletionSample(internalTimePerOutputToken: 0.05, outputTokens: 10)

    static func control(_ cadence: ObservationCadence, preparation: Double = 0) -> PartitionControl {
        PartitionControl(
            Scripted(cadence: cadence, target: SMPartition(prefill: 80, decode: 100, total: 100)),
            initial: .unpartitioned(100),
            cost: .asynchronous(preparation: SimulationDuration(rounding: preparation)))
    }

    @Test("a controller is due by completions, by iterations of both phases, or by time")
    func due() {
        var byCompletions = Self.control(.completions(2))
        byCompletions.recordCompletion(Self.completion, at: at(1))
        #expect(!byCompletions.isDue(at: at(1)) && byCompletions.iterationsUntilDue == nil)
        byCompletions.recordCompletion(Self.completion, at: at(2))
        #expect(byCompletions.isDue(at: at(2)))

        var byIterations = Self.control(.iterations(10))
        byIterations.countIterations(8)
        #expect(!byIterations.isDue(at: at(1)) && byIterations.iterationsUntilDue == 2)
        byIterations.countIterations(10)
        #expect(byIterations.isDue(at: at(1)))

        let byTime = Self.control(.every(ms(500)))
        #expect(!byTime.isDue(at: at(0.499)) && byTime.isDue(at: at(0.5)))
    }

    @Test(
        "a quiet control is not due, awaits no time and lets both phases go on", arguments: 0..<200 as Range<UInt64>)
    func quiet(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "control")
        let cadences: [ObservationCadence] = [.completions(3), .iterations(7), .every(ms(40))]
        let cadence = cadences[random.index(below: 3)]
        var control = Self.control(cadence, preparation: random.index(below: 2) == 0 ? 0 : 0.05)
        var quiet = 0
        for step in 1...100 {
            let now = at(0.01 * Double(step))
            control.countIterations(step)
            if random.index(below: 3) == 0 { control.recordCompletion(Self.completion, at: now) }
            let wasQuiet = control.isQuiet(at: now)
            if wasQuiet { #expect(!control.isDue(at: now) && control.nextLook(after: now) == .never) }
            if control.isDue(at: now) { _ = control.consult(at: now, load: .idle) }
            let before = control.inForce
            for phase in ServingPhase.allCases where random.index(below: 2) == 0 || wasQuiet {
                let begin = control.reachBoundary(of: phase, at: now, usedBlocks: 5)
                if wasQuiet { #expect(begin == now) }
            }
            if wasQuiet {
                quiet += 1
                #expect(control.inForce == before)
            }
        }
        if case .every = cadence { #expect(quiet == 0) } else { #expect(quiet > 0) }
    }

    @Test("while a change is under way nobody is asked, and while prefill changes no sample is kept")
    func samples() {
        struct Counting: PartitionController {
            var cadence: ObservationCadence { .completions(1) }
            mutating func decide(_ observation: PartitionObservation) -> PartitionDecision? {
                PartitionDecision(
                    SMPartition(
                        prefill: observation.firstTokens.count + 1, decode: observation.completions.count, total: 100),
                    phases: .prefill, reason: "counts")
            }
        }
        var control = PartitionControl(
            Counting(), initial: .unpartitioned(100), cost: .asynchronous(preparation: SimulationDuration(rounding: 10))
        )
        control.recordCompletion(Self.completion, at: at(1))
        var decision = control.consult(at: at(1), load: .idle)
        #expect(decision?.partition == SMPartition(prefill: 1, decode: 1, total: 100))
        control.recordFirstToken(Self.first, at: at(5))
        control.recordCompletion(Self.completion, at: at(6))
        #expect(!control.isDue(at: at(6)))
        _ = control.reachBoundary(of: .prefill, at: at(11), usedBlocks: 0)
        // Decode keeps what it had: the decision named prefill alone.
        #expect(control.inForce == SMPartition(prefill: 1, decode: 100, total: 100))
        #expect(!control.isDue(at: at(11)))
        control.recordFirstToken(Self.first, at: at(12))
        control.recordFirstToken(Self.first, at: at(12))
        control.recordCompletion(Self.completion, at: at(13))
        #expect(control.isDue(at: at(13)))
        decision = control.consult(at: at(13), load: .idle)
        #expect(decision?.partition == SMPartition(prefill: 3, decode: 1, total: 100))
    }

    @Test("an observation holds what happened since the last, once")
    func observation() {
        struct Copying: PartitionController {
            var cadence: ObservationCadence { .every(SimulationDuration(rounding: 1)) }
            mutating func decide(_ observation: PartitionObservation) -> PartitionDecision? {
                let seen =
                    "\(observation.elapsed.seconds) \(observation.arrivals) \(observation.arrivedPromptTokens) "
                    + "\(observation.prefillBusy.seconds) \(observation.prefilledPrompts)"
                return PartitionDecision(observation.partition, phases: .decode, reason: seen)
            }
        }
        var control = PartitionControl(
            Copying(), initial: .unpartitioned(100), cost: .asynchronous(preparation: .zero))
        control.recordArrival(promptTokens: 100)
        control.recordArrival(promptTokens: 50)
        control.recordPrefillIteration(ms(250), prompts: 2)
        let first = control.consult(at: at(2), load: .idle)
        #expect(first?.reason == "2.0 2 150 0.25 2" && control.reason == first?.reason)
        _ = control.reachBoundary(of: .decode, at: at(2), usedBlocks: 0)
        let second = control.consult(at: at(5), load: .idle)
        #expect(second?.reason == "3.0 0 0 0.0 0")
    }
}
