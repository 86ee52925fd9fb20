internal import CostModels
internal import Diagnostics
internal import EventKernel
internal import Foundation
internal import Metrics
internal import Planning
internal import ResultStore
internal import Scenarios
internal import Simulator
internal import Synchronization
internal import Workloads

/// Simulates many variants of scenarios, on any thread: every trace is read and every kind of instance priced once.
final class Evaluator: Sendable {
    let workspace: Workspace
    private let costModels = Mutex<[InstanceKind: any CostModel]>([:])
    private let traces = Mutex<[ResolvedWorkload.Source: Trace]>([:])

    init(_ workspace: Workspace) { self.workspace = workspace }

    /// What the simulator needs for one deployment of a scenario.
    func configuration(of resolution: ScenarioResolution, deployment: Int) throws -> SimulationConfiguration {
        var one = resolution
        one.scenario.deployments = [resolution.scenario.deployments[deployment]]
        one.deploymentPlaces = [resolution.deploymentPlaces[deployment]]
        return try one.configurations(
            costModel: { try self.costModel(of: $0) },
            kvCapacity: { try self.workspace.keyValueBlocks(of: $0, utilization: $1, blockSize: $2) })[0]
    }

    /// The requests of a scenario.
    func trace(of resolution: ScenarioResolution) throws -> Trace {
        let workload = ScenarioWorkload(resolution)
        try workload.checkArrivalsAreKnown()
        let trace = try unchecked(workload, resolution)
        try resolution.checkClasses(of: trace)
        return trace
    }

    private func unchecked(_ workload: ScenarioWorkload, _ resolution: ScenarioResolution) throws -> Trace {
        guard case .trace = resolution.scenario.workload.source else {
            return try workload.knownArrivals(from: try workload.source().trace)
        }
        let source = resolution.scenario.workload.source
        if let known = traces.withLock({ $0[source] }) { return try workload.knownArrivals(from: known) }
        let read = try workload.source().trace
        let trace = try workload.knownArrivals(from: read)
        traces.withLock { $0[source] = read }
        return trace
    }

    /// Runs one deployment and stores nothing.
    func run(
        _ configuration: SimulationConfiguration, _ trace: Trace, into recorder: inout some Recorder
    ) throws -> RunOutcome {
        var source = trace.source
        return try Simulation(configuration).run(&source, into: &recorder)
    }

    /// The summary of one deployment of a scenario.
    ///
    /// - Parameter change: made to what the simulator is given.
    func summary(
        of resolution: ScenarioResolution, deployment: Int, change: (inout SimulationConfiguration) -> Void = { _ in }
    ) throws -> RunSummary {
        let scenario = resolution.scenario
        let trace = try trace(of: resolution)
        var builder = RunSummaryBuilder(
            slo: scenario.slo, pricePerHour: scenario.deployments[deployment].pricePerHour, groups: trace.groups,
            expectedRequests: trace.requests.count)
        var configuration = try configuration(of: resolution, deployment: deployment)
        change(&configuration)
        let outcome = try run(configuration, trace, into: &builder)
        return builder.summary(of: outcome)
    }

    /// Runs one deployment and stores it, with its rows if they are wanted.
    ///
    /// - Parameter label: what the run is called in the place of its deployment's name.
    func store(
        _ resolution: ScenarioResolution, deployment: Int, keeping rows: RowKeeping, comparison: String?,
        label: String? = nil, in store: ResultStore
    ) throws -> StoredRun {
        let trace = try trace(of: resolution)
        var configuration = try configuration(of: resolution, deployment: deployment)
        if rows == .all { configuration.sampleInterval = OutputOptions.sampleInterval(of: trace) }
        let started = Date()
        var description = RunDescription(
            resolution.scenario, deployment: deployment, configuration, trace: trace,
            createdAt: timestamp(started), comparison: comparison)
        if let label { description.deployment = label }
        var writer = try store.startRun(description, keeping: rows, expectedRequests: trace.requests.count)
        let outcome = try run(configuration, trace, into: &writer)
        return try writer.commit(outcome, wallSeconds: Date().timeIntervalSince(started))
    }

    private func costModel(of kind: InstanceKind) throws -> any CostModel {
        if let known = costModels.withLock({ $0[kind] }) { return known }
        let made = try workspace.costModel(of: kind)
        costModels.withLock { $0[kind] = made }
        return made
    }
}

extension RunDescription {
    /// The run of one deployment of a scenario.
    init(
        _ scenario: ResolvedScenario, deployment index: Int, _ configuration: SimulationConfiguration, trace: Trace,
        createdAt: String, comparison: String?
    ) {
        let deployment = scenario.deployments[index]
        var alone = scenario
        alone.deployments = [deployment]
        let effective = EffectiveConfiguration(scenario: alone, configurations: [configuration], trace: trace)
        self.init(
            createdAt: createdAt, name: scenario.name, comparison: comparison, deployment: deployment.name,
            scenario: scenario.yaml(), seed: scenario.seed, runNumber: scenario.run, revision: Phasewise.version,
            traceSource: ([trace.provenance.source] + trace.provenance.changes).joined(separator: ", "),
            slo: scenario.slo, groups: trace.groups, pricePerHour: deployment.pricePerHour,
            requestRate: scenario.workload.requestsPerSecond ?? (trace.rate > 0 ? trace.rate : nil),
            configuration: effective.lines.joined(separator: "\n"))
    }
}

extension Evaluator {
    /// What one run shows of an SLO. It is broken off as soon as the target is missed by far.
    func attainment(_ configuration: SimulationConfiguration, _ trace: Trace, slo: SLO) throws -> AttainmentSample {
        try attainmentAndSummary(configuration, trace, slo: slo).attainment
    }

    /// The same with the summary of the run; `nil` of one that was broken off.
    func attainmentAndSummary(
        _ configuration: SimulationConfiguration, _ trace: Trace, slo: SLO
    ) throws -> (attainment: AttainmentSample, summary: RunSummary?) {
        let watch = AttainmentWatch(AttainmentCounter(slo: slo, requests: trace.requests.count, groups: trace.groups))
        var source = WatchedSource(base: trace.source, watch: watch)
        var recorder = WatchingRecorder(watch: watch)
        do {
            let outcome = try Simulation(configuration).run(&source, into: &recorder)
            let summary = watch.counter.summary.summary(of: outcome)
            return (watch.counter.sample(isBound: false, saturation: summary.saturation), summary)
        } catch is AttainmentWatch.Hopeless {
            return (watch.counter.sample(isBound: true, saturation: nil), nil)
        }
    }
}

/// What the records of a run say to the source of its requests: a class because both must see it.
private final class AttainmentWatch {
    struct Hopeless: Error {}

    var counter: AttainmentCounter

    init(_ counter: AttainmentCounter) { self.counter = counter }
}

/// Ends a run in which too many requests have missed the SLO.
private struct WatchedSource<Base: RequestSource>: RequestSource {
    var base: Base
    let watch: AttainmentWatch

    mutating func next() throws -> Request? {
        if watch.counter.isHopeless { throw AttainmentWatch.Hopeless() }
        return try base.next()
    }
}

private struct WatchingRecorder: Recorder {
    let watch: AttainmentWatch

    mutating func record(_ request: RequestRecord) { watch.counter.record(request) }
    var recordsIterations: Bool { false }
    var tokenGaps: TokenGapRecording { watch.counter.tokenGaps }
    mutating func recordTokenGaps(_ gaps: LatencyHistogram) { watch.counter.recordTokenGaps(gaps) }
}
