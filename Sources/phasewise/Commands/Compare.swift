internal import ArgumentParser
internal import Reporting
internal import ResultStore
internal import Scenarios

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", _superCommandName: Phasewise.name,
        abstract: "Serves one workload in several ways and prints them side by side.",
        discussion: """
            Examples:
              phasewise compare Profiles/scenarios/azure-conv.yaml
              phasewise compare Profiles/scenarios/azure-conv.yaml --rate 12 --set "deployments.2.partition=[60, 100]"
              phasewise compare --trace Traces/azure-conv-shaped-10k.csv --model llama-3-8b --device h200-sxm \
            --policies vllm-v1,distserve,semi-pd --rate 8 --ttft 0.5 --tpot 0.05

            Without a scenario file and without --policies it compares vllm-v1, distserve and semi-pd.
            """)

    /// One of each way of serving.
    private static let defaultPolicies = ["vllm-v1", "distserve", "semi-pd"]

    @OptionGroup var scenario: ScenarioOptions
    @Option(help: "Policies to compare, separated by commas; they replace the deployments of a scenario file.")
    var policies: String?
    @Flag(help: "Plot the distributions of TTFT and TPOT below the table.") var plot = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        try scenario.checkComplete()
        if plot, output.format != .text {
            throw ValidationError("found --plot with --format \(output.format.rawValue), expected text")
        }
    }

    func run() throws {
        let workspace = try Workspace(profiles: scenario.profiles)
        let named = policies.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        let names = named ?? (scenario.scenario == nil ? Self.defaultPolicies : [])
        let resolution = try scenario.resolve(policies: names, policiesFlag: "--policies", in: workspace)
        let runs = try ScenarioRun(
            resolution: resolution, options: output, workspace: workspace, drawFlag: scenario.drawFlag
        ).run()
        try Terminal.write(report(on: runs).rendered(as: output.format))
        if plot { try Terminal.write("\n" + distributionPlots(of: runs)) }
    }
}

struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", _superCommandName: Phasewise.name,
        abstract: "Serves one workload in one way.",
        discussion: """
            A scenario file with several deployments needs --deployment.

            Example:
              phasewise simulate --trace Traces/azure-conv-shaped-10k.csv --model llama-3-8b --device h200-sxm \
            --policy vllm-v1 --rate 8
            """)

    @OptionGroup var scenario: ScenarioOptions
    @Option(help: "Policy, an id of `phasewise policies`; it replaces the deployments of a scenario file.")
    var policy: String?
    @Option(help: "Which deployment of the scenario file to run, by name.")
    var deployment: String?
    @OptionGroup var output: OutputOptions

    func validate() throws { try scenario.checkComplete(policyFlag: policy == nil ? "--policy" : nil) }

    func run() throws {
        let workspace = try Workspace(profiles: scenario.profiles)
        var resolution = try scenario.resolve(
            policies: policy.map { [$0] } ?? [], policiesFlag: "--policy", in: workspace)
        try resolution.select(deployment: deployment)
        let runs = try ScenarioRun(
            resolution: resolution, options: output, workspace: workspace, drawFlag: scenario.drawFlag
        ).run()
        try Terminal.write(report(on: runs).rendered(as: output.format))
    }
}
