import Foundation
import Testing

@Suite("The results database of the command line")
struct StorageTests {
    private static let requests = "SELECT * FROM request ORDER BY runId, request"

    @Test(
        "the same scenario twice stores the same rows, byte for byte; another seed does not",
        arguments: [
            ["--generate", "sharegpt-paper", "--requests", "200", "--model", "llama-3-8b", "--device", "h200-sxm"],
            Sandbox.flags + ["--arrivals", "poisson", "--rate", "12"], Sandbox.flags + ["--arrivals", "gamma:3"],
        ])
    func sameRows(flags: [String]) throws {
        let sandbox = try Sandbox.withTrace()
        for (database, more) in [("a", []), ("b", ["--seed", "1"]), ("c", ["--seed", "2"]), ("d", ["--run", "1"])] {
            let outcome = try sandbox.run(["compare"] + flags + more + ["--database", database, "--quiet"])
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
        let rows = try ["a", "b", "c", "d"].map { try sandbox.query(Self.requests, database: $0) }
        #expect(rows[0].split(separator: "\n").count > 3 * 200)
        #expect(rows[0] == rows[1])
        #expect(rows[0] != rows[2] && rows[0] != rows[3] && rows[2] != rows[3])
    }

    @Test("drawn arrivals leave the lengths and their order as the trace has them")
    func lengthsStay() throws {
        let sandbox = try Sandbox.withTrace()
        for (database, arrivals) in [("a", "recorded"), ("b", "poisson"), ("c", "gamma:0.5")] {
            try sandbox.run(
                ["simulate"] + Sandbox.flags + ["--policy", "vllm-v1", "--arrivals", arrivals, "--database", database])
        }
        let lengths = "SELECT request, promptTokens, outputTokens FROM request ORDER BY request"
        let recorded = try sandbox.query(lengths, database: "a")
        #expect(try sandbox.query(lengths, database: "b") == recorded)
        #expect(try sandbox.query(lengths, database: "c") == recorded)
    }

    @Test("a killed run leaves the database without that run, and usable")
    func killed() throws {
        let sandbox = try Sandbox.withTrace()
        let small = ["simulate"] + Sandbox.flags + ["--policy", "vllm-v1"]
        #expect(try sandbox.run(small).status == 0)
        let running = try sandbox.start([
            "simulate", "--generate", "azure-conv", "--requests", "300000", "--model", "llama-3-8b", "--device",
            "h200-sxm", "--policy", "distserve", "--rows", "all", "--step-by-step",
        ])
        // A transaction of a run larger than SQLite's cache reaches the file before it is committed.
        let log = sandbox.path("phasewise.sqlite-wal")
        let deadline = Date() + 60
        while (try? FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0) ?? 0 < 100_000,
            Date() < deadline, running.process.isRunning
        { usleep(2_000) }
        #expect(running.process.isRunning)
        kill(running.process.processIdentifier, SIGKILL)
        let killed = try sandbox.finish(running)
        #expect(running.process.terminationReason == .uncaughtSignal && killed.output.isEmpty)

        #expect(try sandbox.query("SELECT id, deployment FROM run") == "id,deployment\n1,vllm-v1\n")
        #expect(try sandbox.query("SELECT DISTINCT runId FROM request") == "runId\n1\n")
        #expect(try sandbox.query("PRAGMA integrity_check") == "integrity_check\nok\n")
        #expect(try sandbox.run(small).errorLines.last == "note: stored as run 2 in phasewise.sqlite")
    }

    @Test("two processes that write one new database at once store all their runs")
    func together() throws {
        let sandbox = try Sandbox.withTrace()
        let both = try (0..<2).map { try sandbox.start(["compare"] + Sandbox.flags + ["--rate", "\(4 + $0)"]) }
        for process in both {
            let outcome = try sandbox.finish(process)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let counts =
            "SELECT count(DISTINCT run.id), count(DISTINCT comparison), count(*) FROM run JOIN request ON runId = run.id"
        #expect(try sandbox.query(counts).hasSuffix("\n6,2,1800\n"))
    }

    @Test("with --no-store no database is made, and one that is there stays as it is")
    func noStore() throws {
        let sandbox = try Sandbox.withTrace()
        #expect(try sandbox.run(["compare"] + Sandbox.flags + ["--no-store"]).status == 0)
        #expect(try sandbox.listing == ["t.csv"])
        try sandbox.write("not a database", to: "phasewise.sqlite")
        #expect(try sandbox.run(["compare"] + Sandbox.flags + ["--no-store"]).status == 0)
        #expect(try sandbox.contents(of: "phasewise.sqlite") == Data("not a database".utf8))
    }

    @Test("rows are kept or not, as asked", arguments: [("all", "300"), ("none", "0")])
    func rows(keeping: String, count: String) throws {
        let sandbox = try Sandbox.withTrace()
        try sandbox.run(["simulate"] + Sandbox.flags + ["--policy", "semi-pd", "--rows", keeping])
        #expect(try sandbox.query("SELECT count(*) FROM request") == "count(*)\n\(count)\n")
        #expect(try sandbox.query("SELECT value FROM summary WHERE metric = 'completed'") == "value\n300.0\n")
    }

    @Test(
        "what is asked of a database that cannot answer is refused with what to do",
        arguments: [
            (["results", "list", "--database", "none"], "error: none: cannot be opened as a results database\n"),
            (["results", "show", "1", "--database", "none"], "error: none: cannot be opened"),
            (
                ["results", "show", "--database", "empty"],
                "error: empty: found an empty file, expected a results database\n"
            ),
            (
                ["results", "show", "--database", "t.csv"],
                "error: t.csv: found a file that is not an SQLite database\n"
            ),
            (["results", "show", "9"], "error: phasewise.sqlite: there is no run 9\n    help: "),
            (["results", "sql", "SELEC 1"], "error: query refused: near \"SELEC\": syntax error\n"),
            (["results", "sql", "DELETE FROM run"], "error: query refused: the statement would write"),
        ])
    func refused(arguments: [String], expected: String) throws {
        let sandbox = try Sandbox.withTrace(["empty": ""])
        try sandbox.run(["simulate"] + Sandbox.flags + ["--policy", "vllm-v1"])
        let before = try sandbox.contents(of: "phasewise.sqlite")
        let outcome = try sandbox.run(arguments)
        #expect(outcome.status == 65 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix(expected), "\(outcome.errors)")
        #expect(try sandbox.contents(of: "phasewise.sqlite") == before)
        #expect(!FileManager.default.fileExists(atPath: sandbox.path("none")))
    }
}
