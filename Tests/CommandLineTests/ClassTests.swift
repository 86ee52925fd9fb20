import Foundation
import Testing

@Suite("Classes and tenants of requests")
struct ClassTests {
    /// Eight chat requests to one batch request; two tenants.
    private static let trace =
        "arrival_s,prompt_tokens,output_tokens,class,tenant\n"
        + (0..<180).map { index in
            let isBatch = index % 9 == 0
            return "\(Double(index) / 12),\(isBatch ? 6000 : 300),\(isBatch ? 60 : 20),\(isBatch ? "batch" : "chat"),"
                + "\(index % 3 == 0 ? "acme" : "zeta")\n"
        }.joined()

    private static let scenario = """
        workload: {trace: t.csv, rate: 30}
        model: llama-3-8b
        device: h200-sxm
        slo: {ttft: 0.05, tpot: 0.01, classes: {batch: {ttft: 5, attainment: 0.5}}}
        equal: none
        deployments: [{policy: vllm-v1}, {policy: semi-pd}]
        """

    private func sandbox() throws -> Sandbox { try Sandbox(["t.csv": Self.trace, "s.yaml": Self.scenario]) }

    /// Counted from the requests as they are stored, by the limits written above.
    private func attainment(of condition: String, run: Int, in sandbox: Sandbox) throws -> [String] {
        try sandbox.query(
            """
            SELECT sum(ttftMs <= CASE class.name WHEN 'batch' THEN 5000 ELSE 50 END AND coalesce(tpotMs, 0) <= 10),
              count(*)
            FROM requestLatency AS r JOIN requestClass AS class ON class.runId = r.runId AND class.class = r.class
            WHERE r.runId = \(run) AND \(condition)
            """
        ).split(separator: "\n")[1].split(separator: ",").map(String.init)
    }

    @Test("a comparison says how each class and each tenant fared")
    func compare() throws {
        let sandbox = try sandbox()
        let outcome = try sandbox.run("compare", "s.yaml", "--quiet")
        try #require(outcome.status == 0, "\(outcome.errors)")
        for run in 1...2 {
            for (kind, name, condition) in [
                ("class", "chat", "class.name = 'chat'"), ("class", "batch", "class.name = 'batch'"),
                ("tenant", "acme", "tenant = 'acme'"), ("tenant", "zeta", "tenant = 'zeta'"),
            ] {
                let stored = try sandbox.query(
                    "SELECT met, arrived FROM groupSummary WHERE runId = \(run) AND kind = '\(kind)' AND name = '\(name)'"
                )
                let counted = try attainment(of: condition, run: run, in: sandbox)
                #expect(stored.split(separator: "\n")[1].split(separator: ",").map(String.init) == counted)
            }
            let met = try attainment(of: "1", run: run, in: sandbox)[0]
            #expect(try sandbox.query("SELECT met FROM sloAttainment WHERE runId = \(run)") == "met\n\(met)\n")
        }
        for line in [
            "class chat: in SLO, %", "class batch: TTFT P90, ms", "tenant acme: in SLO, %",
            "Jain's index of attainment",
        ] {
            #expect(outcome.output.contains(line), "\(outcome.output)")
        }
        let show = try sandbox.run("results", "show", "1").output
        #expect(show.contains("batch: TTFT up to 5000 ms and TPOT up to 10 ms for 50 % of requests"))
        #expect(show.contains("\nclass batch ") && show.contains("\ntenant zeta "))
        let json = try sandbox.run("results", "show", "1", "--format", "json").output
        #expect(json.contains("\"groups\": [") && json.contains("\"kind\": \"tenant\""))
        #expect(
            try sandbox.run("results", "show", "1", "2", "--format", "csv").output.contains(
                "\nclass batch: ttft,p90,s,"))
    }

    @Test("a search for goodput judges requests by their class")
    func goodput() throws {
        let sandbox = try sandbox()
        func highest(_ flags: String...) throws -> Double? {
            let outcome = try sandbox.run(
                ["goodput", "s.yaml", "--policies", "vllm-v1", "--tolerance", "0.2", "--format", "csv", "--quiet"]
                    + flags)
            try #require(outcome.status == 0, "\(outcome.errors)")
            return Double(outcome.output.split(separator: "\n")[1].split(separator: ",")[2])
        }
        // Prompts of 6000 tokens take longer than 50 ms: where batch has no more time than chat, one request in nine
        // fails at any rate.
        #expect(try highest() ?? 0 > 1)
        #expect(try highest("--set", "slo.classes.batch.ttft=0.05") == nil)
    }

    @Test("a class that the requests do not have is an error where it is named")
    func unknownClass() throws {
        let sandbox = try sandbox()
        try sandbox.write(Self.scenario.replacingOccurrences(of: "{batch:", with: "{batsh:"), to: "s.yaml")
        let outcome = try sandbox.run("compare", "s.yaml")
        #expect(outcome.status == 65)
        #expect(
            outcome.errors == """
                s.yaml:4:41: error: slo.classes: found "batsh", expected a class of the requests: batch, chat
                    help: did you mean "batch"?

                """)
        try sandbox.write(Self.trace.replacingOccurrences(of: ",class,", with: ",kind,"), to: "t.csv")
        #expect(try sandbox.run("compare", "s.yaml").errors.contains("expected none: the requests have no classes"))
    }
}
