internal import ArgumentParser
internal import Diagnostics
internal import Profiles
internal import Scenarios

/// What is simulated: a scenario file, or flags that stand for one, or a file and flags that change it.
struct ScenarioOptions: ParsableArguments {
    @Argument(help: "Scenario file (YAML). Without one, --trace or --generate, --model and --device say what to run.")
    var scenario: String?

    @Option(help: "Trace file in any known format, plain or gzip.")
    var trace: String?

    @Option(help: "Generate the workload: a preset of `phasewise trace generate --list`.")
    var generate: String?

    @Option(help: "Only the first so many requests; how many to generate.")
    var requests: Int?

    @Option(help: "Rescale arrivals to this mean rate, requests per second over the whole deployment.")
    var rate: Double?

    @Option(
        help:
            "When requests arrive: recorded, or drawn from the seed at the rate: poisson, gamma:CV, weibull:SHAPE and others."
    )
    var arrivals: String?

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

    @Option(help: "What a comparison holds equal, by replicating deployments: gpus (default), cost or none.")
    var equal: String?

    @Option(name: .customLong("set"), help: "Change any field of the scenario, as in deployments.0.tp=2. Repeatable.")
    var overrides: [String] = []

    @Option(
        help: "Prices iterations: tables (measured kernels) or roofline. Default: tables where the device has them.")
    var costModel: String?

    @Option(help: "Folder of device, model and runtime profiles, before the default ones.")
    var profiles: String?

    /// The scenario, with the flags applied; flags without a scenario file make one.
    ///
    /// - Parameter policies: one deployment each, in the place of those of a scenario file.
    func resolve(
        policies: [String], policiesFlag: String, in workspace: Workspace
    ) throws -> ScenarioResolution {
        try document(policies: policies, policiesFlag: policiesFlag).resolve(in: workspace.environment)
    }

    /// The scenario before anything is checked.
    func document(policies: [String], policiesFlag: String) throws(InputError) -> ScenarioDocument {
        var flags = flags
        flags.policies = policies
        flags.policiesFlag = policiesFlag
        if let scenario { return try ScenarioDocument(path: scenario, flags: flags, overrides: overrides) }
        var document = ScenarioDocument(try flags.scenario(), name: trace ?? generate ?? "scenario")
        try document.apply(overrides: overrides)
        return document
    }

    /// The flag with which the user asked for other draws, if there is one.
    var drawFlag: String? { replication != nil ? "--run" : seed != nil ? "--seed" : nil }

    private var flags: ScenarioBuilder {
        var flags = ScenarioBuilder()
        flags.trace = trace
        flags.generate = generate
        flags.requests = requests
        flags.rate = rate
        flags.arrivals = arrivals
        flags.model = model
        flags.device = device
        flags.runtime = runtime
        flags.costModel = costModel
        flags.ttft = ttft
        flags.tpot = tpot
        flags.seed = seed
        flags.run = replication
        flags.equal = equal
        return flags
    }

    /// What is missing may still come from --set; where nothing does, the flags are named all at once.
    ///
    /// - Parameter policyFlag: the flag that gives the policy; `nil` if one is given or not needed.
    func checkComplete(policyFlag: String? = nil) throws(ValidationError) {
        guard scenario == nil, overrides.isEmpty else { return }
        let missing = [
            trace == nil && generate == nil ? "--trace or --generate" : nil, model == nil ? "--model" : nil,
            device == nil ? "--device" : nil, policyFlag,
        ].compactMap(\.self)
        if missing.isEmpty { return }
        throw ValidationError(
            "found no scenario file and no \(missing.joined(separator: ", no ")), expected one or the other")
    }
}
