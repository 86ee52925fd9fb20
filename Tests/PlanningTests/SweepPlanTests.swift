import Diagnostics
import Foundation
import Planning
import Profiles
import Scenarios
import Testing

@Suite("Sweep plans")
struct SweepPlanTests {
    private static let scenario = """
        scenario:
          workload: {generate: azure-conv, requests: 10, rate: 1}
          model: llama-3-8b
          device: h200-sxm
          deployments: [{policy: vllm-v1}]

        """

    private func plan(_ text: String, overrides: [String] = []) throws -> SweepPlan {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID().uuidString).yaml")
        try (Self.scenario + text).write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try SweepPlan.load(path: file.path, overrides: overrides)
    }

    private func texts(_ plan: SweepPlan) -> [[String]] {
        plan.points.map { $0.values.map { String($0.text.dropLast()) } }
    }

    private static let environment = ScenarioEnvironment(
        catalog: ProfileCatalog(
            roots: [
                URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                    .deletingLastPathComponent().appendingPathComponent("Profiles").path
            ]), generators: ["azure-conv"], traceFormats: [], runtimes: ["ideal"])

    @Test("axes are crossed, the last one fastest, and grids are even on their scale")
    func crossed() throws {
        let plan = try plan(
            """
            axes:
              - {field: workload.rate, from: 1, to: 100, steps: 3, scale: log}
              - {field: deployments.0.tp, values: [1, 2]}
            """)
        #expect(texts(plan) == [["1", "1"], ["1", "2"], ["10", "1"], ["10", "2"], ["100", "1"], ["100", "2"]])
        #expect(plan.count == 6)
    }

    @Test("every point resolves to the scenario with its values in place")
    func resolution() throws {
        let plan = try plan("axes: [{field: workload.rate, values: [2, 3]}, {field: seed, values: [7]}]")
        let scenarios = try plan.points.map { try plan.resolve($0, in: Self.environment).scenario }
        #expect(scenarios.map(\.workload.requestsPerSecond) == [2, 3])
        #expect(scenarios.map(\.seed) == [7, 7])
    }

    @Test("a Latin hypercube is drawn at every crossed point alike, and whole numbers are whole")
    func sampled() throws {
        let plan = try plan(
            """
            axes: [{field: workload.rate, values: [2, 3]}]
            sample:
              points: 5
              axes: [{field: workload.requests, from: 10, to: 60, whole: true}, {field: seed, values: [1, 2]}]
            """)
        let rows = texts(plan)
        #expect(rows.count == 10 && plan.count == 10)
        #expect(rows.prefix(5).map { $0.dropFirst() } == rows.suffix(5).map { $0.dropFirst() })
        // One in each fifth of 10...60, rounded.
        let requests = try rows.prefix(5).map { try #require(Int($0[1])) }.sorted()
        for (stratum, value) in requests.enumerated() {
            #expect((10 + 10 * stratum...20 + 10 * stratum).contains(value))
        }
    }

    @Test("shards are disjoint and together the whole, whatever their number", arguments: [1, 2, 3, 16])
    func shards(count: Int) throws {
        let held = try (0..<count).map { index in
            let shard = try #require(Shard("\(index)/\(count)"))
            return (0..<50).filter(shard.holds)
        }
        #expect(held.flatMap(\.self).sorted() == Array(0..<50))
        #expect(Shard("\(count)/\(count)") == nil && Shard("-1/2") == nil && Shard("1") == nil)
    }

    @Test(
        "mistakes are located and named",
        arguments: [
            ("axes: [{field: workload.rate}]", ":6:8: error: an axis has no \"values\""),
            ("axes: [{field: a, values: []}]", "values: expected a list of at least one value"),
            ("axes: [{field: a, values: [1]}, {field: a, values: [2]}]", "found a second axis over \"a\""),
            ("axes: [{field: a, from: 0, to: 1, steps: 3, scale: log}]", "expected bounds above 0"),
            ("axes: [{field: a, from: 0, to: 1}]", "has no \"steps\""),
            ("axis: []", "unknown key \"axis\""),
            ("sample: {points: 3}", "the sample has no \"axes\""),
            ("name: x", "no \"axes\" and no \"sample\""),
        ])
    func mistakes(text: String, expected: String) throws {
        let error = try #require(throws: InputError.self) { _ = try plan(text) }
        #expect(error.description.contains(expected), "\(error)")
    }

    @Test("a value that the scenario refuses is reported at its place in the plan")
    func placeOfValue() throws {
        let plan = try plan("axes:\n  - {field: deployments.0.tp, values: [1, 3]}")
        _ = try plan.resolve(plan.points[0], in: Self.environment)
        let error = try #require(throws: InputError.self) { _ = try plan.resolve(plan.points[1], in: Self.environment) }
        #expect(error.description.contains(#/\.yaml:7:\d+: error: tp: found 3/#), "\(error)")
    }
}
