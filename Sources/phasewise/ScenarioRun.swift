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
    /// The flag with which the user asked for other draws, if there was one.
    let drawFlag: String?

    /// - Returns: The runs in the order of the deployments. Everything is checked before anything runs.
    func run() throws -> [StoredRun] {
        let scenario = resolution.scenario
        let workspace = workspace
        let sampleInterval = try options.checkedSampleInterval()
        let configurations = try resolution.configurations(
            costModel: { try workspace.costModel(of: $0) },
            kvCapacity: { try workspace.keyValueBlocks(of: $0, utilization: $1, blockSize: $2) })
        let workload = ScenarioWorkload(resolution)
        let (trace, source, warnings) = try workload.requests()
        try check(configurations, trace)
        try resolution.checkClasses(of: trace)
        let (rows, rowNote) = options.rowKeeping(requests: trace.requests.count)
        let store = try options.storesNothing ? nil : ResultStore(writingTo: options.database)
        tell(resolution.remarks + warnings + [drawNote(workload), rowNote].compactMap(\.self))
        let effective = EffectiveConfiguration(scenario: scenario, configurations: configurations, trace: trace)
        if !options.quiet {
            for line in effective.lines { Terminal.complain(line) }
        }

        let createdAt = timestamp(Date())
        let comparison = scenario.deployments.count > 1 ? UUID().uuidString : nil
        let runs = try configurations.enumerated().map { index, configuration in
            let description = RunDescription(
                scenario, deployment: index, configuration, trace: trace, createdAt: createdAt, comparison: comparison)
            var configuration = configuration
            configuration.stepByStep = options.stepByStep
            configuration.sampleInterval = sampleInterval ?? OutputOptions.sampleInterval(of: trace)
            let count = scenario.deployments.count
            let progress = description.deployment + (count == 1 ? "" : ", \(index + 1) of \(count)")
            func run(_ source: some RequestSource) throws -> StoredRun {
                let count = trace.requests.count
                // A source that tells nobody anything would only be in the way.
                guard ProgressSource<TraceSource>.isShown(isQuiet: options.quiet) else {
                    return try self.run(configuration, source, count, description, rows: rows, store: store)
                }
                let told = ProgressSource(source, label: progress, total: count, isQuiet: options.quiet)
                return try self.run(configuration, told, count, description, rows: rows, store: store)
            }
            return try run(source)
        }
        if store != nil { tell([storedNote(runs)]) }
        return runs
    }

    private func run(
        _ configuration: SimulationConfiguration, _ requests: some RequestSource, _ count: Int,
        _ description: RunDescription, rows: RowKeeping, store: ResultStore?
    ) throws -> StoredRun {
        var source = requests
        let started = Date()
        if let store {
            let writer = try store.startRun(description, keeping: rows, expectedRequests: count)
            var recorder = RunWatch(writer)
            let outcome = try Simulation(configuration).run(&source, into: &recorder)
            var run = try recorder.base.commit(outcome, wallSeconds: Date().timeIntervalSince(started))
            run.partitionChanges = recorder.partitionChanges
            tell([recorder.warning(deployment: description.deployment)].compactMap(\.self))
            return run
        }
        let builder = RunSummaryBuilder(
            slo: description.slo, pricePerHour: description.pricePerHour, groups: description.groups,
            expectedRequests: count)
        var recorder = RunWatch(builder)
        let outcome = try Simulation(configuration).run(&source, into: &recorder)
        tell([recorder.warning(deployment: description.deployment)].compactMap(\.self))
        return StoredRun(
            id: 0, description: description, rowsKept: .none, gpus: outcome.instances.reduce(0) { $0 + $1.gpus },
            iterations: outcome.iterations, fingerprint: outcome.fingerprint,
            wallSeconds: Date().timeIntervalSince(started), summary: recorder.base.summary(of: outcome),
            partitionChanges: recorder.partitionChanges, histograms: recorder.base.histograms)
    }

    /// Ids of blocks that are no whole number of KV blocks cannot be cached.
    private func check(_ configurations: [SimulationConfiguration], _ trace: Trace) throws(InputError) {
        guard let tokens = trace.blockHashes?.blockTokens else { return }
        for (configuration, place) in zip(configurations, resolution.deploymentPlaces) {
            for pool in configuration.pools
            where pool.memory.cachesPrefixes && !tokens.isMultiple(of: pool.memory.blockSize) {
                throw InputError(
                    at: place,
                    "found KV blocks of \(pool.memory.blockSize) tokens for a trace with ids of blocks of \(tokens), expected a divisor",
                    help: "change the block size, or turn prefix caching off")
            }
        }
    }

    private func tell(_ remarks: [Diagnostic]) {
        if !options.quiet { Terminal.complain(remarks) }
    }

    private func drawNote(_ workload: ScenarioWorkload) -> Diagnostic? {
        guard let drawFlag, !workload.isDrawn else { return nil }
        return Diagnostic(
            .note, at: SourceLocation(file: drawFlag, line: 1, column: 1),
            "changes nothing: no part of this scenario is drawn at random",
            help: "--arrivals poisson draws the trace's arrivals anew")
    }

    private func storedNote(_ runs: [StoredRun]) -> Diagnostic {
        let ids = runs.map { String($0.id) }
        let list = (ids.count > 1 ? "runs " : "run ") + ids.joined(separator: ", ")
        return Diagnostic(.note, at: nil, "stored as \(list) in \(options.database)")
    }
}
