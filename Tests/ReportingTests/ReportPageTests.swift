import EventKernel
import Foundation
import Metrics
import ResultStore
import Statistics
import Testing

@testable import Reporting

@Suite("The report page")
struct ReportPageTests {
    private let library = ChartLibrary(
        modules: ChartLibrary.moduleNames.map { "exports.name = '\($0)'; // </script><!--" },
        notice: "a notice </script>")

    /// A database of runs that were served from a queue; removed with the value.
    private final class Database {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("phasewise-\(UUID().uuidString)").path
        let store: ResultStore

        init() throws { store = try ResultStore(writingTo: path) }

        deinit { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }

        /// Requests come every 1/`rate` seconds and take `service` seconds each; fingerprints are the run's facts.
        @discardableResult
        func add(
            _ deployment: String, rate: Double?, service: Double, run: UInt64 = 0, rows: RowKeeping = .all,
            slo: SLO? = SLO(timeToFirstToken: 0.5, timePerOutputToken: 0.08), name: String = "chat",
            groups: [RequestGroup] = []
        ) throws -> StoredRun {
            var description = RunDescription(
                createdAt: "2025-11-21T10:00:00Z", name: name, deployment: deployment, scenario: "model: llama-3-8b\n",
                seed: 1, runNumber: run, revision: "1", traceSource: "synthetic", slo: slo, pricePerHour: 4,
                requestRate: rate,
                configuration: rate == nil ? nil : "workload: all\nmodel: llama\n\(deployment): 1 GPU")
            description.groups = groups
            var writer = try store.startRun(description, keeping: rows)
            var free = SimulationTime.zero
            for index in 0..<300 {
                let arrival = SimulationTime.zero + SimulationDuration(rounding: Double(index) / (rate ?? 1))
                let start = max(free, arrival)
                free = start + SimulationDuration(rounding: service)
                var parts = LatencyParts()
                parts.queue = start - arrival
                parts.prefillRun = free - start
                parts.decodeRun = SimulationDuration(rounding: service / 4)
                writer.record(
                    RequestRecord(
                        request: index, classIndex: index % max(1, groups.count), outcome: .completed, arrival: arrival,
                        promptTokens: 10,
                        outputTokens: 5, scheduled: start, firstToken: free, completion: free + parts.decodeRun,
                        parts: parts))
                if index % 30 == 0 {
                    writer.record(
                        IntervalRecord(
                            time: arrival, instance: 0, waiting: index, prefilling: 1, decodeWaiting: 0, decoding: 2,
                            usedBlocks: 10, totalBlocks: 100, prefillBlocks: 4, prefillSMs: 60, decodeSMs: 72,
                            prefillBusy: .zero, decodeBusy: .zero))
                }
            }
            writer.record(
                PartitionChangeRecord(
                    time: SimulationTime(nanoseconds: 5), instance: 0, prefillSMs: 70, decodeSMs: 62,
                    reason: "</script>"))
            return try writer.commit(
                RunOutcome(
                    end: free, arrived: 300, completed: 300, rejected: 0, unfinished: 0,
                    fingerprint: UInt64(service * 1e6) ^ run, requestNanoseconds: 0, iterations: 300,
                    provenanceSeconds: [0, 3, 0, 1, 0],
                    instances: [
                        InstanceRecord(
                            instance: 0, pool: "pool", gpus: 1, totalBlocks: 100, peakBlocks: 40, prefillBusy: .zero,
                            decodeBusy: .zero, prefillIterations: 300, decodeIterations: 0, preemptions: 0)
                    ]), wallSeconds: 0.1)
        }

        func runs() throws -> PageRuns { PageRuns(try store.runs().map { try store.run($0.id) }) }
    }

    private func page(_ database: Database) throws -> ReportPage {
        try ReportPage(database.store, runs: try database.store.runs().map(\.id), library: library)
    }

    @Test("whatever is stored, the page has every section, and what is missing is said")
    func missingData() throws {
        let database = try Database()
        try database.add("unified", rate: nil, service: 0.1, rows: .none, slo: nil)
        let html = try page(database).html
        for id in ["verdict", "question", "attainment", "latency", "distribution", "parts", "pareto", "queues", "kv"] {
            #expect(html.contains("<section id=\"\(id)\">"))
        }
        #expect(html.contains("These runs have no SLO"))
        #expect(html.contains("No samples are stored"))
    }

    @Test("classes and tenants have a chart where there are several, and none elsewhere")
    func groups() throws {
        let database = try Database()
        try database.add("plain", rate: 2, service: 0.1)
        #expect(!(try page(database).html.contains("<section id=\"groups\">")))
        let groups = [("chat", "a"), ("batch <b>", "a"), ("chat", "b")].map {
            RequestGroup(className: $0.0, tenant: $0.1)
        }
        try database.add("unified", rate: 2, service: 0.1, groups: groups)
        try database.add("semi-pd", rate: 2, service: 0.7, groups: groups)
        let html = try page(database).html
        let section = try #require(html.split(separator: "<section id=\"").first { $0.hasPrefix("groups") })
        // A queue that is free when each request comes, and one that grows: 300 requests, two thirds of them chat.
        #expect(section.contains("class chat"))
        #expect(section.contains("batch &lt;b&gt;") && section.contains("tenant b"))
        #expect(section.contains("200") && section.contains("100"))
    }

    @Test("names that try to be something else stay text")
    func hostileNames() throws {
        let database = try Database()
        let name = "</script><script>alert('1')</script><!-- \"quoted\" & 'so'"
        try database.add(name, rate: 2, service: 0.1, name: name)
        try database.add("' UNION SELECT 1 --", rate: 2, service: 0.2, name: name)
        let html = try page(database).html
        #expect(!html.contains("<script>alert"))
        #expect(!html.contains("<!--"))
        let starts = html.ranges(of: /<script[ >]/).count
        #expect(starts == html.ranges(of: "</script>").count && starts == ChartLibrary.moduleNames.count + 3)
        #expect(html.contains("&lt;script&gt;alert(&#39;1&#39;)"))
    }

    @Test("the table of a chart is the answer to the query that stands beside it")
    func queries() throws {
        let database = try Database()
        for rate in [2.0, 4] {
            for run in 0..<3 as Range<UInt64> {
                try database.add("it's", rate: rate, service: 0.1 + Double(run) / 50, run: run)
            }
        }
        let runs = try database.runs()
        let html = try page(database).html
        for chart in [
            PageChart.attainment(runs), .latencies(runs), .parts(), .queues(), .partition(), .distributions(),
        ] {
            let query = runs.selection + chart.query
            let answer = try database.store.query(query)
            #expect(!answer.rows.isEmpty, "\(chart.id)")
            #expect(html.contains(escaped(query)) && html.contains(table(answer, caption: chart.title)), "\(chart.id)")
            for column in chart.y + [chart.x] + [chart.series, chart.panel, chart.pick, chart.rule].compactMap(\.self) {
                #expect(answer.columns.contains(column), "\(chart.id) has no \(column)")
            }
        }
    }

    @Test("intervals of queries are those of the verdict")
    func intervals() throws {
        let database = try Database()
        let services = [0.1, 0.14, 0.12, 0.3]
        for (run, service) in services.enumerated() {
            try database.add("a", rate: 2, service: service, run: UInt64(run))
        }
        let runs = try database.runs()
        let answer = try database.store.query(runs.selection + PageChart.latencies(runs).query)
        let row = try #require(answer.rows.first { $0[0] == "end-to-end mean, ms" })
        // Nobody waits at this rate: a request takes 1.25 services.
        let estimate = MeanInterval(of: services.map { 1250 * $0 })
        let half = try #require(estimate.halfWidth(confidence: 0.95))
        for (cell, expected) in zip(row[3...5], [estimate.mean, max(0, estimate.mean - half), estimate.mean + half]) {
            #expect(abs((Double(cell ?? "") ?? .nan) - expected) < 0.001)
        }
        #expect(row[6] == "4")
    }

    @Test("runs that repeat another are left out, those that contradict it stand for themselves")
    func repeatedRuns() throws {
        let database = try Database()
        try database.add("a", rate: 2, service: 0.1)
        try database.add("a", rate: 2, service: 0.1)
        try database.add("b", rate: 2, service: 0.1)
        try database.add("b", rate: 2, service: 0.2)
        try database.add("c", rate: 2, service: 0.1, run: 0)
        try database.add("c", rate: 2, service: 0.2, run: 1)
        let runs = try database.runs()
        #expect(runs.repeated == [1])
        #expect(runs.series == ["a", "b · run 3", "b · run 4", "c"])
        #expect(runs.runs(at: "2 requests/s", of: "c").map(\.replication) == [1, 2])
        #expect(runs.replications == 2)
    }

    @Test("loads are in the order of their rates, not of their names")
    func loads() throws {
        let database = try Database()
        for rate in [16.0, 4, 2.5] { try database.add("a", rate: rate, service: 0.01) }
        #expect(try database.runs().loads == ["2.5 requests/s", "4 requests/s", "16 requests/s"])
    }
}

@Suite("The verdict of a report page")
struct PageVerdictTests {
    /// A run of one deployment at a load, with these milliseconds.
    private func run(
        _ id: Int64, _ deployment: String, rate: Double = 8, endToEnd: Double, queue: Double = 0, run: UInt64 = 0,
        saturation: SaturationVerdict = .stable, attainment: Double = 1
    ) -> StoredRun {
        let slo = SLO(timeToFirstToken: 0.5, timePerOutputToken: 0.05)
        var stored = storedRun(
            RunSummary(
                entries: [
                    SummaryEntry(.endToEnd, .mean, value: endToEnd / 1000, count: 1),
                    SummaryEntry(.sloAttainment, .value, value: attainment, count: 1),
                    SummaryEntry(.saturation, .value, value: Double(saturation.rank), count: 1),
                    SummaryEntry(.queuePart, .mean, value: queue / 1000, count: 1),
                    SummaryEntry(.decodeRunPart, .mean, value: (endToEnd - queue) / 1000, count: 1),
                    SummaryEntry(.analyticShare, .value, value: 1, count: 1),
                ], slo: slo), id: id, deployment: deployment)
        stored.description.requestRate = rate
        stored.description.runNumber = run
        stored.fingerprint = UInt64(id)
        return stored
    }

    private let endToEnd = Contest(title: "", metric: .endToEnd, statistic: .mean)

    @Test("a lead below one percent is none without replications")
    func ties() {
        let runs = PageRuns([run(1, "a", endToEnd: 1000), run(2, "b", endToEnd: 1009), run(3, "c", endToEnd: 1011)])
        #expect(Standings(endToEnd, runs, at: "8 requests/s").winners.map(\.series) == ["a", "b"])
        let two = PageRuns([run(1, "a", endToEnd: 1000), run(2, "b", endToEnd: 1009)])
        #expect(Standings(endToEnd, two, at: "8 requests/s").winnersText == "all alike")
    }

    @Test("with replications those whose intervals meet are alike, however far apart their means are")
    func intervals() {
        var runs: [StoredRun] = []
        for (index, value) in [900.0, 1000, 1100].enumerated() {
            runs.append(run(Int64(index), "wide", endToEnd: value, run: UInt64(index)))
            runs.append(run(Int64(index) + 10, "near", endToEnd: value + 200, run: UInt64(index)))
            runs.append(run(Int64(index) + 20, "far", endToEnd: 2000 + value / 1000, run: UInt64(index)))
        }
        #expect(Standings(endToEnd, PageRuns(runs), at: "8 requests/s").winners.map(\.series) == ["wide", "near"])
    }

    @Test("an overloaded run wins no contest in latency, but may serve the most within the SLO")
    func overloaded() {
        let runs = PageRuns([
            run(1, "a", endToEnd: 1000, attainment: 0.5),
            run(2, "b", endToEnd: 10, saturation: .overloaded, attainment: 0.6),
        ])
        let verdict = PageVerdict(runs)
        #expect(verdict.standings(in: endToEnd, at: "8 requests/s").winnersText == "a")
        let attainment = Contest(title: "", metric: .sloAttainment, statistic: .value, mostWins: true)
        #expect(verdict.standings(in: attainment, at: "8 requests/s").winnersText == "b")
        #expect(verdict.caveats.contains { $0.hasPrefix("Overloaded: b at 8 requests/s.") })
    }

    @Test("the reason names the parts that make the lead, and what goes the other way")
    func reasons() {
        let verdict = PageVerdict(
            PageRuns([run(1, "a", endToEnd: 1000, queue: 300), run(2, "b", endToEnd: 1500, queue: 100)]))
        #expect(
            verdict.reason(at: "8 requests/s")
                == "a is 500.0 ms faster than b: decode −700.0 ms, against queue +200.0 ms")
    }

    @Test("the page opens at the highest load at which anybody keeps the SLO")
    func decisiveLoad() {
        let runs = PageRuns([
            run(1, "a", rate: 4, endToEnd: 1), run(2, "a", rate: 8, endToEnd: 1, attainment: 0.5),
            run(3, "b", rate: 8, endToEnd: 1, attainment: 0.95), run(4, "b", rate: 16, endToEnd: 1, attainment: 0.1),
        ])
        #expect(PageVerdict(runs).decisiveLoad == "8 requests/s")
    }
}
