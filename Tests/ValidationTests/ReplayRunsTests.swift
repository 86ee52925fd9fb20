import CostModels
import Profiles
import Testing
import Validation

/// Against the committed runs of the microbenchmarks' serving engine.
@Suite("Kernel tables and measured runs of the same kernels")
struct ReplayRunsTests {
    private static let folder = "\(Fixture.root)/Results/replay/measured"

    private func engine(powerShare: ReplayEngine.PowerShare = .fitted) throws -> EngineModel {
        var engine = try Fixture.engine()
        engine.runtime = try Fixture.runtime("replay")
        engine.workers = try Fixture.runtime("replay-workers")
        engine.replay = ReplayEngine(
            tables: try KernelTables.read(folder: "\(Fixture.root)/Profiles/kernels/h200-sxm", device: "h200-sxm"),
            coRuns: try CoRunRow.read(path: "\(Fixture.root)/Profiles/kernels/h200-sxm/raw/corun.jsonl.gz"),
            powerShare: powerShare)
        return engine
    }

    @Test("fitting the power share to the unified runs at 6 and 16 requests/s again gives the value in the code")
    func refit() throws {
        let engine = try engine(powerShare: .init(atRest: 1, perLoad: 0))
        let replay = try #require(engine.replay)
        let runs = try ServingRun.read(folder: Self.folder)
        #expect(try replay.fittedPowerShare(runs, rates: [6, 16], of: engine) == .fitted)
        #expect(throws: ServingFit.Failure.tooFewRates) { try replay.fittedPowerShare(runs, rates: [6], of: engine) }
        #expect(throws: ServingFit.Failure.noRun("unified", rate: 7)) {
            try replay.fittedPowerShare(runs, rates: [6, 7], of: engine)
        }
    }

    @Test(
        "unified and disaggregated runs, and semi-PD on 88 and 44 SMs at 6 requests/s: means within 5 %, P90 within 10 %"
    )
    func bars() throws {
        let engine = try engine()
        for run in try ServingRun.read(folder: Self.folder) {
            let rows = try RunComparison(run, on: engine).rows
            func error(_ name: String) throws -> Double { abs(try #require(rows.first { $0.name == name }).error) }
            let isWithin: Bool
            switch run.policy {
            case .unified, .disaggregated: isWithin = true
            case .greenContexts(let prefill, _): isWithin = prefill == 88 && run.rate < 7
            case .semiPD: isWithin = false
            }
            for metric in ["TTFT", "TPOT", "E2E"] {
                // The rest is off by what Results/replay says.
                #expect(try error("\(metric) mean") < (isWithin ? 0.05 : 0.12), "\(run.policy) at \(run.rate)")
                #expect(try error("\(metric) P90") < (isWithin ? 0.10 : 0.20), "\(run.policy) at \(run.rate)")
            }
        }
    }

    @Test(
        "ways of serving whose measured means are more than 5 % apart come in the measured order", arguments: [6.0, 12])
    func order(rate: Double) throws {
        let engine = try engine()
        let runs = try ServingRun.read(folder: Self.folder).filter { $0.rate.rounded() == rate }
        let comparisons = try runs.map { try RunComparison($0, on: engine) }
        #expect(comparisons.count == 4)
        for figure in [\RunFigures.timeToFirstToken, \.timePerOutputToken, \.endToEnd] {
            for better in comparisons {
                for worse in comparisons
                where worse.measured[keyPath: figure].mean > 1.05 * better.measured[keyPath: figure].mean {
                    #expect(
                        better.simulated[keyPath: figure].mean < worse.simulated[keyPath: figure].mean,
                        "\(better.key.policy) and \(worse.key.policy)")
                }
            }
        }
    }

    @Test(
        "steps beside their prices: as many as were measured, none of unified beside another, those of two lanes mostly"
    )
    func steps() throws {
        let engine = try engine()
        for run in try ServingRun.read(folder: Self.folder) {
            let steps = try StepComparison.of(run, on: engine)
            #expect(steps.count == run.steps.filter { $0.phase != .transfer }.count)
            let shared = steps.filter { $0.phase == .prefill && $0.overlap > 0.5 }.count
            if case .greenContexts = run.policy {
                #expect(shared * 2 > steps.filter { $0.phase == .prefill }.count)
            } else {
                #expect(shared == 0)
            }
            // In all, alone, a unified run takes as long as it is priced.
            if run.policy == .unified {
                let (measured, alone) = steps.reduce((0.0, 0.0)) { ($0.0 + $1.measured, $0.1 + $1.alone) }
                #expect(abs(alone / measured - 1) < 0.03)
            }
        }
    }
}
