import Diagnostics
import Foundation
import Metrics
import Regression
import Reporting
import Testing

@Suite("Regression suites and their reports")
struct RegressionReportTests {
    private static let text = """
        name: three
        replications: 3
        cases:
          - name: a|b
            scenario: &s
              workload: {generate: azure-conv, requests: 10}
              model: llama-3-8b
              device: h200-sxm
              deployments: [{policy: vllm-v1}]
          - {name: second, scenario: *s, set: {workload.rate: 3}}
        limits:
          - {metric: ttft.p99, absolute: 0.001, relative: 0.01}
          - {metric: sloAttainment, absolute: 0.01}

        """

    private func suite(_ text: String = text) throws -> RegressionSuite {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("suite-\(UUID().uuidString).yaml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try RegressionSuite.load(path: file.path)
    }

    private func runs(_ ttft: [Double?], attainment: Double = 1, rejected: Int = 0, overloaded: Bool = false)
        -> SideResult
    {
        .runs(
            ttft.map {
                SideRun(values: [$0, attainment], rejected: rejected, unfinished: 0, isOverloaded: overloaded)
            })
    }

    private func report(_ candidate: SideResult, _ baseline: SideResult? = nil) throws -> RegressionReport {
        let base = runs([0.1, 0.2, 0.3])
        return RegressionReport(
            try suite(), baseline: "main", results: [(baseline ?? base, candidate), (base, base)])
    }

    @Test("the gate shuts for what is worse, and stays open for what is better or the same")
    func verdicts() throws {
        let worse = try report(runs([0.11, 0.19, 0.36]))
        // Differences of 10, -10, 60 ms: not sure at this confidence with three draws.
        #expect(!worse.hasFailed)
        let clearly = try report(runs([0.15, 0.25, 0.35]))
        #expect(clearly.hasFailed && clearly.count(.worse) == 1 && clearly.count(.same) == 3)
        let better = try report(runs([0.05, 0.15, 0.25]))
        #expect(!better.hasFailed && better.count(.better) == 1)
    }

    @Test(
        "something that worked and no longer works shuts the gate",
        arguments: [
            ("rejects 6 requests", 2, false, false), ("is overloaded in every replication", 0, true, false),
            ("does not run: no memory", 0, false, true),
        ])
    func breakage(what: String, rejected: Int, overloaded: Bool, failed: Bool) throws {
        let candidate =
            failed ? .failed(reason: "no memory") : runs([0.1, 0.2, 0.3], rejected: rejected, overloaded: overloaded)
        let report = try report(candidate)
        #expect(report.hasFailed && report.breakages.map(\.what).contains { $0.hasPrefix(what) })
        // What never worked proves nothing.
        let both = try self.report(candidate, candidate)
        #expect(!both.hasFailed && both.uncompared.count == (failed ? 1 : 0))
    }

    @Test("Markdown is one table of what changed, JUnit and JSON have every comparison")
    func formats() throws {
        let report = try report(runs([0.15, 0.25, 0.35]))
        let lines = report.markdown.split(separator: "\n")
        #expect(lines[0] == "### FAILED: three against main")
        #expect(lines.last == "| **worse** | a\\|b | ttft.p99 ms | 200 | 250 | +25.00 % | 0 | 1, 1 % |")
        #expect(report.junit.contains("<testsuite name=\"three\" tests=\"4\" failures=\"1\" skipped=\"0\">"))
        #expect(report.junit.components(separatedBy: "<failure").count == 2)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        #expect((json["comparisons"] as? [Any])?.count == 4 && json["hasFailed"] as? Bool == true)
    }

    @Test("a baseline file gives back the runs that were written, digit for digit")
    func baselineFile() throws {
        let suite = try suite()
        let written = [
            [1.0 / 3, nil, 1e-17].map { SideRun(values: [$0, 0.9], rejected: 1, unfinished: 2, isOverloaded: true) },
            [5.0, 6, 7].map { SideRun(values: [$0, nil], rejected: 0, unfinished: 0, isOverloaded: false) },
        ]
        let text = BaselineFile(suite, runs: written).text
        #expect(try BaselineFile.read(text, file: "b.tsv", for: suite) == written.map { .runs($0) })
        // A change of one case changes the lines of that case only.
        var changed = written
        changed[1][0].values[0] = 5.5
        let other = BaselineFile(suite, runs: changed).text.split(separator: "\n")
        #expect(zip(text.split(separator: "\n"), other).count { $0 != $1 } == 1)
    }

    @Test("a baseline file that does not fit is refused at its line; a case that it lacks is not compared")
    func badBaseline() throws {
        let suite = try suite()
        let text = BaselineFile(suite, runs: [[], []]).text
        let error = try #require(throws: InputError.self) { _ = try BaselineFile.read(text, file: "b.tsv", for: suite) }
        #expect(error.description.contains("b.tsv:2:1: error: found 0 values, expected 3 numbers"))
        #expect(throws: InputError.self) { _ = try BaselineFile.read("x\n", file: "b.tsv", for: suite) }
        let header = String(text.split(separator: "\n")[0]) + "\n"
        #expect(
            try BaselineFile.read(header, file: "b.tsv", for: suite).allSatisfy {
                if case .failed = $0 { true } else { false }
            })
    }

    @Test(
        "mistakes in a suite are located",
        arguments: [
            ("cases: []", "cases: expected a list of at least one item"),
            (text + "  - {metric: ttft.p98}", "expected a metric"),
            (text + "baseline: {file: a, database: b}", "found several of"),
            (text.replacingOccurrences(of: "second", with: "a|b"), "found a second case"),
            (text + "limit: 3", "unknown key \"limit\""),
        ])
    func mistakes(text: String, expected: String) throws {
        let error = try #require(throws: InputError.self) { _ = try suite(text) }
        #expect(error.description.contains(expected), "\(error)")
    }

    @Test("every planted change has a name of its own and there are twenty")
    func planted() {
        #expect(PlantedChange.all.count == 20 && Set(PlantedChange.all.map(\.name)).count == 20)
    }
}
