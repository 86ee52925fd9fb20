import CostModels
import EventKernel
import Testing

@testable import Simulator

@Suite("The paper's controller")
struct PaperControllerTests {
    /// Fig. 10(b), digitised: SMs of decode in percent and TPOT relative to all SMs.
    static let tpotPoints: [(Double, Double)] = [
        (100, 1), (95, 1.08), (90, 1.12), (85, 1.175), (80, 1.19), (75, 1.23), (70, 1.29), (65, 1.33), (60, 1.39),
        (55, 1.51), (50, 1.585), (45, 1.72), (40, 1.92), (35, 2.17), (30, 2.385), (25, 2.87), (20, 3.635),
    ]
    /// Fig. 10(a), digitised: 1/(x - λ) and TTFT, shifted so that the first is 1.
    static let ttftPoints: [(Double, Double)] = [
        (1.403, 1), (1.531, 1.04), (1.702, 1.2), (1.895, 1.235), (2.151, 1.55), (2.493, 1.7), (2.942, 1.98),
        (3.583, 2.33), (4.631, 3.15), (6.49, 4.87), (10.894, 7.29),
    ]

    static func rSquared(_ points: [(Double, Double)], _ line: (Double) -> Double) -> Double {
        let mean = points.reduce(0) { $0 + $1.1 } / Double(points.count)
        let residual = points.reduce(0) { $0 + ($1.1 - line($1.0)) * ($1.1 - line($1.0)) }
        return 1 - residual / points.reduce(0) { $0 + ($1.1 - mean) * ($1.1 - mean) }
    }

    @Test("the printed TPOT law fits the points of Fig. 10(b)")
    func printedTPOT() {
        let points = Self.tpotPoints.map { (100 / $0.0, $0.1) }
        #expect(Self.rSquared(points, PaperLatencyModel.printedTPOT.value) >= 0.98)
    }

    @Test("the printed TTFT law fits the points of Fig. 10(a)")
    func printedTTFT() {
        #expect(Self.rSquared(Self.ttftPoints, PaperLatencyModel.printedTTFT.value) >= 0.98)
    }

    @Test("fits made from a vague prior are those of the figure, with R² above 0.98")
    func refits() {
        var tpot = RecursiveLeastSquares(slope: 0, intercept: 0, variance: 1e9)
        for (percent, value) in Self.tpotPoints { tpot.observe(100 / percent, value) }
        #expect(abs(tpot.slope - 0.630) < 0.001 && abs(tpot.intercept - 0.375) < 0.001)
        #expect(Self.rSquared(Self.tpotPoints) { tpot.slope * 100 / $0 + tpot.intercept } > 0.995)
        var ttft = RecursiveLeastSquares(slope: 0, intercept: 0, variance: 1e9)
        for (u, value) in Self.ttftPoints { ttft.observe(u, value) }
        #expect(abs(ttft.slope - 0.6809) < 0.005)
        #expect(Self.rSquared(Self.ttftPoints) { ttft.slope * $0 + ttft.intercept } > 0.99)
    }

    @Test("the recursive fit is ridge regression on all observations at once", arguments: 0..<50)
    func ridge(seed: Int) {
        var random = RandomStreams(seed: UInt64(seed)).stream(named: "points")
        let (slope0, intercept0, variance) = (random.normal(), random.normal(), 0.1 + 10 * random.uniform())
        var fit = RecursiveLeastSquares(slope: slope0, intercept: intercept0, variance: variance)
        // Normal equations of the deviations from the prior.
        var (uu, u1, n, uv, v1) = (1 / variance, 0.0, 1 / variance, 0.0, 0.0)
        for _ in 0..<20 {
            let (u, value) = (1 + 3 * random.uniform(), 2 * random.normal())
            fit.observe(u, value)
            let deviation = value - slope0 * u - intercept0
            (uu, u1, n) = (uu + u * u, u1 + u, n + 1)
            (uv, v1) = (uv + u * deviation, v1 + deviation)
        }
        let determinant = uu * n - u1 * u1
        #expect(abs(fit.slope - slope0 - (uv * n - u1 * v1) / determinant) < 1e-9)
        #expect(abs(fit.intercept - intercept0 - (uu * v1 - u1 * uv) / determinant) < 1e-9)
    }

    @Test("a prediction at the latest observation is that observation")
    func passesThroughLatest() {
        var model = PaperLatencyModel.timePerOutputToken
        for (u, seconds) in [(2.0, 0.08), (2.1, 0.3), (1.9, 0.05)] {
            model.observe(u, seconds: seconds)
            #expect(abs(model.prediction(at: u) - seconds) < 1e-15)
        }
    }

    /// A controller whose steps are coarse enough to work out by hand.
    static func controller(_ x: Int, _ y: Int, floor: Int = 20) -> PaperController {
        PaperController(
            slo: slo, mechanism: .mps, initial: SMPercentages(prefill: x, decode: y),
            steps: PercentageSteps(size: 10, most: 3, prefillFloor: floor, decodeFloor: floor))
    }

    // The first window tells nothing of the shape, so that predictions are the prior's, relative to what was seen:
    // TPOT·(0.6284/y' + 0.3818)/(0.6284/0.5 + 0.3818) from (100, 100) or (50, 50), where that is 1.6386.
    @Test("TPOT broken at (100, 100): prefill is lowered until the prediction holds")
    func lowersPrefill() {
        // (90, 100): y' = 0.5263, 1.5758, 105.8; (80, 100): 0.5556, 1.5129, 101.6; (70, 100): 0.5882, 1.4501, 97.3.
        var controller = Self.controller(100, 100)
        let decision = controller.decide(window(ttft: 100, tpot: 110))
        #expect(controller.percentages == SMPercentages(prefill: 70, decode: 100))
        #expect(decision?.phases == .prefill)
        #expect(decision?.partition == SMPartition(prefill: 70, decode: 100, total: 100))
        // 104: 100.0 at (90, 100), one hundredth above; 96.0 at (80, 100).
        var two = Self.controller(100, 100)
        _ = two.decide(window(ttft: 100, tpot: 104))
        #expect(two.percentages == SMPercentages(prefill: 80, decode: 100))
    }

    @Test("TPOT broken below 100: decode is raised first")
    func raisesDecode() {
        // (50, 60): y' = 0.5455, 1.5339: 102 becomes 95.5.
        var controller = Self.controller(50, 50)
        let halves = SMPartition(prefill: 50, decode: 50, total: 100)
        let decision = controller.decide(window(ttft: 100, tpot: 102, partition: halves))
        #expect(controller.percentages == SMPercentages(prefill: 50, decode: 60))
        #expect(decision?.phases == .decode)
    }

    @Test("TTFT broken: prefill is raised, and steps are bounded")
    func raisesPrefill() {
        // 10 req/s of 20 ms at x' = 0.5: λ = 0.1. In u = 1/(x' - 0.1) the prior is 0.5478 u + 0.022: 1.3915 at 0.5.
        // (60, 50): u = 2.2449, 1.2518: 540 becomes 485.8.
        var one = Self.controller(50, 50)
        _ = one.decide(window(ttft: 540, tpot: 50))
        #expect(one.percentages == SMPercentages(prefill: 60, decode: 50))
        // (70, 50): u = 2.0690, 1.1554, (80, 50): u = 1.9403, 1.0849: 700 becomes 545.7, and there the steps end.
        var three = Self.controller(50, 50)
        _ = three.decide(window(ttft: 700, tpot: 50))
        #expect(three.percentages == SMPercentages(prefill: 80, decode: 50))
    }

    @Test("TTFT broken with prefill at 100: decode is lowered as far as its floor")
    func lowersDecode() {
        var controller = Self.controller(100, 90, floor: 80)
        _ = controller.decide(window(ttft: 5_000, tpot: 50))
        #expect(controller.percentages == SMPercentages(prefill: 100, decode: 80))
        let floor = SMPartition(prefill: 100, decode: 80, total: 100)
        #expect(controller.decide(window(ttft: 5_000, tpot: 50, partition: floor)) == nil)
        #expect(controller.percentages == SMPercentages(prefill: 100, decode: 80))
    }

    @Test(
        "both broken, none broken, nothing seen: the partition stays", arguments: [(600, 120), (400, 90), (nil, nil)])
    func keeps(ttft: Double?, tpot: Double?) {
        var controller = Self.controller(80, 80)
        #expect(controller.decide(window(ttft: ttft, tpot: tpot)) == nil)
        #expect(controller.percentages == SMPercentages(prefill: 80, decode: 80))
    }

    @Test("an overloaded prefill still has a finite prediction")
    func overloaded() {
        // 10 req/s of 150 ms.
        var controller = Self.controller(50, 50)
        let decision = controller.decide(window(ttft: 60_000, tpot: 50, prefillBusy: 60))
        #expect(controller.percentages == SMPercentages(prefill: 80, decode: 50))
        #expect(decision != nil)
    }

    @Test("windows are counted in completions or in iterations")
    func windows() {
        #expect(Self.controller(100, 100).cadence == .completions(400))
        #expect(PaperController(slo: slo, mechanism: .mps, window: .iterations(500)).cadence == .iterations(500))
    }

    @Test("percentages stay between floor and 100 whatever is seen", arguments: 0..<100)
    func bounds(seed: Int) {
        var random = RandomStreams(seed: UInt64(seed)).stream(named: "windows")
        var controller = PaperController(slo: slo, mechanism: .mps)
        for _ in 0..<100 {
            _ = controller.decide(
                window(
                    ttft: 1_000 * random.uniform(), tpot: 200 * random.uniform(), count: 1,
                    prefillBusy: 50 * random.uniform()))
            #expect((80...100).contains(controller.percentages.prefill))
            #expect((80...100).contains(controller.percentages.decode))
        }
    }
}
