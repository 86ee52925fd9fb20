internal import Diagnostics
internal import Foundation
internal import Metrics
internal import Profiles
internal import Regression
internal import ResultStore
internal import Scenarios
internal import Workloads

/// Runs the cases of a suite for one side or the other.
struct RegressionRun: Sendable {
    let suite: RegressionSuite
    let evaluator: Evaluator
    let parallel: Parallel
    /// Where both sides are kept; `nil` to keep nothing.
    let store: ResultStore?
    /// The same for both sides, and for no other invocation.
    let comparison: String
    let isQuiet: Bool

    /// A case of one side, ready to run.
    struct Prepared: Sendable {
        var resolution: ScenarioResolution
        var deployment: Int
        var isDrawn: Bool
    }

    /// - Throws: what is wrong with the suite itself, before any change of a side.
    func check() throws {
        var collector = DiagnosticCollector()
        for test in suite.cases {
            do { _ = try prepare(test, test.document) } catch let error as InputError { collector.absorb(error) }
        }
        try collector.throwIfAny()
    }

    private func prepare(_ test: RegressionSuite.Case, _ document: ScenarioDocument) throws -> Prepared {
        var resolution = try document.resolve(in: evaluator.workspace.environment)
        do throws(InputError) { try resolution.select(deployment: test.deployment) } catch {
            throw InputError(at: test.place, error.diagnostics[0].message, help: "name it with \"deployment\"")
        }
        resolution.scenario.name = "\(suite.name)/\(test.name)"
        return Prepared(resolution: resolution, deployment: 0, isDrawn: ScenarioWorkload(resolution).isDrawn)
    }

    /// Every case of one side, replications in order. A case that cannot be run has failed; that is a result.
    func results(of side: RegressionSuite.Side, overrides: [String]) throws -> [SideResult] {
        try results(of: side, overrides: overrides) { prepared, test in
            let label = "\(side.rawValue) \(prepared.resolution.scenario.deployments[0].name)"
            guard let store else { return try evaluator.summary(of: prepared.resolution, deployment: 0) }
            return try evaluator.store(
                prepared.resolution, deployment: 0, keeping: .none, comparison: "\(comparison) \(test.name)",
                label: label, in: store
            ).summary
        }
    }

    /// The same as another program simulates it.
    func results(
        ofProgram program: String, for side: RegressionSuite.Side, overrides: [String]
    ) throws -> [SideResult] {
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw InputError(at: nil, "found no program \"\(program)\", expected one like phasewise")
        }
        return try results(of: side, overrides: overrides) { prepared, _ in
            try ForeignProgram(path: program).summary(of: prepared.resolution.scenario)
        }
    }

    /// Every case of the suite with other draws, the `draws`-th lot of them, and with a planted change if there is one.
    func results(draws: Int, planting change: PlantedChange? = nil) throws -> [SideResult] {
        try results(of: .candidate, overrides: []) { prepared, _ in
            var resolution = prepared.resolution
            resolution.scenario.run += UInt64(draws * suite.replications)
            return try evaluator.summary(of: resolution, deployment: 0) { change?.apply(&$0) }
        }
    }

    private func results(
        of side: RegressionSuite.Side, overrides: [String],
        _ summary: @Sendable (Prepared, RegressionSuite.Case) throws -> RunSummary
    ) throws -> [SideResult] {
        let prepared: [Result<Prepared, InputError>] = try suite.cases.map { test in
            do {
                return .success(try prepare(test, try suite.document(of: test, for: side, overrides: overrides)))
            } catch let error as InputError { return .failure(error) }
        }
        // One after the other would leave cores idle at the end of every case.
        let jobs = prepared.indices.flatMap { index in
            guard case .success(let ready) = prepared[index] else { return [(Int, Int)]() }
            return (0..<(ready.isDrawn ? suite.replications : 1)).map { (index, $0) }
        }
        let progress = LongJob("\(side.rawValue)", total: jobs.count, isQuiet: isQuiet)
        defer { progress.end() }
        let runs = try parallel.map(jobs.count) { job -> Result<SideRun, InputError> in
            let (index, replication) = jobs[job]
            var ready = try prepared[index].get()
            ready.resolution.scenario.run += UInt64(replication)
            defer { progress.advance() }
            do {
                return .success(SideRun(try summary(ready, suite.cases[index]), limits: suite.limits))
            } catch let error as InputError { return .failure(error) }
        }
        return prepared.indices.map { index in
            if case .failure(let error) = prepared[index] { return .failed(reason: error.diagnostics[0].message) }
            var side: [SideRun] = []
            for (job, run) in zip(jobs, runs) where job.0 == index {
                switch run {
                case .success(let run): side.append(run)
                case .failure(let error): return .failed(reason: error.diagnostics[0].message)
                }
            }
            // Without chance all replications are the same one.
            return .runs(side.count == 1 ? Array(repeating: side[0], count: suite.replications) : side)
        }
    }

    /// What `regress --database` stored last for each replication, the candidate of that time.
    func results(inDatabase path: String) throws -> [SideResult] {
        let store = try ResultStore(readingFrom: path)
        var newest: [String: Int64] = [:]
        for row in try store.query(
            "SELECT name, seed, runNumber, max(id) FROM run WHERE deployment LIKE 'candidate %' GROUP BY 1, 2, 3"
        ).rows {
            newest[[row[0], row[1], row[2]].map { $0 ?? "" }.joined(separator: "\t")] = row[3].flatMap(Int64.init)
        }
        return try suite.cases.map { test in
            let ready = try prepare(test, try suite.document(of: test, for: .candidate))
            let scenario = ready.resolution.scenario
            var side: [SideRun] = []
            for replication in 0..<(ready.isDrawn ? suite.replications : 1) {
                let key = "\(scenario.name)\t\(scenario.seed)\t\(scenario.run + UInt64(replication))"
                guard let id = newest[key] else { return .failed(reason: "\(path) has no replication \(replication)") }
                side.append(SideRun(try store.run(id).summary, limits: suite.limits))
            }
            return .runs(side.count == 1 ? Array(repeating: side[0], count: suite.replications) : side)
        }
    }
}

/// Another build of this program, asked through its command line.
private struct ForeignProgram {
    let path: String

    /// - Throws: `InputError` with what the program complained of.
    func summary(of scenario: ResolvedScenario) throws -> RunSummary {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        try scenario.withAbsolutePaths(from: FileManager.default.currentDirectoryPath).yaml()
            .write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["simulate", file.path, "--no-store", "--quiet", "--format", "csv"]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // A summary and a few complaints fit into a pipe, so that neither reader can keep the other waiting.
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let line = complaint.split(separator: "\n").first.map(String.init) ?? "exit \(process.terminationStatus)"
            throw InputError(at: nil, "\(path): \(line)")
        }
        return RunSummary(csv: text, slo: scenario.slo)
    }
}

extension ResolvedScenario {
    /// The same scenario as a file in any folder can say it.
    fileprivate func withAbsolutePaths(from folder: String) -> ResolvedScenario {
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
        func reference(_ text: String) -> String { ProfileCatalog.isPath(text) ? absolute(text) : text }
        var moved = self
        if case .trace(let path, let format) = workload.source {
            moved.workload.source = .trace(path: absolute(path), format: format)
        }
        moved.modelReference = reference(modelReference)
        for deployment in deployments.indices {
            for pool in deployments[deployment].pools.indices {
                let device = deployments[deployment].pools[pool].deviceReference
                moved.deployments[deployment].pools[pool].deviceReference = reference(device)
            }
        }
        return moved
    }
}

extension RunSummary {
    /// What `simulate --format csv` prints; lines about metrics that are not known here are left out.
    fileprivate init(csv: String, slo: SLO?) {
        let entries = csv.split(separator: "\n").dropFirst().compactMap { line -> SummaryEntry? in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 5, let metric = Metric(rawValue: fields[0]),
                let statistic = Statistic(rawValue: fields[1])
            else { return nil }
            // Verdicts are printed as words.
            let value =
                metric.unit == .verdict
                ? SaturationVerdict(rawValue: fields[3]).map { Double($0.rank) } : Double(fields[3])
            return SummaryEntry(metric, statistic, value: value, count: Int(fields[4]) ?? 0)
        }
        self.init(entries: entries, slo: slo)
    }
}
