import Foundation
import Testing

@Suite("Terminal, pipes and exit codes")
struct TerminalTests {
    @Test(
        "a reader that has seen enough ends the program quietly",
        arguments: [
            "models", "trace generate azure-conv --requests 50000", "policies --format csv",
        ])
    func brokenPipe(command: String) throws {
        let sandbox = try Sandbox()
        let outcome = try sandbox.shell("{ phasewise \(command); echo $? >status; } | head -1")
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.split(separator: "\n").count == 1)
        #expect(try sandbox.contents(of: "status") == Data("0\n".utf8))
    }

    @Test(
        "an answer that cannot be written is a failure of the machine: 70",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "only Linux has a device that is always full")
    )
    func fullDevice() throws {
        let outcome = try Sandbox().shell("phasewise models >/dev/full")
        #expect(outcome.status == 70)
        #expect(outcome.errors == "error: standard output cannot be written: No space left on device\n")
    }

    @Test(
        "without a command, or with one that is not complete, usage is shown",
        arguments: [
            ([], 0), (["compare"], 64), (["simulate"], 64), (["simulate", "--trace", "t.csv"], 64), (["bogus"], 64),
            (["results", "sql"], 64), (["trace", "generate"], 64),
            (["trace", "generate", "azure-conv", "--requests", "0"], 64),
        ] as [([String], Int32)])
    func usage(arguments: [String], status: Int32) throws {
        let outcome = try Sandbox().run(arguments)
        #expect(outcome.status == status)
        let text = status == 0 ? outcome.output : outcome.errors
        #expect(text.lowercased().contains("usage: phasewise"), "\(text)")
        #expect(status == 0 || text.hasPrefix("error: "))
    }

    @Test("flags that are missing are named at once")
    func missingFlags() throws {
        let outcome = try Sandbox().run("simulate", "--trace", "t.csv")
        #expect(outcome.errors.hasPrefix("error: found no scenario file and no --model, no --device, no --policy"))
    }

    @Test("progress is shown on a terminal, after a second, and wiped away; elsewhere it is not")
    func progress() throws {
        let sandbox = try Sandbox()
        // So many requests that a run takes longer than a second, however fast the machine.
        for count in [10_000, 40_000, 160_000, 640_000, 2_560_000] {
            let command = [
                "simulate", "--generate", "azure-conv", "--requests", "\(count)", "--model", "llama-3-8b", "--device",
                "h200-sxm", "--policy", "vllm-v1", "--no-store", "--step-by-step",
            ]
            let shown = try PseudoTerminal.errors(of: command, in: sandbox)
            guard shown.contains(/requests, \d+\/s,/) else { continue }
            #expect(shown.contains(/\r\u{1B}\[Kvllm-v1: \d+ of \d+ requests, \d+\/s, \d+ s left/))
            #expect(shown.contains("\r\u{1B}[K\r\n") || shown.hasSuffix("\r\u{1B}[K"), "\(shown.suffix(200))")
            let elsewhere = try sandbox.run(command)
            #expect(elsewhere.status == 0 && !elsewhere.errors.contains("\r"))
            return
        }
        Issue.record("no run took a second")
    }

    @Test("answers are the same bytes on any terminal: no colour, no escape sequences")
    func noEscapes() throws {
        let sandbox = try Sandbox.withTrace()
        let outcome = try sandbox.run(["compare"] + Sandbox.flags + ["--no-store"])
        #expect(!outcome.output.contains("\u{1B}") && !outcome.errors.contains("\u{1B}"))
    }

    @Test("the comparison of a device that nothing was fitted for is as it was reviewed")
    func comparisonGolden() throws {
        let sandbox = try Sandbox.withTrace()
        let outcome = try sandbox.run(
            "compare", "--trace", "t.csv", "--model", "llama-3-8b", "--device", "l40s", "--rate", "2", "--ttft", "0.5",
            "--tpot", "0.05", "--no-store")
        try expectGolden(outcome.output, "compare.txt")
        try expectGolden(outcome.errors, "compare-configuration.txt")
    }
}
