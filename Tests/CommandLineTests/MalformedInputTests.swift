import Foundation
import Testing

/// An input that must be refused: files, a command line, and what is said of it.
struct MalformedInput: CustomTestStringConvertible, Sendable {
    var arguments: [String]
    var files: [String: String]
    /// The beginnings of lines on standard error, in order; other lines may stand between them.
    var expected: [String]
    var status: Int32

    var testDescription: String { expected[0] }

    /// A trace in our own format, with the header on line 1.
    static func trace(_ rows: String, _ expected: String...) -> Self {
        whole(trace: "arrival_s,prompt_tokens,output_tokens\n" + rows, expected)
    }

    static func whole(trace: String, _ expected: [String]) -> Self {
        Self(arguments: flags, files: ["t.csv": trace], expected: expected, status: 65)
    }

    /// A scenario, given whole.
    static func scenario(_ text: String, _ expected: String...) -> Self {
        Self(
            arguments: ["simulate", "s.yaml"], files: ["t.csv": goodTrace, "s.yaml": text], expected: expected,
            status: 65)
    }

    /// Changes of a good scenario.
    static func set(_ changes: String..., expecting expected: String...) -> Self {
        Self(
            arguments: ["simulate", "s.yaml"] + changes.flatMap { ["--set", $0] },
            files: ["t.csv": goodTrace, "s.yaml": goodScenario], expected: expected, status: 65)
    }

    /// A profile file that flags name.
    static func profile(_ text: String, as name: String, flag: String, _ expected: String...) -> Self {
        Self(
            arguments: flags + [flag, name], files: ["t.csv": goodTrace, name: text], expected: expected, status: 65)
    }

    /// Flags beside good ones, of which the last of a kind counts.
    static func flag(_ more: String..., expecting expected: String, status: Int32 = 65) -> Self {
        Self(arguments: flags + more, files: ["t.csv": goodTrace], expected: [expected], status: status)
    }

    static let flags = ["simulate"] + Sandbox.flags + ["--policy", "vllm-v1"]
    static let goodTrace = "arrival_s,prompt_tokens,output_tokens\n0.5,100,10\n0.75,200,20\n1.5,50,5\n"
    static let goodScenario = """
        workload:
          trace: t.csv
        model: llama-3-8b
        device: h200-sxm
        deployments:
          - policy: vllm-v1

        """
}

@Suite("Malformed input")
struct MalformedInputTests {
    @Test(
        "bad input is refused with its place, and nothing is stored",
        arguments: malformedTraces + malformedScenarios + malformedProfiles + malformedOverrides + malformedFlags)
    func refused(input: MalformedInput) throws {
        let sandbox = try Sandbox(input.files)
        let before = try sandbox.listing
        let outcome = try sandbox.run(input.arguments)
        #expect(outcome.status == input.status, "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        var lines = outcome.errorLines[...]
        for beginning in input.expected {
            let index = lines.firstIndex { $0.hasPrefix(beginning) }
            #expect(index != nil, "\(beginning) not in order in\n\(outcome.errors)")
            lines = lines[((index ?? lines.startIndex - 1) + 1)...]
        }
        #expect(try sandbox.listing == before)
    }

    @Test(
        "bad input leaves a database with runs as it was, byte for byte",
        arguments: [
            malformedTraces[0], malformedScenarios[0], malformedProfiles[0], malformedOverrides[0], malformedFlags[0],
        ])
    func databaseUntouched(input: MalformedInput) throws {
        let sandbox = try Sandbox(["t.csv": MalformedInput.goodTrace])
        #expect(try sandbox.run(MalformedInput.flags).status == 0)
        for (name, text) in input.files { try sandbox.write(text, to: name) }
        let before = try (sandbox.listing, sandbox.contents(of: "phasewise.sqlite"))
        #expect(try sandbox.run(input.arguments).status == input.status)
        #expect(try (sandbox.listing, sandbox.contents(of: "phasewise.sqlite")) == before)
    }

    @Test("there are at least thirty kinds of bad input, none twice")
    func enough() {
        let all = malformedTraces + malformedScenarios + malformedProfiles + malformedOverrides + malformedFlags
        #expect(Set(all.map(\.expected)).count == all.count && all.count >= 30)
    }

    @Test("twenty problems are shown at once, no more", arguments: [1, 19, 20, 21, 500])
    func limit(problems: Int) throws {
        let rows = (0..<problems).map { "\($0),x,5\n" }.joined()
        let sandbox = try Sandbox(["t.csv": "arrival_s,prompt_tokens,output_tokens\n" + rows])
        let outcome = try sandbox.run("trace", "check", "t.csv")
        #expect(outcome.status == 65)
        #expect(outcome.errorLines.count { $0.contains(": error: ") } == min(problems, 20))
        for (index, line) in outcome.errorLines.prefix(20).enumerated() {
            #expect(
                line.hasPrefix("t.csv:\(index + 2):\(String(index).count + 2): error: prompt_tokens \"x\""), "\(line)")
        }
    }
}

let malformedTraces: [MalformedInput] = [
    .trace("0,12,n/a\n", "t.csv:2:6: error: output_tokens \"n/a\" is not a whole number"),
    .trace("0,5,5\n-1,5,5\n", "t.csv:3:1: error: arrival_s \"-1\" is negative"),
    .trace("soon,5,5\n", "t.csv:2:1: error: arrival_s \"soon\" is not a number"),
    .trace("0,5,5\n1,5\n", "t.csv:3:4: error: row has 2 fields, expected 3"),
    .trace("0,5,5,5\n", "t.csv:2:7: error: row has more fields than the header"),
    .trace("0,1.5,5\n", "t.csv:2:3: error: prompt_tokens \"1.5\" is not a whole number"),
    .trace("0,99999999999999999999,5\n", "t.csv:2:3: error: prompt_tokens"),
    .trace("0,\"5,5\n", "t.csv:2:3: error: field"),
    .trace("x,y,5\n0,5,z\n", "t.csv:2:1: error: ", "t.csv:2:3: error: ", "t.csv:3:5: error: "),
    .trace("", "t.csv:1:1: error: the trace has no request"),
    .trace("0,5,0\n", "t.csv:1:1: error: the trace has no request", "t.csv:2:5: warning: 1 row with no output tokens"),
    .whole(trace: "", ["t.csv:1:1: error: the file is empty"]),
    .whole(trace: "when,in,out\n", ["t.csv:1:1: error: first line \"when,in,out\" starts no known trace format"]),
    .whole(trace: "arrival_s,prompt_tokens\n0,5\n", ["t.csv:1:1: error: no column \"output_tokens\""]),
    .whole(
        trace: "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 25:00:00.0,5,5\n",
        ["t.csv:2:1: error: TIMESTAMP \"2023-11-16 25:00:00.0\" is not a date and time"]),
]

let malformedScenarios: [MalformedInput] = [
    .scenario(
        "workload: {trace: t.csv}\nmodl: llama-3-8b\ndevice: h200-sxm\ndeployments: [{policy: vllm-v1}]\n",
        "s.yaml:1:1: error: the scenario has no \"model\"", "s.yaml:2:1: error: found the unknown key \"modl\"",
        "    help: did you mean \"model\"?"),
    .scenario("workload: [\n", "s.yaml:2:1: error: not YAML or JSON"),
    .scenario("- 1\n", "s.yaml:1:1: error: found a list, expected the scenario"),
    .scenario("", "s.yaml:1:1: error: found an empty file, expected a YAML mapping"),
    .scenario(
        MalformedInput.goodScenario + "seed: -1\n", "s.yaml:7:7: error: seed: found \"-1\""),
    .scenario(
        MalformedInput.goodScenario + "slo: {ttft: 0.5}\n", "s.yaml:7:6: error: the SLO has no \"tpot\""),
    .scenario(
        MalformedInput.goodScenario.replacingOccurrences(of: "t.csv", with: "nope.csv"),
        "s.yaml:2:10: error: nope.csv cannot be opened"),
    .scenario(
        MalformedInput.goodScenario.replacingOccurrences(of: "t.csv", with: "t.csv\n  arrivals: gamma"),
        "s.yaml:3:13: error: arrivals: found \"gamma\", expected recorded, poisson, even, gamma:CV,"),
    .scenario(
        MalformedInput.goodScenario + "    tp: 3\n    instances: 0\n  - policy: semi-pd\n    partition: [0, 50]\n",
        "s.yaml:7:9: error: tp: found 3", "s.yaml:8:16: error: instances: found \"0\"",
        "s.yaml:10:17: error: partition[0]: found \"0\""),
    .scenario(
        MalformedInput.goodScenario + "  - policy: semi-pd\n",
        "error: the scenario has 2 deployments, expected one", "    help: name one of vllm-v1, semi-pd"),
    .scenario(
        MalformedInput.goodScenario.replacingOccurrences(of: "llama-3-8b", with: "mixtral-8x7b"),
        "s.yaml:3:8: error: model: found \"mixtral-8x7b\" with a mixture of experts"),
    .scenario(
        MalformedInput.goodScenario.replacingOccurrences(of: "llama-3-8b", with: "llama-3.1-405b"),
        "s.yaml:6:5: error: deployment \"vllm-v1\" cannot be simulated"),
]

let malformedProfiles: [MalformedInput] = [
    .profile(
        "name: x\nmemory: 80\n", as: "d.yaml", flag: "--device",
        "d.yaml:1:1: error: a device profile has no \"memory_bytes\"",
        "d.yaml:2:1: error: found the unknown key \"memory\" in a device profile"),
    .profile("name: [\n", as: "d.yaml", flag: "--device", "d.yaml:2:1: error: not YAML or JSON"),
    .profile("{\"architectures\": ", as: "m.json", flag: "--model", "m.json:1:19: error: not YAML or JSON"),
    .profile(
        "{\"vocab_size\": 5,\n \"hidden_size\": -1}", as: "m.json", flag: "--model",
        "m.json:1:1: error: a model configuration has no \"num_hidden_layers\"",
        "m.json:2:17: error: hidden_size: found \"-1\""),
]

let malformedOverrides: [MalformedInput] = [
    .set("workload.rate=fast", expecting: "--set workload.rate:1:15: error: rate: found \"fast\""),
    .set("workload.rat=5", expecting: "--set workload.rat:1:10: error: found the unknown key \"rat\""),
    .set("deployments.3.tp=2", expecting: "--set deployments.3.tp:1:13: error: found \"3\""),
    .set("deployments.0.tp=3", expecting: "--set deployments.0.tp:1:18: error: tp: found 3"),
    .set("deployments.0.kv_blocks=-1", expecting: "--set deployments.0.kv_blocks:1:25: error: kv_blocks: found \"-1\""),
    .set("model.layers=5", expecting: "--set model.layers:1:7: error: found \"layers\" below a single value"),
    .set("tp", expecting: "--set tp:1:1: error: found no \"KEY=VALUE\""),
    .set("seed=[1", expecting: "--set seed:1:8: error: not YAML or JSON"),
    .set(
        "run=-1", "slo.ttft=0", expecting: "--set slo.ttft:1:1: error: the SLO has no \"tpot\"",
        "--set slo.ttft:1:10: error: ttft: found \"0\"", "--set run:1:5: error: run: found \"-1\""),
]

let malformedFlags: [MalformedInput] = [
    .flag("--rate=-3", expecting: "--rate:1:1: error: rate: found \"-3\""),
    .flag("--requests", "0", expecting: "--requests:1:1: error: requests: found \"0\""),
    .flag("--policy", "vllm-v2", expecting: "--policy:1:1: error: policy: found \"vllm-v2\""),
    .flag("--trace", "nope.csv", expecting: "--trace:1:1: error: nope.csv cannot be opened"),
    .flag("--model", "gpt-5", expecting: "--model:1:1: error: found the unknown model \"gpt-5\""),
    .flag("--device", "h300", expecting: "--device:1:1: error: found the unknown device \"h300\""),
    .flag("--device", "nope.yaml", expecting: "--device:1:1: error: found no file \"nope.yaml\""),
    .flag("--runtime", "vlm", expecting: "--runtime:1:1: error: runtime: found \"vlm\""),
    .flag("--arrivals", "gamma:0", expecting: "--arrivals:1:1: error: arrivals: found \"gamma:0\""),
    .flag("--equal", "money", expecting: "--equal:1:1: error: equal: found \"money\""),
    .flag("--ttft", "0.5", expecting: "--ttft:1:1: error: the SLO has no \"tpot\""),
    .flag("--seed=-1", expecting: "--seed:1:1: error: seed: found \"-1\""),
    .flag("--sample-interval", "0", expecting: "--sample-interval:1:1: error: found 0.0"),
    .flag("--profiles", "nowhere", expecting: "--profiles:1:1: error: found no folder \"nowhere\""),
    .flag("--deployment", "x", expecting: "--deployment:1:1: error: found no deployment \"x\""),
    .flag("--generate", "azure-conv", expecting: "--generate:1:1: error: found both \"trace\" and \"generate\""),
    .flag("--arrivals", "gamma:100", "--rate", "1e-6", expecting: "--trace:1:1: error: found 3 requests to draw"),
    .flag("--database", "no/such/folder.sqlite", expecting: "error: no/such/folder.sqlite: cannot be opened"),
    .flag("--database", "t.csv", expecting: "error: t.csv: found a file that is not an SQLite database"),
    // What cannot be understood at all is usage.
    .flag("--rate", "fast", expecting: "error: The value 'fast' is invalid for '--rate <rate>'", status: 64),
    .flag("--rate", expecting: "error: Missing value for '--rate <rate>'", status: 64),
    .flag("--format", "xml", expecting: "error: The value 'xml' is invalid for '--format <format>'", status: 64),
    .flag("--ratee", "5", expecting: "error: Unknown option '--ratee'", status: 64),
    .flag("a.yaml", "b.yaml", expecting: "error: Unexpected argument 'b.yaml'", status: 64),
]
