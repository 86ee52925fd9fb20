import CostModels
import EventKernel
import Simulator
import Testing

@Suite("The released code's controller")
struct CodeControllerTests {
    static let table: [(percent: Int, tpot: String, execution: String, wait: String)] = [
        (100, "1.000", "1.000", "1.000"), (95, "1.057", "1.090", "1.104"), (90, "1.093", "1.132", "1.097"),
        (85, "1.133", "1.180", "1.101"), (80, "1.178", "1.234", "1.119"), (75, "1.229", "1.295", "1.158"),
        (70, "1.287", "1.365", "1.227"), (60, "1.432", "1.539", "1.510"), (50, "1.635", "1.783", "2.173"),
        (40, "1.940", "2.150", "3.754"),
    ]

    @Test("scale functions have the values worked out by hand from their coefficients", arguments: table)
    func scaling(row: (percent: Int, tpot: String, execution: String, wait: String)) {
        func text(_ value: Double) -> String {
            let thousandths = Int((value * 1000).rounded())
            return "\(thousandths / 1000)." + String(String(1000 + thousandths % 1000).dropFirst())
        }
        #expect(text(ReleasedScaling.timePerOutputToken(row.percent)) == row.tpot)
        #expect(text(ReleasedScaling.prefillExecution(row.percent)) == row.execution)
        #expect(text(ReleasedScaling.prefillWait(row.percent)) == row.wait)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var from: (Int, Int)
        var ttft: Double?
        var wait = 0.0
        var tpot: Double
        /// `nil` for no change.
        var to: (Int, Int)?
        var phases: ServingPhases = .both
    }

    // TTFT limit 500 ms, TPOT limit 100 ms; the guard puts the observed TPOT's limit at 90.909 ms.
    static let decisions: [Case] = [
        Case(testDescription: "both hold", from: (100, 100), ttft: 500, tpot: 90.9, to: nil),
        Case(testDescription: "both broken with one at 100", from: (100, 90), ttft: 501, tpot: 91, to: nil),
        Case(testDescription: "both broken at (100, 100)", from: (100, 100), ttft: 501, tpot: 91, to: nil),
        Case(
            testDescription: "both broken with neither at 100", from: (90, 90), ttft: 501, tpot: 91, to: (100, 100)),
        // S(92)/S(90) = 1.07826/1.09299: 105 becomes 103.59 at 92, 102.23 at 94, 100.91 at 96.
        Case(
            testDescription: "TPOT broken, decode raised as far as three steps go", from: (100, 90), ttft: 300,
            tpot: 105, to: (100, 96), phases: .decode),
        // 101 becomes 99.64 at 92.
        Case(
            testDescription: "TPOT broken, one step is enough", from: (100, 90), ttft: 300, tpot: 101, to: (100, 92),
            phases: .decode),
        // Within the limit, but not within the guard: predictions are not guarded, so one step.
        Case(
            testDescription: "TPOT within its limit but not within the guard", from: (100, 90), ttft: 300, tpot: 95,
            to: (100, 92), phases: .decode),
        Case(
            testDescription: "TPOT broken, decode stops at 100", from: (100, 98), ttft: 300, tpot: 200,
            to: (100, 100), phases: .decode),
        // Pure execution: 300·S(98)/1 = 319.8, at 96 324.4, at 94 329.3: all hold.
        Case(
            testDescription: "TPOT broken with decode at 100, prefill lowered three steps", from: (100, 100), ttft: 300,
            tpot: 105, to: (94, 100), phases: .prefill),
        // 460·1.06591 = 490.3 at 98, 460·1.08147 = 497.5 at 96, 460·1.09771 = 504.9 at 94, which is undone.
        Case(
            testDescription: "TPOT broken with decode at 100, the last step undone", from: (100, 100), ttft: 460,
            tpot: 105, to: (96, 100), phases: .prefill),
        // 480·1.06591 = 511.6 at 98: undone, and the prefill worker starts anew at what it had.
        Case(
            testDescription: "TPOT broken with decode at 100, the only step undone", from: (100, 100), ttft: 480,
            tpot: 105, to: (100, 100), phases: .prefill),
        Case(
            testDescription: "TPOT broken with prefill near its floor", from: (82, 100), ttft: 100, tpot: 105,
            to: (80, 100), phases: .prefill),
        Case(
            testDescription: "TPOT broken with prefill at its floor", from: (80, 100), ttft: 100, tpot: 105,
            to: (80, 100), phases: .prefill),
        Case(
            testDescription: "TPOT broken and no first token in the window", from: (100, 100), ttft: nil, tpot: 105,
            to: (94, 100), phases: .prefill),
        // Execution alone: 520·S(92)/S(90) = 520·1.11465/1.13234 = 511.9, at 94 504.1, at 96 496.6.
        Case(
            testDescription: "TTFT broken, prefill raised three steps", from: (90, 100), ttft: 520, tpot: 50,
            to: (96, 100), phases: .prefill),
        // 505·1.11465/1.13234 = 497.1.
        Case(
            testDescription: "TTFT broken, one step is enough", from: (90, 100), ttft: 505, tpot: 50, to: (92, 100),
            phases: .prefill),
        // All of it wait: S_wait(92) = 1.09894 > S_wait(90) = 1.09717: raising prefill seems to make it worse.
        Case(
            testDescription: "TTFT broken by waiting, which the fits think grows with prefill's share",
            from: (90, 100), ttft: 505, wait: 505, tpot: 50, to: (96, 100), phases: .prefill),
        Case(
            testDescription: "TTFT broken, prefill stops at 100", from: (98, 100), ttft: 900, tpot: 50,
            to: (100, 100), phases: .prefill),
        Case(
            testDescription: "TTFT broken with prefill at 100, decode lowered three steps", from: (100, 100), ttft: 501,
            tpot: 80, to: (100, 94), phases: .decode),
        // TPOT 90.5 becomes 93.91 at 98, 95.08 at 96, 96.31 at 94: all hold.
        Case(
            testDescription: "TTFT broken with prefill at 100, decode at the guard", from: (100, 100), ttft: 501,
            tpot: 90.5, to: (100, 94), phases: .decode),
        Case(
            testDescription: "TTFT broken with decode near its floor", from: (100, 83), ttft: 501, tpot: 50,
            to: (100, 81), phases: .decode),
    ]

    @Test("decisions follow the code's table", arguments: decisions)
    func decides(given: Case) {
        var controller = CodeController(
            slo: slo, mechanism: .mps, initial: SMPercentages(prefill: given.from.0, decode: given.from.1))
        let decision = controller.decide(window(ttft: given.ttft, wait: given.wait, tpot: given.tpot))
        guard let to = given.to else {
            #expect(decision == nil)
            #expect(controller.percentages == SMPercentages(prefill: given.from.0, decode: given.from.1))
            return
        }
        #expect(controller.percentages == SMPercentages(prefill: to.0, decode: to.1))
        #expect(decision?.phases == given.phases)
        #expect(decision?.partition == .percent(prefill: Double(to.0), decode: Double(to.1), of: 100))
    }

    @Test("a lowered decode is undone where the prediction, unguarded, breaks the limit")
    func undoesDecode() {
        // Guard 1.0: 97 ms holds; 97·1.03768 = 100.7 at 98 does not.
        var constants = CodeController.Constants()
        constants.decodeGuard = 1
        var controller = CodeController(slo: slo, mechanism: .mps, constants: constants)
        let decision = controller.decide(window(ttft: 501, tpot: 97))
        #expect(controller.percentages == .full)
        #expect(decision?.phases == .decode)
    }

    @Test("the slow end is the request at rank int(0.9 n + 1), with its own wait and execution")
    func rank() {
        // Of 400, the 361st: 360 requests at 100 ms, and 40 with everything else of TTFT in execution.
        var observation = window(ttft: 100, tpot: 50)
        observation.firstTokens.replaceSubrange(
            0..<40,
            with: Array(
                repeating: FirstTokenSample(timeToFirstToken: ms(501), execution: ms(501), wait: .zero), count: 40))
        var controller = CodeController(slo: slo, mechanism: .mps)
        #expect(controller.decide(observation)?.phases == .decode)
        observation.firstTokens[0] = observation.firstTokens[399]
        var other = CodeController(slo: slo, mechanism: .mps)
        #expect(other.decide(observation) == nil)
    }

    @Test("it waits for 400 completions")
    func waitsForWindow() {
        #expect(CodeController(slo: slo, mechanism: .mps).cadence == .completions(400))
    }

    @Test("from (100, 100) one phase always stays at 100, so the reset never happens", arguments: 0..<200)
    func reachable(seed: Int) {
        var random = RandomStreams(seed: UInt64(seed)).stream(named: "windows")
        var controller = CodeController(slo: slo, mechanism: .mps)
        for _ in 0..<100 {
            let ttft = 1_000 * random.uniform()
            _ = controller.decide(
                window(ttft: ttft, wait: ttft * random.uniform(), tpot: 200 * random.uniform(), count: 1))
            let (x, y) = (controller.percentages.prefill, controller.percentages.decode)
            #expect(max(x, y) == 100 && min(x, y) >= 80)
        }
    }
}
