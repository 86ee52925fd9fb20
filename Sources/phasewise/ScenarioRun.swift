internal import CostModels
internal import Diagnostics
internal import EventKernel
internal import Foundation
internal import Metrics
internal import ResultStore
internal import Scenarios
internal import Simulator
internal import Workloads

/// Runs the deployments of a scenario one after the other and stores each when it is done.
struct ScenarioRun {
    let resolution: ScenarioResolution
    let options: OutputOptions
    let workspace: Workspace

    /// Requests above which rows are not stored unless asked for.
    static let rowLimit = 200_000
    static let samplesPerRun = 500.0

    /// - Returns: The runs in the order of the deployments. Everything is checked before anything runs.
    func run() throws -> [StoredRun] {
        let scenario = resolution.scenario
        let workspace = workspace
        let configurations = try resolution.configurations(
            costModel: { try workspace.costModel(of: $0) },
            kvCapacity: { try workspace.keyValueBlocks(of: $0, utilization: $1, blockSize: $2) })
        let (trace, warnings) = try ScenarioWorkload(scenario).trace()
        if !options.quiet { Terminal.complain(resolution.remarks + warnings) }
        let rows = rowKeeping(requests: trace.requests.count)
        let store = try options.storesNothing ? nil : ResultStore(writingTo: options.database)
        let createdAt = ISO8601DateFormatter().string(from: Date())
        let comparison = scenario.deployments.count > 1 ? UUID().uuidString : nil

        return try zip(scenario.deployments, configurations).map { deployment, configuration in
            let description = RunDescription(
                createdAt: createdAt, name: scenario.name, comparison: comparison, deployment: deployment.name,
                scenario: scenario.yaml(), seed: scenario.seed, runNumber: scenario.run, revision: Phasewise.version,
                traceSource: trace.provenance.source, slo: scenario.slo, pricePerHour: deployment.pricePerHour)
            return try run(configuration, trace: trace, description, rows: rows, store: store)
        }
    }

    private func run(
        _ base: SimulationConfiguration, trace: Trace, _ description: RunDescription, rows: RowKeeping,
        store: ResultStore?
    ) throws -> StoredRun {
        var configuration = base
        configuration.stepByStep = options.stepByStep
        configuration.sampleInterval = sampleInterval(of: trace)
        var source = ProgressSource(
            trace.source, label: description.deployment, total: trace.requests.count, isQuiet: options.quiet)
        let started = Date()
        if let store {
            var writer = try store.startRun(description, keeping: rows, expectedRequests: trace.requests.count)
            let outcome = try Simulation(configuration).run(&source, into: &writer)
            return try writer.commit(outcome, wallSeconds: Date().timeIntervalSince(started))
        }
        var builder = RunSummaryBuilder(
            slo: description.slo, pricePerHour: description.pricePerHour, expectedRequests: trace.requests.count)
        let outcome = try Simulation(configuration).run(&source, into: &builder)
        return StoredRun(
            id: 0, description: description, rowsKept: .none, gpus: outcome.instances.reduce(0) { $0 + $1.gpus },
            iterations: outcome.iterations, fingerprint: outcome.fingerprint,
            wallSeconds: Date().timeIntervalSince(started), summary: builder.summary(of: outcome))
    }

    private func rowKeeping(requests: Int) -> RowKeeping {
        if let rows = options.rows { return rows }
        guard requests >= Self.rowLimit else { return .all }
        if !options.quiet, !options.storesNothing {
            Terminal.complain("note: \(requests) requests: only summaries are stored; --rows all keeps every request")
        }
        return .none
    }

    private func sampleInterval(of trace: Trace) -> SimulationDuration? {
        if let seconds = options.sampleInterval { return SimulationDuration(rounding: seconds) }
        let nanoseconds = Double(trace.duration.nanoseconds) / Self.samplesPerRun
        return nanoseconds >= 1 ? SimulationDuration(nanoseconds: Int64(nanoseconds)) : nil
    }
}

/// The requests that a scenario asks for.
struct ScenarioWorkload {
    let workload: ResolvedWorkload
    let streams: RandomStreams

    init(_ scenario: ResolvedScenario) {
        workload = scenario.workload
        streams = RandomStreams(seed: scenario.seed, run: scenario.run)
    }

    func trace() throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        var warnings: [Diagnostic] = []
        var trace: Trace
        switch workload.source {
        case .trace(let path, let format):
            (trace, warnings) = try TraceReader.read(path: path, format: format.flatMap(TraceFormat.init))
        case .generator(let name):
            guard let preset = WorkloadPreset(rawValue: name) else { preconditionFailure("no preset \(name)") }
            trace = WorkloadGenerator.trace(preset.model, requests: workload.requests ?? 10_000, streams: streams)
        }
        if let requests = workload.requests { trace = trace.prefix(requests) }
        if let rate = workload.requestsPerSecond {
            guard let rescaled = trace.rescaled(toRate: rate) else {
                throw InputError(
                    at: nil, "the trace has no rate to rescale to \(rate)/s: all requests arrive at once",
                    help: "leave out workload.rate")
            }
            trace = rescaled
        }
        return (trace, warnings)
    }
}
