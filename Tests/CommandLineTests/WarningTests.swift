import Testing

@Suite("Input that is odd but usable")
struct WarningTests {
    private static let header = "arrival_s,prompt_tokens,output_tokens\n"
    private static let run = ["simulate"] + Sandbox.flags + ["--policy", "vllm-v1"]

    @Test("rows out of order are sorted with a warning")
    func unsorted() throws {
        let sandbox = try Sandbox(["t.csv": Self.header + "2,5,5\n0.5,6,5\n1,7,5\n"])
        let outcome = try sandbox.run(Self.run)
        #expect(outcome.status == 0)
        #expect(
            outcome.errorLines.first
                == "t.csv:3:1: warning: 1 row arrives before the row above it, first here: sorted by arrival")
        #expect(try sandbox.query("SELECT promptTokens FROM request ORDER BY request") == "promptTokens\n6\n7\n5\n")
    }

    @Test("requests without output tokens are counted and left out with a warning")
    func noOutput() throws {
        let sandbox = try Sandbox(["t.csv": Self.header + "0,5,0\n1,5,5\n2,6,0\n"])
        let outcome = try sandbox.run(Self.run)
        #expect(outcome.status == 0)
        #expect(outcome.errorLines.first == "t.csv:2:5: warning: 2 rows with no output tokens left out, first here")
        #expect(try sandbox.query("SELECT count(*) FROM request") == "count(*)\n1\n")
        let checked = try sandbox.run("trace", "check", "t.csv")
        #expect(checked.status == 0 && checked.output.hasSuffix(", 2 rows left out\n"), "\(checked.output)")
    }

    @Test("requests that can never fit are rejected by name and counted, and the run goes on", arguments: [1, 5, 8])
    func rejected(tooLarge: Int) throws {
        let large = (0..<tooLarge).map { "\($0),1000,50\n" }.joined()
        let sandbox = try Sandbox(["t.csv": Self.header + "0,10,5\n" + large + "100,20,5\n"])
        let outcome = try sandbox.run(Self.run + ["--set", "deployments.0.kv_blocks=20"])
        #expect(outcome.status == 0)
        let warning = try #require(outcome.errorLines.first { $0.hasPrefix("warning: ") })
        let count = tooLarge == 1 ? "1 request" : "\(tooLarge) requests"
        #expect(warning.hasPrefix("warning: vllm-v1: rejected \(count) that can never fit"), "\(warning)")
        #expect(warning.contains("request 1 (1000 in, 50 out)"))
        #expect(warning.split(separator: " (1000 in").count - 1 == min(tooLarge, 5))
        #expect(warning.hasSuffix(" and 3 more") == (tooLarge == 8))
        let outcomes = try sandbox.query("SELECT outcome, count(*) FROM request GROUP BY outcome ORDER BY outcome")
        #expect(outcomes == "outcome,count(*)\ncompleted,2\nrejected,\(tooLarge)\n")
    }

    @Test("a seed for a scenario in which nothing is drawn is said to change nothing", arguments: ["--seed", "--run"])
    func idleSeed(flag: String) throws {
        let sandbox = try Sandbox(["t.csv": Self.header + "0,5,5\n1,5,5\n"])
        let note = "\(flag):1:1: note: changes nothing"
        #expect(try sandbox.run(Self.run + [flag, "3"]).errors.hasPrefix(note))
        #expect(try !sandbox.run(Self.run + [flag, "3", "--arrivals", "poisson"]).errors.contains(note))
        #expect(try !sandbox.run(Self.run).errors.contains("note: changes nothing"))
    }

    @Test("quiet means that nothing is said beside the answer")
    func quiet() throws {
        let sandbox = try Sandbox(["t.csv": Self.header + "2,5,0\n2,5,5\n0.5,600,5\n"])
        let outcome = try sandbox.run(Self.run + ["--quiet", "--seed", "3", "--set", "deployments.0.kv_blocks=20"])
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    }
}
