import Foundation
import Testing

@Suite("Reports and timelines of stored runs")
struct ReportCommandTests {
    /// Stands in for the charting library, which a machine that runs tests need not have.
    private static let modules = [
        "util", "time", "format", "loader", "dataflow", "statistics", "scale", "canvas", "scenegraph", "transforms",
        "view-transforms", "encode", "expression", "event-selector", "selection", "functions", "runtime", "parser",
        "view",
    ]

    private func sandboxWithRuns(policies: String = "vllm-v1,distserve,semi-pd") throws -> Sandbox {
        let library = Self.modules.map { ("vega/vega-\($0).min.js", "exports.module = \"\($0)\";\n") }
        let sandbox = try Sandbox.withTrace(Dictionary(uniqueKeysWithValues: library))
        let outcome = try sandbox.run(
            ["compare"] + Sandbox.flags + ["--policies", policies, "--rate", "20", "--ttft", "0.5", "--tpot", "0.05"])
        try #require(outcome.status == 0, "\(outcome.errors)")
        return sandbox
    }

    @Test("a report is one file with the library in it, and what it weighs is said")
    func report() throws {
        let sandbox = try sandboxWithRuns()
        let outcome = try sandbox.run("report", "-o", "r.html", "--chart-library", "vega")
        #expect(outcome.status == 0 && outcome.output.isEmpty)
        #expect(
            outcome.errors.wholeMatch(of: /note: r\.html: \d+ kB and \d+ kB of charting library, in \d+\.\d s\n/) != nil
        )
        let page = String(decoding: try sandbox.contents(of: "r.html"), as: UTF8.self)
        for module in Self.modules { #expect(page.contains("exports.module = \"\(module)\"")) }
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
        // Nothing to fetch: no element that names another file.
        #expect(page.ranges(of: /<(link|img|iframe|script src)/).isEmpty)
        try sandbox.run("report", "-o", "again.html", "--chart-library", "vega")
        #expect(try sandbox.contents(of: "again.html") == sandbox.contents(of: "r.html"))
    }

    @Test("without the library the remedy is named")
    func missingLibrary() throws {
        let sandbox = try sandboxWithRuns()
        let outcome = try sandbox.run("report", "--chart-library", "nowhere")
        #expect(outcome.status == 65)
        #expect(
            outcome.errors == """
                --chart-library:1:1: error: found no vega-util.min.js and 18 more in nowhere, expected the modules of Vega 5
                    help: install them (apt-get install libjs-vega), or name the folder that has them

                """)
    }

    @Test("a report is about the runs of the newest scenario unless runs are named")
    func selection() throws {
        let sandbox = try sandboxWithRuns()
        try sandbox.run(
            ["simulate"] + Sandbox.flags + ["--policy", "sarathi", "--rate", "20", "--set", "name=another"])
        func deployments(_ runs: String...) throws -> Int {
            let outcome = try sandbox.run(["report"] + runs + ["-o", "r.html", "--chart-library", "vega", "--quiet"])
            try #require(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            let page = String(decoding: try sandbox.contents(of: "r.html"), as: UTF8.self)
            return page.ranges(of: "<li data-series=").count
        }
        #expect(try deployments() == 1)
        #expect(try deployments("1", "3") == 2)
        #expect(try sandbox.run("report", "99", "--chart-library", "vega").status == 65)
        #expect(try sandbox.run("report", "-o", "no/such/folder.html", "--chart-library", "vega").status == 65)
    }

    private struct TraceEvents: Decodable {
        struct Event: Decodable {
            var ph: String
            var cat: String?
            var pid: Int
            var tid: Int?
            var ts: Double?
            var dur: Double?
        }
        var traceEvents: [Event]
    }

    @Test("the spans of a timeline add up to the busy time of the run's lanes", arguments: [[], ["--step-by-step"]])
    func timeline(flags: [String]) throws {
        let sandbox = try sandboxWithRuns()
        for run in 1...3 {
            let outcome = try sandbox.run(["timeline", "\(run)", "-o", "t.json", "--quiet"] + flags)
            try #require(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            let events = try JSONDecoder().decode(TraceEvents.self, from: try sandbox.contents(of: "t.json"))
                .traceEvents
            let spans = events.filter { $0.ph == "X" && $0.cat == "iteration" }
            let nanoseconds = spans.reduce(0.0) { $0 + ($1.dur ?? 0) * 1000 }
            let busy = try sandbox.query("SELECT sum(prefillBusyNs + decodeBusyNs) FROM instance WHERE runId = \(run)")
            let stored = try #require(busy.split(separator: "\n").last.flatMap { Double($0) })
            // Each of the thousands of durations is a decimal that a Double rounds.
            #expect(abs(nanoseconds - stored) < 1)
        }
    }

    @Test("the requests of a timeline last as long as those that are stored, and their parts fill them")
    func requestTracks() throws {
        let sandbox = try sandboxWithRuns()
        for run in 1...3 {
            #expect(try sandbox.run("timeline", "\(run)", "-o", "t.json", "--requests").status == 0)
            let spans = try JSONDecoder().decode(TraceEvents.self, from: try sandbox.contents(of: "t.json"))
                .traceEvents
            let whole = spans.filter { $0.cat == "request" }
            let parts = spans.filter { $0.cat == "part" }
            let stored = try sandbox.query(
                "SELECT count(*), sum(completionNs - arrivalNs) FROM request WHERE runId = \(run) AND outcome = 'completed'"
            ).split(separator: "\n")[1].split(separator: ",").compactMap { Double($0) }
            #expect(Double(whole.count) == stored[0])
            for spans in [whole, parts] {
                #expect(abs(spans.reduce(0.0) { $0 + ($1.dur ?? 0) * 1000 } - stored[1]) < 1)
            }
            #expect(try sandbox.run("timeline", "\(run)", "-o", "t.json", "--no-requests").status == 0)
            #expect(!String(decoding: try sandbox.contents(of: "t.json"), as: UTF8.self).contains("\"request\""))
        }
    }

    @Test("a timeline of a window has nothing outside it")
    func window() throws {
        let sandbox = try sandboxWithRuns()
        try sandbox.run("timeline", "1", "--from", "2", "--to", "3", "-o", "t.json")
        let events = try JSONDecoder().decode(TraceEvents.self, from: try sandbox.contents(of: "t.json")).traceEvents
        let timed = events.filter { $0.ts != nil }
        #expect(!timed.isEmpty)
        #expect(timed.allSatisfy { $0.ts! <= 3e6 && $0.ts! + ($0.dur ?? 0) >= 2e6 })
    }

    @Test("a run whose trace has changed is not made again as something else")
    func changedTrace() throws {
        let sandbox = try sandboxWithRuns()
        let trace = String(decoding: try sandbox.contents(of: "t.csv"), as: UTF8.self)
        try sandbox.write(trace.split(separator: "\n").dropLast(5).joined(separator: "\n") + "\n", to: "t.csv")
        let outcome = try sandbox.run("timeline", "1")
        #expect(outcome.status == 65)
        #expect(
            outcome.errors.contains("error: run 1 cannot be made again: the same scenario does something else here"))
        #expect(!FileManager.default.fileExists(atPath: sandbox.path("trace.json")))
        try FileManager.default.removeItem(atPath: sandbox.path("t.csv"))
        #expect(try sandbox.run("timeline", "1").errors.hasPrefix("scenario of run 1:"))
    }

    @Test(
        "windows that are none are refused",
        arguments: [["--from", "5", "--to", "4"], ["--from", "-1"], ["--to", "1e12"], ["--every", "0"]])
    func badWindows(flags: [String]) throws { #expect(try Sandbox().run(["timeline", "1"] + flags).status == 64) }
}

@Suite("A request and an instant of a run")
struct PartOfRunTests {
    private func sandbox() throws -> Sandbox {
        let sandbox = try Sandbox.withTrace()
        try sandbox.run(["compare"] + Sandbox.flags + ["--policies", "distserve,semi-pd", "--rate", "60"])
        return sandbox
    }

    @Test("the parts of a request are those that are stored, and sum to its latency")
    func request() throws {
        let sandbox = try sandbox()
        for run in 1...2 {
            let outcome = try sandbox.run("results", "show", "\(run)", "--request", "250", "--format", "csv")
            let rows = outcome.output.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
            #expect(rows.count == 8, "\(outcome.errors)")
            let sum = rows.reduce(0.0) { $0 + (Double($1[1]) ?? .nan) }
            let stored = try sandbox.query(
                "SELECT endToEndMs FROM requestLatency WHERE request = 250 AND runId = \(run)")
            let endToEnd = try #require(stored.split(separator: "\n").last.flatMap { Double($0) })
            #expect(abs(sum - endToEnd) < 1e-6)
            let text = try sandbox.run("results", "show", "\(run)", "--request", "250").output
            #expect(text.contains("ahead of it on instance"))
            #expect(text.contains("KV transfer") && (run == 2 || text.contains("ms for the link")))
        }
    }

    @Test("an instant shows every instance as it was sampled")
    func instant() throws {
        let sandbox = try sandbox()
        let outcome = try sandbox.run("results", "show", "2", "--at", "2.5", "--format", "csv")
        let rows = outcome.output.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        #expect(rows[0].starts(with: ["instance", "pool", "prefill SMs", "decode SMs"]))
        let sampled = try sandbox.query(
            """
            SELECT instance, prefillSMs, decodeSMs FROM interval WHERE runId = 2 AND timeNs =
              (SELECT min(timeNs) FROM interval WHERE runId = 2 AND timeNs >= 2500000000) ORDER BY instance
            """
        ).split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
        #expect(rows.dropFirst().map { [$0[0], $0[2], $0[3]] } == sampled)
        #expect(try sandbox.run("results", "show", "2", "--at", "2.5").output.hasPrefix("sample at 2.5"))
    }

    @Test("what is not stored is not made up")
    func missing() throws {
        let sandbox = try sandbox()
        #expect(try sandbox.run("results", "show", "1", "--request", "300").status == 65)
        #expect(try sandbox.run("results", "show", "1", "--at", "1e6").status == 65)
        #expect(try sandbox.run("results", "show", "1", "2", "--at", "1").status == 64)
        #expect(try sandbox.run("results", "show", "--request", "1").status == 64)
        #expect(try sandbox.run("results", "show", "1", "--request", "1", "--at", "1").status == 64)
        try sandbox.run(["simulate"] + Sandbox.flags + ["--policy", "vllm-v1", "--rows", "none"])
        let outcome = try sandbox.run("results", "show", "3", "--request", "1")
        #expect(outcome.errors.contains("help: its rows were not kept"))
    }

    @Test("a comparison plots its distributions below its table")
    func plots() throws {
        let sandbox = try Sandbox.withTrace()
        let flags = ["compare"] + Sandbox.flags + ["--no-store", "--quiet"]
        let plain = try sandbox.run(flags).output
        let plotted = try sandbox.run(flags + ["--plot"]).output
        #expect(plotted.hasPrefix(plain))
        #expect(plotted.contains("TTFT: % of completed requests") && plotted.contains("TPOT: % of completed requests"))
        #expect(plotted.contains("o = vllm-v1, x = distserve, z = semi-pd"))
        #expect(try sandbox.run(flags + ["--plot", "--format", "csv"]).status == 64)
    }
}
