import CostModels
import Testing
import Validation

/// Against the real runs; skipped where they are not beside the repository.
@Suite("Committed profiles and measured serving runs", .enabled(if: MeasuredRuns.isPresent, MeasuredRuns.absence))
struct MeasuredRunsTests {
    private func runs() throws -> [ServingRun] { try ServingRun.read(folder: MeasuredRuns.folder ?? "") }

    @Test("fitting to the runs at 20 requests/s again gives the committed profiles")
    func refit() throws {
        let engine = try Fixture.engine()
        let coRuns = try CoRunRow.read(path: "\(Fixture.root)/Profiles/kernels/h200-sxm/raw/corun.jsonl.gz")
        let fitted = try ServingFit.fit(try runs(), rate: 20, coRuns: coRuns, start: engine)
        #expect(fitted.runtime == engine.runtime)
        #expect(fitted.workers == engine.workers)
        #expect(fitted.sharing == engine.sharing)
    }

    @Test("the fit does not depend on the runs at other rates")
    func onlyOneRate() throws {
        let engine = try Fixture.engine()
        let all = try ServingFit.fit(try runs(), rate: 20, coRuns: [], start: engine)
        let some = try ServingFit.fit(try runs().filter { $0.rate == 20 }, rate: 20, coRuns: [], start: engine)
        #expect(all.sharing == some.sharing && all.workers == some.workers)
    }

    @Test("rates that no fit saw are within the bars: TPOT and E2E 8 %, TTFT at 40 requests/s 15 %")
    func bars() throws {
        let engine = try Fixture.engine()
        for run in try runs() where run.rate > 20 {
            let rows = try RunComparison(run, on: engine).rows
            func error(_ name: String) throws -> Double { try #require(rows.first { $0.name == name }).error }
            #expect(abs(try error("TPOT mean")) < 0.08, "\(run.policy) at \(run.rate)")
            #expect(abs(try error("E2E mean")) < 0.08, "\(run.policy) at \(run.rate)")
            if run.rate == 40 { #expect(abs(try error("TTFT mean")) < 0.15, "\(run.policy) at \(run.rate)") }
        }
    }

    @Test("policies come in the measured order at every rate, by mean TTFT, TPOT and E2E", arguments: [20.0, 40, 55])
    func order(rate: Double) throws {
        let engine = try Fixture.engine()
        let comparisons = try runs().filter { $0.rate == rate }.map { try RunComparison($0, on: engine) }
        for figure in [\RunFigures.timeToFirstToken, \.timePerOutputToken, \.endToEnd] {
            func order(_ column: (RunComparison) -> RunFigures) -> [String] {
                comparisons.sorted { column($0)[keyPath: figure].mean < column($1)[keyPath: figure].mean }
                    .map { "\($0.key.policy)" }
            }
            #expect(order(\.simulated) == order(\.measured))
        }
    }
}
