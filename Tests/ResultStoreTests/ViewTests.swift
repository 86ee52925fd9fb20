import EventKernel
import Metrics
import ResultStore
import Testing

@Suite("Views")
struct ViewTests {
    @Test("attainment from stored requests is that of the summary", arguments: 0..<20 as Range<UInt64>)
    func attainment(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        let withRows = try store.storeRun(description(seed: seed))
        try store.storeRun(description(seed: seed), keeping: .none)
        let rows = try store.query("SELECT runId, arrived, met, attainment FROM sloAttainment ORDER BY runId").rows
        #expect(rows.map { $0[0] } == ["1", "2"])
        #expect(rows[0].dropFirst() == rows[1].dropFirst())
        #expect(rows[0][3] == withRows.summary[.sloAttainment]?.description)
    }

    @Test("a run without an SLO is not judged")
    func noSLO() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        try store.storeRun(description(slo: nil))
        try store.storeRun(description(slo: nil), keeping: .none)
        #expect(try store.query("SELECT * FROM sloAttainment").rows.isEmpty)
    }

    @Test("latencies in milliseconds average to the summary's")
    func requestLatency() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        let summary = try store.storeRun().summary
        func isClose(_ sql: String, _ metric: Metric) throws -> Bool {
            let value = try #require(try store.value(sql).flatMap(Double.init))
            return abs(value / 1000 - summary[metric, .mean]!) < 1e-9
        }
        #expect(try isClose("SELECT avg(ttftMs) FROM requestLatency WHERE outcome = 'completed'", .ttft))
        #expect(try isClose("SELECT avg(tpotMs) FROM requestLatency WHERE outcome = 'completed'", .tpot))
        #expect(try isClose("SELECT avg(endToEndMs) FROM requestLatency WHERE outcome = 'completed'", .endToEnd))
        #expect(try isClose("SELECT avg(normalisedMs) FROM requestLatency", .normalisedLatency))
        #expect(try isClose("SELECT avg(decodeRunMs) FROM requestLatency WHERE outcome = 'completed'", .decodeRunPart))
    }

    @Test("a comparison sets every run beside the first under the same seed")
    func comparison() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        for seed in [1, 2] as [UInt64] {
            try store.storeRun(description(comparison: "c", deployment: "unified", seed: seed))
            try store.storeRun(description(comparison: "c", deployment: "semi-pd", seed: seed), requests: 100)
        }
        try store.storeRun(description(comparison: nil, deployment: "alone"))
        let rows = try store.query(
            """
            SELECT seed, deployment, baseDeployment, value, ratio FROM policyComparison
            WHERE metric = 'arrived' ORDER BY seed, runId
            """
        ).rows
        #expect(
            rows == [
                ["1", "unified", "unified", "200.0", "1.0"], ["1", "semi-pd", "unified", "100.0", "0.5"],
                ["2", "unified", "unified", "200.0", "1.0"], ["2", "semi-pd", "unified", "100.0", "0.5"],
            ])
    }

    @Test("each tool's definition of a metric, on two requests worked out by hand")
    func variants() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        var writer = try store.startRun(description(), keeping: .all)
        // First token after 10 ms, four more in 80 ms; and one token after 30 ms.
        for (index, (ttft, decoding, tokens)) in [(10, 80, 5), (30, 0, 1)].enumerated() {
            let arrival = SimulationTime.zero
            let first = arrival + SimulationDuration(nanoseconds: Int64(ttft) * 1_000_000)
            writer.record(
                RequestRecord(
                    request: index, classIndex: 0, outcome: .completed, arrival: arrival, promptTokens: 1,
                    outputTokens: tokens, scheduled: arrival, firstToken: first,
                    completion: first + SimulationDuration(nanoseconds: Int64(decoding) * 1_000_000)))
        }
        _ = try writer.commit(outcome(), wallSeconds: 0)
        let rows = try store.query("SELECT metric, vllmBench, aiperf, guidellm, distserve FROM metricVariants").rows
        #expect(rows.first { $0[0] == "ttft" } == ["ttft", "20.0", "20.0", "20.0", "20.0"])
        #expect(rows.first { $0[0] == "tpot" } == ["tpot", "20.0", nil, "24.0", "10.0"])
        #expect(rows.first { $0[0] == "itl" } == ["itl", "20.0", "20.0", "20.0", nil])
        #expect(rows.first { $0[0] == "endToEnd" } == ["endToEnd", "60.0", "60.0", "60.0", "60.0"])
        #expect(rows.first { $0[0] == "sloAttainment" }?.last == "1.0")
    }

    @Test(
        "every view can be read",
        arguments: ["runOverview", "requestLatency", "sloAttainment", "policyComparison", "metricVariants"])
    func readable(view: String) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        #expect(try store.query("SELECT * FROM \(view)").rows.isEmpty)
        try store.storeRun(description(comparison: "c"))
        #expect(try !store.query("SELECT * FROM \(view)").rows.isEmpty)
    }
}
