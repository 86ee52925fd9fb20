internal import ArgumentParser
internal import Diagnostics
internal import Foundation
internal import Profiles
internal import Reporting
internal import ResultStore
internal import Scenarios

/// What is simulated: a scenario file, or flags that stand for one, or a file and flags that change it.
struct ScenarioOptions: ParsableArguments {
    @Argument(help: "Scenario file (YAML). Without one, --trace or --generate, --model and --device say what to run.")
    var scenario: String?

    @Option(help: "Trace file: our CSV or Azure LLM inference CSV, plain or gzip.")
    var trace: String?

    @Option(help: "Generate the workload: a preset of `phasewise trace generate --list`.")
    var generate: String?

    @Option(help: "Only the first so many requests; how many to generate.")
    var requests: Int?

    @Option(help: "Rescale arrivals to this mean rate, requests per second over the whole deployment.")
    var rate: Double?

    @Option(help: "Model: an id of `phasewise models`, or the path of a Hugging Face config.json.")
    var model: String?

    @Option(help: "Device: an id of `phasewise devices`, or the path of a device profile.")
    var device: String?

    @Option(help: "Runtime profile, the host cost of an engine.")
    var runtime: String?

    @Option(help: "SLO: seconds to the first token.")
    var ttft: Double?

    @Option(help: "SLO: seconds per output token after the first.")
    var tpot: Double?

    @Option(help: "Seed of everything drawn at random.")
    var seed: Int?

    @Option(name: .customLong("run"), help: "Replication: same seed, independent draws.")
    var replication: Int?

    @Option(name: .customLong("set"), help: "Change any field of the scenario, as in deployments.0.tp=2. Repeatable.")
    var overrides: [String] = []

    @Option(help: "Folder of device, model and runtime profiles, before the default ones.")
    var profiles: String?

    /// The scenario, with the flags applied; flags without a scenario file make one.
    func resolve(
        policies: [String], policiesFlag: String, in workspace: Workspace
    ) throws(InputError) -> ScenarioResolution {
        if let scenario {
            guard policies.isEmpty else {
                throw InputError(
                    at: SourceLocation(file: policiesFlag, line: 1, column: 1),
                    "a scenario file names its own deployments",
                    help: "change them with --set, as in --set deployments.0.policy=\(policies[0])")
            }
            return try ScenarioResolution.load(
                path: scenario, overrides: flagOverrides + overrides, in: workspace.environment)
        }
        var builder = ScenarioBuilder()
        builder.trace = trace
        builder.generate = generate
        builder.requests = requests
        builder.rate = rate
        builder.model = model
        builder.device = device
        builder.runtime = runtime
        builder.policies = policies
        builder.policiesFlag = policiesFlag
        builder.ttft = ttft
        builder.tpot = tpot
        builder.seed = seed
        builder.run = replication
        var root = builder.scenario()
        try root.apply(overrides: overrides)
        return try ScenarioResolution.resolve(root, name: trace ?? generate ?? "scenario", in: workspace.environment)
    }

    /// The flags as changes of a scenario file. A trace replaces a generator and the reverse.
    private var flagOverrides: [String] {
        var changes: [String] = []
        func change(_ key: String, _ value: (some CustomStringConvertible)?) {
            if let value { changes.append("\(key)=\(value)") }
        }
        if let trace { changes += ["workload.generate=", "workload.format=", "workload.trace=\(absolute(trace))"] }
        if let generate { changes += ["workload.trace=", "workload.format=", "workload.generate=\(generate)"] }
        change("workload.requests", requests)
        change("workload.rate", rate)
        change("model", model)
        change("device", device)
        change("runtime", runtime)
        change("slo.ttft", ttft)
        change("slo.tpot", tpot)
        change("seed", seed)
        change("run", replication)
        return changes
    }

    private func absolute(_ path: String) -> String { URL(fileURLWithPath: path).path }
}

/// Where results go and how they are shown.
struct OutputOptions: ParsableArguments {
    @Option(help: "Results database; made if it does not exist.")
    var database = "phasewise.sqlite"

    @Flag(name: .customLong("no-store"), help: "Keep nothing: no database is read or written.")
    var storesNothing = false

    @Option(help: "Rows to store besides the summary: all or none. Default all below 200,000 requests.")
    var rows: RowKeeping?

    @Option(help: "Seconds of simulated time between samples of queues, memory and SMs. Default: 500 samples a run.")
    var sampleInterval: Double?

    @Flag(help: "Price and record every iteration on its own: slower, the same results to the bit.")
    var stepByStep = false

    @Option(help: "Format of the answer on standard output: text, csv or json.")
    var format = ReportFormat.text

    @Flag(name: .shortAndLong, help: "No progress, notes or warnings on standard error.")
    var quiet = false
}
