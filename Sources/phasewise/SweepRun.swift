internal import Diagnostics
internal import EventKernel
internal import Foundation
internal import Metrics
internal import Planning
internal import ResultStore
internal import Scenarios
internal import Synchronization
internal import Workloads

/// The runs of a sweep: every deployment at every point, those that are stored already left out.
struct SweepRun: Sendable {
    /// One run to have in the database.
    struct Job: Sendable {
        var point: Int
        var resolution: ScenarioResolution
        var deployment: Int
        var key: RunKey
        /// Why it cannot be simulated, as where the model does not fit: a result too.
        var impossibility: String?
    }

    let plan: SweepPlan
    let points: [SweepPoint]
    /// In the order of the plan; points that resolve to the same scenario share a key.
    let jobs: [Job]
    let evaluator: Evaluator

    /// - Throws: what is wrong with the scenarios of the points, up to the usual number of findings.
    init(_ plan: SweepPlan, shard: Shard?, evaluator: Evaluator) throws {
        self.plan = plan
        self.evaluator = evaluator
        points = plan.points.filter { shard?.holds($0.index) ?? true }
        let environment = evaluator.workspace.environment
        var collector = DiagnosticCollector()
        var jobs: [Job] = []
        for point in points where !collector.isFull {
            do throws(InputError) {
                let resolution = try plan.resolve(point, in: environment)
                let scenario = resolution.scenario.yaml()
                for (index, deployment) in resolution.scenario.deployments.enumerated() {
                    let key = RunKey(scenario: scenario, deployment: deployment.name)
                    jobs.append(
                        Job(
                            point: point.index, resolution: resolution, deployment: index, key: key,
                            impossibility: Self.impossibility(of: resolution, deployment: index, evaluator)))
                }
            } catch { collector.absorb(error) }
        }
        try collector.throwIfAny()
        self.jobs = jobs
    }

    private static func impossibility(
        of resolution: ScenarioResolution, deployment: Int, _ evaluator: Evaluator
    ) -> String? {
        do {
            _ = try evaluator.configuration(of: resolution, deployment: deployment)
            return nil
        } catch { return (error as? InputError)?.diagnostics[0].message ?? "\(error)" }
    }

    /// The jobs that are still to be done, each key once.
    func missing(from stored: [RunKey: Int64]) -> [Job] {
        var seen: Set<RunKey> = []
        return jobs.filter { $0.impossibility == nil && stored[$0.key] == nil && seen.insert($0.key).inserted }
    }

    /// The jobs that cannot be done, each with the reason.
    var impossible: [Diagnostic] {
        jobs.compactMap { job in
            job.impossibility.map { Diagnostic(.warning, at: nil, "point \(job.point), \(job.key.deployment): \($0)") }
        }
    }

    /// Runs what is missing; each run is committed as soon as it is done.
    func run(
        _ missing: [Job], keeping rows: RowKeeping, into store: ResultStore, on parallel: Parallel, isQuiet: Bool
    ) throws {
        let progress = LongJob(plan.name, total: missing.count, isQuiet: isQuiet)
        defer { progress.end() }
        try parallel.forEach(missing.count) { index in
            let job = missing[index]
            _ = try evaluator.store(
                job.resolution, deployment: job.deployment, keeping: rows, comparison: job.comparison, in: store)
            progress.advance()
        }
    }

    /// Seconds that the missing runs will take on one core, from one of them in the middle that is timed here.
    func estimatedSeconds(of missing: [Job]) throws -> Double {
        guard !missing.isEmpty else { return 0 }
        let job = missing[missing.count / 2]
        let started = Date()
        _ = try evaluator.summary(of: job.resolution, deployment: job.deployment)
        return Date().timeIntervalSince(started) * Double(missing.count)
    }
}

extension SweepRun.Job {
    /// The runs of one scenario are a comparison, the same one whenever and wherever they are made.
    fileprivate var comparison: String? {
        guard resolution.scenario.deployments.count > 1 else { return nil }
        var hash = Fingerprint()
        for byte in key.scenario.utf8 { hash.fold(UInt64(byte)) }
        return "sweep-" + String(hash.value, radix: 16)
    }
}
