import Foundation
import Testing

@Suite("Commands that succeed")
struct CommandTests {
    @Test("compare serves a trace in three ways, says what it simulates, prints one table and stores the runs")
    func compare() throws {
        let sandbox = try Sandbox.withTrace()
        let outcome = try sandbox.run(["compare"] + Sandbox.flags + ["--rate", "8", "--ttft", "0.5", "--tpot", "0.05"])
        #expect(outcome.status == 0)
        for column in ["vllm-v1", "distserve", "semi-pd"] { #expect(outcome.output.contains(column)) }
        for row in [
            "TTFT P99", "TPOT mean", "ITL P50", "E2E P90", "requests/s", "goodput", "SLO attainment", "KV peak", "busy",
            "GPUs", "$/M tokens", "saturation", "completed",
        ] {
            #expect(outcome.output.contains(row), "\(row)")
        }
        for line in [
            "workload: 300 requests at 8.000 requests/s, arrivals recorded; t.csv; seed 1, run 0",
            "model: llama-3-8b, runtime ideal, SLO TTFT 0.5 s and TPOT 0.05 s for 90 %",
        ] {
            #expect(outcome.errorLines.contains(line), "\(line)")
        }
        #expect(outcome.errors.contains(#/\n  unified: 2 x h200-sxm, vllm-v1, \d+ KV blocks, /#))
        #expect(outcome.errorLines.last == "note: stored as runs 1, 2, 3 in phasewise.sqlite")
        #expect(
            try sandbox.query("SELECT count(*), count(DISTINCT runId) FROM request")
                == "count(*),count(DISTINCT runId)\n900,3\n")
    }

    @Test("the shipped scenario compares on equal numbers of GPUs, from any folder")
    func shippedScenario() throws {
        let sandbox = try Sandbox()
        let scenario = Sandbox.repository.appendingPathComponent("Profiles/scenarios/azure-conv.yaml").path
        let outcome = try sandbox.run("compare", scenario, "--requests", "200", "--quiet", "--format", "csv")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains("\ngpus,value,count,2,2,2\n"))
    }

    @Test("a scenario's paths start from its own folder, those of flags from the working folder")
    func relativePaths() throws {
        let sandbox = try Sandbox.withTrace([
            "scenarios/here/s.yaml": """
            workload: {trace: ../../t.csv, requests: 20}
            model: llama-3-8b
            device: h200-sxm
            deployments: [{policy: vllm-v1}]
            """,
            "elsewhere/two.csv": "arrival_s,prompt_tokens,output_tokens\n0,5,5\n1,5,5\n",
        ])
        let own = try sandbox.run("simulate", "../scenarios/here/s.yaml", "--no-store", in: "elsewhere")
        #expect(own.status == 0 && own.errors.hasPrefix("workload: 20 requests"), "\(own.errors)")
        let flag = try sandbox.run(
            "simulate", "../scenarios/here/s.yaml", "--trace", "two.csv", "--no-store", in: "elsewhere")
        #expect(flag.status == 0 && flag.errors.hasPrefix("workload: 2 requests"), "\(flag.errors)")
    }

    @Test("a path is taken as it is, whatever YAML would make of it")
    func strangePath() throws {
        let sandbox = try Sandbox(["[1]: {x.csv": "arrival_s,prompt_tokens,output_tokens\n0,5,5\n", "s.yaml": scenario])
        let outcome = try sandbox.run("simulate", "s.yaml", "--trace", "[1]: {x.csv", "--no-store")
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("policies given as flags replace a scenario's deployments")
    func policies() throws {
        let sandbox = try Sandbox.withTrace(["s.yaml": scenario])
        let outcome = try sandbox.run(
            "compare", "s.yaml", "--policies", "semi-pd,distserve", "--equal", "none", "--format", "csv", "--no-store")
        #expect(outcome.output.hasPrefix("metric,statistic,unit,semi-pd,distserve\n"))
        #expect(outcome.output.contains("\ngpus,value,count,1,2\n"))
    }

    @Test("held equal by cost, deployments are replicated within the price of the dearest")
    func equalCost() throws {
        let sandbox = try Sandbox.withTrace()
        let outcome = try sandbox.run(
            ["compare"] + Sandbox.flags + ["--equal", "cost", "--format", "csv", "--no-store"])
        #expect(outcome.output.contains("\ngpus,value,count,2,2,2\n"), "\(outcome.errors)")
    }

    @Test("a stored run shows its numbers, and the scenario that remakes it to the bit")
    func showAndRemake() throws {
        let sandbox = try Sandbox.withTrace(["s.yaml": scenario])
        try sandbox.run(["compare"] + Sandbox.flags + ["--arrivals", "gamma:2", "--rate", "20", "--seed", "7"])
        let shown = try sandbox.run("results", "show", "2", "--scenario")
        #expect(shown.status == 0)
        try sandbox.write(shown.output, to: "again.yaml")
        let again = try sandbox.run("compare", "again.yaml", "--database", "again.sqlite")
        #expect(again.status == 0, "\(again.errors)")
        let fingerprints = "SELECT fingerprint FROM run ORDER BY id"
        #expect(try sandbox.query(fingerprints) == sandbox.query(fingerprints, database: "again.sqlite"))
    }

    @Test("results show without a number shows the newest comparison")
    func newest() throws {
        let sandbox = try Sandbox.withTrace()
        try sandbox.run(["simulate"] + Sandbox.flags + ["--policy", "vllm-v1"])
        let compared = try sandbox.run(["compare"] + Sandbox.flags)
        #expect(try sandbox.run("results", "show").output == compared.output)
        #expect(try sandbox.run("results", "show", "2", "3", "4").output == compared.output)
    }

    @Test("simulate runs one deployment of a scenario by name")
    func deployment() throws {
        let sandbox = try Sandbox()
        let scenario = Sandbox.repository.appendingPathComponent("Profiles/scenarios/azure-conv.yaml").path
        let outcome = try sandbox.run(
            "simulate", scenario, "--deployment", "semi-pd", "--requests", "50", "--no-store")
        #expect(outcome.status == 0 && outcome.output.hasPrefix("run           0: azure-conv on two H200s, semi-pd\n"))
    }

    @Test("stepping through every iteration gives the bytes that jumping gives")
    func stepByStep() throws {
        let sandbox = try Sandbox.withTrace()
        let flags = ["compare"] + Sandbox.flags + ["--format", "csv", "--no-store"]
        #expect(try sandbox.run(flags).output == sandbox.run(flags + ["--step-by-step"]).output)
    }

    @Test("a generated workload needs no file")
    func generated() throws {
        let sandbox = try Sandbox()
        let outcome = try sandbox.run(
            "simulate", "--generate", "sharegpt-paper", "--requests", "100", "--model", "llama-3-8b", "--device",
            "h200-sxm", "--policy", "vllm-v1", "--no-store")
        #expect(outcome.status == 0 && outcome.errors.hasPrefix("workload: 100 requests"), "\(outcome.errors)")
        #expect(try sandbox.listing.isEmpty)
    }

    @Test("traces are checked, described and made")
    func traces() throws {
        let sandbox = try Sandbox.withTrace()
        let checked = try sandbox.run("trace", "check", "t.csv")
        #expect(checked.output.hasPrefix("t.csv: 300 requests over ") && checked.errors.isEmpty)
        let printed = try sandbox.run("trace", "generate", "azure-conv", "--requests", "300")
        #expect(try Data(printed.output.utf8) == sandbox.contents(of: "t.csv"))
        let listed = try sandbox.run("trace", "generate", "--list")
        #expect(listed.output.contains("azure-conv\n") && listed.output.contains("sharegpt-paper\n"))
        let described = try sandbox.run("trace", "summarize", "t.csv")
        #expect(described.output == (try sandbox.run("trace", "summarise", "t.csv")).output)
        #expect(described.output.contains("prompt tokens P99"))
    }

    @Test("calibrate fits to a folder of measured tables")
    func calibrate() throws {
        let sandbox = try Sandbox()
        let outcome = try sandbox.run("calibrate", "--import", ".", "--gpu", "h200", "--device", "h200-sxm")
        #expect(outcome.status == 65)
        #expect(outcome.errors.hasPrefix("--import:1:1: error: found none of gemm.csv"))
    }

    @Test(
        "answers in JSON are JSON, answers in CSV are rectangular",
        arguments: [
            ["compare", "--trace", "t.csv", "--model", "llama-3-8b", "--device", "h200-sxm", "--no-store"],
            ["simulate", "--trace", "t.csv", "--model", "llama-3-8b", "--device", "h200-sxm", "--policy", "vllm-v1"],
            ["results", "list"], ["results", "show", "1"], ["results", "sql", "SELECT * FROM run"],
            ["results", "sql", "SELECT * FROM sloAttainment"], ["trace", "summarize", "t.csv"], ["models"], ["devices"],
            ["policies"],
        ])
    func formats(arguments: [String]) throws {
        let sandbox = try Sandbox.withTrace()
        try sandbox.run(["simulate"] + Sandbox.flags + ["--policy", "distserve", "--quiet"])
        let json = try sandbox.run(arguments + ["--format", "json"])
        #expect(json.status == 0, "\(json.errors)")
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(json.output.utf8)) }
        let csv = try sandbox.run(arguments + ["--format", "csv"])
        let widths = Set(rows(ofCSV: csv.output).map(\.count))
        #expect(widths.count == 1 && !widths.contains(0), "\(widths)")
    }

    private let scenario = """
        workload: {trace: t.csv}
        model: llama-3-8b
        device: h200-sxm
        deployments: [{policy: vllm-v1}]
        """

    /// RFC 4180, quotes included; by bytes, since a carriage return and a line feed are one character.
    private func rows(ofCSV text: String) -> [[String]] {
        var rows: [[String]] = [[""]]
        var isQuoted = false
        for character in text.unicodeScalars {
            switch (character, isQuoted) {
            case ("\"", _): isQuoted.toggle()
            case (",", false): rows[rows.count - 1].append("")
            case ("\n", false): rows.append([""])
            default: rows[rows.count - 1][rows[rows.count - 1].count - 1].unicodeScalars.append(character)
            }
        }
        return rows.last == [""] ? Array(rows.dropLast()) : rows
    }
}
