internal import Diagnostics
internal import EventKernel
internal import Foundation
internal import Metrics
internal import Planning
internal import Profiles
internal import Scenarios

/// Simulates the runs that a plan asks for, unless its journal has them.
struct PlanEvaluator: Sendable {
    let document: ScenarioDocument
    let evaluator: Evaluator
    let parallel: Parallel
    let journal: PlanJournal

    func measure(_ runs: [PlanRun]) throws -> [PlanOutcome] {
        try parallel.map(runs.count) { try outcome(of: runs[$0]) }
    }

    /// The scenario of an arrangement under the load.
    func resolve(_ arrangement: Arrangement) throws(InputError) -> ScenarioResolution {
        var document = document
        let place = SourceLocation(file: arrangement.name, line: 1, column: 1)
        try document.set(
            try YAMLNode.parse(arrangement.deploymentsText, file: arrangement.name),
            at: Located("deployments", at: place))
        return try document.resolve(in: evaluator.workspace.environment)
    }

    private func outcome(of run: PlanRun) throws -> PlanOutcome {
        do {
            var resolution = try resolve(run.arrangement)
            resolution.scenario.run += UInt64(run.replication)
            resolution.scenario.workload.requests = run.requests
            let key = Self.key(of: resolution.scenario)
            if let known = journal.sample(for: key) { return .sample(known) }
            guard let slo = resolution.scenario.slo else { preconditionFailure("a plan without an SLO") }
            let configuration = try evaluator.configuration(of: resolution, deployment: 0)
            let (attainment, summary) = try evaluator.attainmentAndSummary(
                configuration, try evaluator.trace(of: resolution), slo: slo)
            let sample = PlanSample(
                attainment: attainment, tokensPerSecond: summary?[.totalTokenThroughput],
                outputTokensPerSecond: summary?[.outputTokenThroughput], timePerOutputToken: summary?[.tpot, .mean],
                kvPeakFraction: summary?[.kvPeakFraction])
            journal.append(sample, for: key)
            return .sample(sample)
        } catch let error as InputError {
            return .impossible(reason: error.diagnostics[0].message)
        }
    }

    /// Of everything that a run depends on, this program's version included.
    private static func key(of scenario: ResolvedScenario) -> String {
        var hash = Fingerprint()
        for byte in (Phasewise.version + scenario.yaml()).utf8 { hash.fold(UInt64(byte)) }
        return String(hash.value, radix: 16)
    }
}
