internal import Diagnostics
internal import Metrics
internal import Profiles
internal import ResultStore
internal import Scenarios
internal import Simulator
internal import Workloads

/// What a stored run was made from, ready to run again. Runs are deterministic, so what was not stored is found again by
/// running.
struct StoredScenario {
    private let run: StoredRun
    let configuration: SimulationConfiguration
    let trace: Trace
    /// Of the run's requests, for one run.
    let source: any RequestSource

    /// - Throws: what is wrong with the scenario here, as when its trace is no longer where it was.
    init(of run: StoredRun, in workspace: Workspace) throws {
        let file = "scenario of run \(run.id)"
        var resolution = try ScenarioResolution.resolve(
            try YAMLNode.parse(run.description.scenario, file: file), name: run.description.name,
            in: workspace.environment)
        try resolution.select(deployment: run.description.deployment)
        var configuration = try resolution.configurations(
            costModel: { try workspace.costModel(of: $0) },
            kvCapacity: { try workspace.keyValueBlocks(of: $0, utilization: $1, blockSize: $2) })[0]
        (trace, source, _) = try ScenarioWorkload(resolution).requests()
        configuration.sampleInterval = OutputOptions.sampleInterval(of: trace)
        self.configuration = configuration
        self.run = run
    }

    /// Runs again, and makes sure that it is the same run.
    func replay(
        stepByStep: Bool, from source: some RequestSource, into recorder: inout some Recorder
    ) throws {
        var configuration = configuration
        configuration.stepByStep = stepByStep
        var source = source
        let outcome = try Simulation(configuration).run(&source, into: &recorder)
        if outcome.fingerprint == run.fingerprint { return }
        throw InputError(
            at: nil, "run \(run.id) cannot be made again: the same scenario does something else here",
            help: "its trace or profiles have changed, or version \(run.description.revision) made it")
    }

    /// Names of instances by their number.
    var instances: [(name: String, role: PoolRole)] {
        configuration.pools.flatMap { pool in
            (0..<pool.numberedInstances).map { ("\(pool.name) \($0)", pool.role) }
        }
    }
}
