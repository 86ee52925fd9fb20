import CostModels
import EventKernel
import Metrics
import Profiles
import Scenarios
import Simulator
import Workloads

/// Serves the workload of a scenario with one deployment, with a policy that Phasewise does not know.
struct Replay {
    private let resolution: ScenarioResolution
    private let profiles: String
    private let policy: (any SchedulingPolicy)?

    /// - Parameter policy: takes the place of the scenario's in unified pools; `nil` to keep that.
    init(scenario: String, profiles: String, policy: (any SchedulingPolicy)?) throws {
        let runtimes = ["ideal", "vllm-v1", "vllm-0.6", "sglang-0.4.4", "distserve"]
        let environment = ScenarioEnvironment(
            catalog: ProfileCatalog(roots: [profiles]), generators: WorkloadPreset.allCases.map(\.rawValue),
            traceFormats: TraceFormat.allCases.map(\.rawValue), runtimes: runtimes)
        resolution = try ScenarioResolution.load(path: scenario, in: environment)
        self.profiles = profiles
        self.policy = policy
    }

    func summary() throws -> RunSummary {
        let scenario = resolution.scenario
        // This is where a policy of your own is registered.
        var configuration = try resolution.configurations(costModel: costModel, kvCapacity: keyValueBlocks)[0]
        for pool in configuration.pools.indices where configuration.pools[pool].role == .unified {
            if let policy { configuration.pools[pool].prefillPolicy = policy }
        }
        var builder = RunSummaryBuilder(slo: scenario.slo, pricePerHour: scenario.deployments[0].pricePerHour)
        var source = try trace().source
        let outcome = try Simulation(configuration).run(&source, into: &builder)
        return builder.summary(of: outcome)
    }

    private func trace() throws -> Trace {
        let workload = resolution.scenario.workload
        let streams = RandomStreams(seed: resolution.scenario.seed, run: resolution.scenario.run)
        var trace: Trace
        switch workload.source {
        case .trace(let path, let format):
            trace = try TraceReader.read(path: path, format: format.flatMap(TraceFormat.init)).trace
            if let requests = workload.requests { trace = trace.prefix(requests) }
        case .generator(let name):
            guard let preset = WorkloadPreset(rawValue: name) else { preconditionFailure("no workload \(name)") }
            trace = WorkloadGenerator.trace(preset.model, requests: workload.requests ?? 0, streams: streams)
        }
        switch workload.arrivals {
        case .recorded: return workload.requestsPerSecond.flatMap { trace.rescaled(toRate: $0) } ?? trace
        case .drawn(let shape):
            let process = shape.process(rate: workload.requestsPerSecond ?? trace.rate)
            return process.flatMap { trace.withArrivals($0, streams: streams) } ?? trace
        }
    }

    private func costModel(of kind: InstanceKind) throws -> any CostModel {
        let id = kind.device.id
        let file = "\(profiles)/efficiency/\(id).yaml"
        return try RooflineCostModel(
            model: kind.model, device: kind.device,
            efficiency: try EfficiencyProfile(yaml: try InputText.read(file), id: id, file: file),
            runtime: try runtime(kind.runtime), sharing: nil, tensorParallelism: kind.tensorParallelism,
            smCounts: kind.smCounts, maxSequences: kind.maxSequences)
    }

    private func keyValueBlocks(of kind: InstanceKind, utilization: Double, blockSize: Int) throws -> Int {
        let activations = MemoryBudget.activationBytes(
            model: kind.model, batchedTokens: kind.maxBatchedTokens, sequences: kind.maxSequences,
            tensorParallelism: kind.tensorParallelism)
        var budget = MemoryBudget(runtime: try runtime(kind.runtime), activationBytes: activations)
        budget.utilisation = utilization
        return try MemoryCapacity.keyValueBlocks(
            model: kind.model, device: kind.device, budget: budget, blockSize: blockSize,
            tensorParallelism: kind.tensorParallelism)
    }

    private func runtime(_ id: String) throws -> RuntimeProfile {
        let file = "\(profiles)/runtimes/\(id).yaml"
        return try RuntimeProfile(yaml: try InputText.read(file), id: id, file: file)
    }
}

extension RunSummary {
    /// The columns of `phasewise simulate --format csv`.
    var csv: String {
        "metric,statistic,unit,value,count\n"
            + entries.map { entry in
                "\(entry.metric.rawValue),\(entry.statistic.rawValue),\(entry.metric.unit.rawValue),"
                    + "\(entry.value.map { text($0, unit: entry.metric.unit) } ?? ""),\(entry.count)\n"
            }.joined()
    }

    private func text(_ value: Double, unit: MetricUnit) -> String {
        switch unit {
        case .count: String(Int(value))
        case .verdict: SaturationVerdict.allCases.first { Double($0.rank) == value }?.rawValue ?? ""
        default: "\(value)"
        }
    }
}
