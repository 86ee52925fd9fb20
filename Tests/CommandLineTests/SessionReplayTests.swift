import Foundation
import Testing

@Suite("Recorded sessions")
struct SessionReplayTests {
    /// Twenty sessions of three calls, a tool of a quarter of a second after each.
    private static let trace = (0..<20).map { session in
        let calls = (0..<3).map { call in
            #"{"input_toks": \#(500 + 10 * session + 300 * call), "output_toks": 40, "tool_duration_ns": 250000000}"#
        }
        return #"{"arrival_time_ns": \#(session * 40_000_000), "sub_requests": [\#(calls.joined(separator: ", "))]}"#
            + "\n"
    }.joined()

    private static let flags = [
        "simulate", "--trace", "t.jsonl", "--model", "llama-3-8b", "--device", "h200-sxm", "--policy", "vllm-v1",
    ]

    @Test("the next call of a session arrives its tool's time after the answer to the one before, to the nanosecond")
    func closed() throws {
        let sandbox = try Sandbox(["t.jsonl": Self.trace])
        let outcome = try sandbox.run(Self.flags)
        #expect(outcome.status == 0 && !outcome.errors.contains("no time"), "\(outcome.errors)")
        // Prompts name session and call: 500 + 10 s + 300 c with s below 20 is unique up to calls.
        let late = try sandbox.query(
            """
            SELECT count(*), sum(later.arrivalNs - earlier.completionNs = 250000000) FROM request AS later
            JOIN request AS earlier ON earlier.promptTokens = later.promptTokens - 300
            """)
        #expect(late.hasSuffix("\n40,40\n"), "\(late)")
        #expect(try sandbox.run("timeline", "1", "-o", "x.json").status == 0)
    }

    @Test("open, they arrive as if answers needed no time, which a warning says")
    func open() throws {
        let sandbox = try Sandbox(["t.jsonl": Self.trace])
        let outcome = try sandbox.run(Self.flags + ["--set", "workload.sessions=open"])
        #expect(outcome.errors.contains("40 turns arrive after a pause alone, first here"), "\(outcome.errors)")
        let late = try sandbox.query(
            """
            SELECT count(*), sum(later.arrivalNs - earlier.arrivalNs = 250000000) FROM request AS later
            JOIN request AS earlier ON earlier.promptTokens = later.promptTokens - 300
            """)
        #expect(late.hasSuffix("\n40,40\n"), "\(late)")
    }

    @Test("what needs known arrivals says how to get them")
    func refused() throws {
        let sandbox = try Sandbox(["t.jsonl": Self.trace])
        let rate = try sandbox.run(Self.flags + ["--rate", "3"])
        #expect(rate.status == 65 && rate.errors.contains("found a rate or a selection for sessions that wait"))
        #expect(try sandbox.run(Self.flags + ["--rate", "3", "--set", "workload.sessions=open"]).status == 0)
        let goodput = try sandbox.run(
            ["goodput"] + Self.flags.dropFirst().dropLast(2) + ["--policies", "vllm-v1", "--ttft", "1", "--tpot", "1"])
        #expect(goodput.status == 65 && goodput.errors.contains("workload.sessions=open"), "\(goodput.errors)")
    }
}
