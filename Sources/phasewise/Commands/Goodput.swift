internal import ArgumentParser
internal import Diagnostics
internal import Metrics
internal import Planning
internal import Reporting
internal import Scenarios
internal import Workloads

struct Goodput: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "goodput",
        abstract: "Finds the highest rate at which each deployment meets the SLO.",
        discussion: """
            Brackets the rate, then bisects. Every rate is simulated with the same replications, until the share of requests \
            within the SLO is above or below its target with the stated confidence. Replications draw arrivals anew, so \
            they need drawn arrivals: without --arrivals recorded, recorded ones are replaced by Poisson ones.

            Examples:
              phasewise goodput Profiles/scenarios/azure-conv.yaml --requests 2000
              phasewise goodput Profiles/scenarios/azure-conv.yaml --policies vllm-v1,sarathi --curve
            """)

    @OptionGroup var scenario: ScenarioOptions
    @Option(help: "Policies, separated by commas; they replace the deployments of a scenario file.")
    var policies: String?
    @Option(help: "Share of requests that must meet the SLO, in the place of the scenario's.") var target: Double?
    @Option(help: "Confidence of the whole answer.") var confidence = 0.95
    @Option(help: "Width of the answer at which the search ends, as a share of the rate.") var tolerance = 0.02
    @Option(help: "The most replications at one rate.") var replications = 24
    @Option(help: "Runs at the same time. Default: one on each core.") var jobs: Int?
    @Flag(help: "Print the attainment curves instead: every rate that was tried.") var curve = false
    @Flag(help: "Plot the attainment curves below the table.") var plot = false
    @Option(help: "Format of the answer on standard output: text, csv or json.") var format = ReportFormat.text
    @Flag(name: .shortAndLong, help: "No progress and no notes on standard error.") var quiet = false

    /// The fewest replications that have a spread to speak of.
    private static let leastReplications = 3
    /// Rates that share the allowed error: brackets and bisections of a search without surprises need fewer.
    private static let mostPoints = 24

    func validate() throws {
        try scenario.checkComplete()
        if plot, format != .text {
            throw ValidationError("found --plot with --format \(format.rawValue), expected text")
        }
        if let jobs, jobs < 1 { throw ValidationError("found --jobs \(jobs), expected 1 or more") }
        if replications < 1 { throw ValidationError("found --replications \(replications), expected 1 or more") }
        for (flag, value) in [("--confidence", confidence), ("--target", target ?? 0.5)]
        where !(value > 0 && value < 1) {
            throw ValidationError("found \(flag) \(value), expected a share between 0 and 1")
        }
        if !(tolerance > 0) { throw ValidationError("found --tolerance \(tolerance), expected more than 0") }
    }

    func run() throws {
        let evaluator = Evaluator(try Workspace(profiles: scenario.profiles))
        let names = policies.map { $0.split(separator: ",").map(String.init) } ?? []
        var document = try scenario.document(policies: names, policiesFlag: "--policies")
        if let target { try document.set("\(target)", at: "slo.attainment") }
        var resolution = try document.resolve(in: evaluator.workspace.environment)
        if resolution.scenario.workload.arrivals == .recorded, scenario.arrivals == nil {
            try document.set("poisson", at: "workload.arrivals")
            resolution = try document.resolve(in: evaluator.workspace.environment)
            tell("note: arrivals are drawn (Poisson), so that they differ by replication")
        }
        guard let slo = resolution.scenario.slo else {
            throw InputError(at: nil, "the scenario has no SLO, expected one", help: "give --ttft and --tpot")
        }
        let isDrawn = ScenarioWorkload(resolution).isDrawn
        if !isDrawn {
            tell("note: nothing is drawn at random: one replication, and no confidence but in the arithmetic")
        }
        let test = AttainmentTest(
            target: slo.attainmentTarget, confidence: confidence,
            looks: isDrawn
                ? AttainmentTest.looks(from: min(Self.leastReplications, replications), to: replications) : [1],
            points: Self.mostPoints)
        let search = DeploymentGoodput(
            document: document, evaluator: evaluator, slo: slo, parallel: Parallel(workers: jobs), isQuiet: quiet)
        let startRate = try resolution.scenario.workload.requestsPerSecond ?? evaluator.trace(of: resolution).rate
        guard startRate > 0 else {
            throw InputError(
                at: resolution.workloadPlace, "found a trace without a rate to start from", help: "give --rate")
        }
        let answers = try resolution.scenario.deployments.indices.map { deployment in
            try search.answer(
                GoodputSearch(test: test, startRate: startRate, tolerance: tolerance), deployment: deployment)
        }
        let report = GoodputReport(
            deployments: resolution.scenario.deployments, answers: answers, confidence: isDrawn ? confidence : nil)
        try Terminal.write((curve ? report.curves : report.answers).rendered(as: format))
        if plot {
            let curves = zip(resolution.scenario.deployments.map(\.name), answers).map { (deployment: $0, answer: $1) }
            try Terminal.write("\n" + attainmentPlot(of: curves, target: slo.attainmentTarget))
        }
    }

    private func tell(_ line: String) {
        if !quiet { Terminal.complain(line) }
    }
}

/// Simulates one deployment at many rates.
private struct DeploymentGoodput: Sendable {
    let document: ScenarioDocument
    let evaluator: Evaluator
    let slo: SLO
    let parallel: Parallel
    let isQuiet: Bool

    func answer(_ search: GoodputSearch, deployment: Int) throws -> GoodputAnswer {
        let progress = LongJob("searching", total: search.test.points, isQuiet: isQuiet)
        defer { progress.end() }
        return try search.run { rate, replications in
            let first = replications.lowerBound
            let samples = try parallel.map(replications.count) { offset in
                try sample(rate: rate, replication: first + offset, deployment: deployment)
            }
            progress.advance()
            return samples
        }
    }

    private func sample(rate: Double, replication: Int, deployment: Int) throws -> AttainmentSample {
        var document = document
        try document.set("\(rate)", at: "workload.rate")
        var resolution = try document.resolve(in: evaluator.workspace.environment)
        resolution.scenario.run += UInt64(replication)
        return try evaluator.attainment(
            try evaluator.configuration(of: resolution, deployment: deployment), try evaluator.trace(of: resolution),
            slo: slo)
    }
}
