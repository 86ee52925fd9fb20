internal import ArgumentParser
internal import Diagnostics
internal import Foundation
internal import Profiles
internal import Regression
internal import Reporting
internal import ResultStore

struct Regress: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regress",
        abstract: "Fails when a change makes serving worse: a gate for pull requests.",
        discussion: "Example:\n  phasewise regress Profiles/suites/engines.yaml --baseline-set runtime=ideal",
        subcommands: [Gate.self, Power.self], defaultSubcommand: Gate.self)

    struct Gate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gate",
            abstract: "Compares a candidate with a baseline, case by case. The default.",
            discussion: """
                A suite lists cases (scenarios), limits and the number of replications (Profiles/suites). Both sides run with \
                the same draws. The exit status is 1 if a number got worse by more than its absolute and its relative limit \
                and not by chance, or if something that worked stopped working; improvements and drifts are reported only.

                Examples:
                  phasewise regress Profiles/suites/engines.yaml --candidate-set \
                deployments.0.parameters.block_size=32 --baseline-set runtime=ideal
                  phasewise regress suite.yaml --baseline baseline.tsv --update-baseline
                  phasewise regress suite.yaml --baseline baseline.tsv --junit regress.xml
                  phasewise regress suite.yaml --baseline-program ../old/phasewise
                """)

        @Argument(help: "Suite file (YAML).") var suite: String
        @Option(help: "Compare with this baseline file.") var baseline: String?
        @Flag(help: "Write the baseline file from the candidate instead of comparing.") var updateBaseline = false
        @Option(help: "Compare with what an earlier `regress --database` stored.") var baselineDatabase: String?
        @Option(help: "Compare with another build of phasewise.") var baselineProgram: String?
        @Option(help: "Simulate the candidate with another program, as `phasewise simulate` would.")
        var candidateProgram: String?
        @Option(name: .customLong("baseline-set"), help: "Change a field for the baseline. Repeatable.")
        var baselineOverrides: [String] = []
        @Option(name: .customLong("candidate-set"), help: "Change a field for the candidate. Repeatable.")
        var candidateOverrides: [String] = []
        @Option(help: "Draws of each case, in the place of the suite's.") var replications: Int?
        @Option(help: "Keep the runs of both sides in this results database.") var database: String?
        @Option(help: "Write the report to this file, as JSON.") var json: String?
        @Option(help: "Write the report to this file, as JUnit XML.") var junit: String?
        @Option(help: "Runs at the same time. Default: one on each core.") var jobs: Int?
        @Option(help: "Folder of profiles, before the default ones.") var profiles: String?
        @Flag(name: .shortAndLong, help: "No progress and no notes on standard error.") var quiet = false

        func validate() throws {
            if let jobs, jobs < 1 { throw ValidationError("found --jobs \(jobs), expected 1 or more") }
            if let replications, replications < 1 {
                throw ValidationError("found --replications \(replications), expected 1 or more")
            }
            if [baseline, baselineDatabase, baselineProgram].compactMap(\.self).count > 1 {
                throw ValidationError(
                    "found several of --baseline, --baseline-database and --baseline-program, expected one of them")
            }
        }

        func run() throws {
            let evaluator = Evaluator(try Workspace(profiles: profiles))
            var suite = try RegressionSuite.load(path: suite)
            suite.replications = replications ?? suite.replications
            let against = try chosenBaseline(suite)
            let run = RegressionRun(
                suite: suite, evaluator: evaluator, parallel: Parallel(workers: jobs),
                store: try database.map { path throws(ResultStoreError) in try ResultStore(writingTo: path) },
                comparison: "regress \(UUID().uuidString)", isQuiet: quiet)
            try run.check()
            if updateBaseline { return try write(suite, run, to: against) }
            // The baseline is stored first: others are compared with the first of a comparison.
            let theirs = try results(of: against, run)
            let mine = try candidateResults(run)
            let report = RegressionReport(
                suite, baseline: words(for: against), results: Array(zip(theirs, mine)).map { ($0, $1) })
            try Terminal.write(report.markdown)
            try json.map { try report.json.write(toFile: $0, atomically: true, encoding: .utf8) }
            try junit.map { try report.junit.write(toFile: $0, atomically: true, encoding: .utf8) }
            if let database, !quiet { Terminal.complain(closerLook(run, database)) }
            if report.hasFailed { Foundation.exit(ExitStatus.regression) }
        }

        private func chosenBaseline(_ suite: RegressionSuite) throws -> RegressionSuite.Baseline {
            if let baseline { return .file(path: baseline) }
            if let baselineDatabase { return .database(path: baselineDatabase) }
            if let baselineProgram { return .program(path: baselineProgram) }
            if let named = suite.baseline { return named }
            if !baselineOverrides.isEmpty { return .changed }
            throw ValidationError(
                "found no baseline in the suite, expected --baseline, --baseline-set, --baseline-database or"
                    + " --baseline-program")
        }

        private func results(of baseline: RegressionSuite.Baseline, _ run: RegressionRun) throws -> [SideResult] {
            switch baseline {
            case .changed: return try run.results(of: .baseline, overrides: baselineOverrides)
            case .file(let path):
                return try BaselineFile.read(try InputText.read(path), file: path, for: run.suite)
            case .database(let path): return try run.results(inDatabase: path)
            case .program(let path):
                return try run.results(ofProgram: path, for: .baseline, overrides: baselineOverrides)
            }
        }

        private func candidateResults(_ run: RegressionRun) throws -> [SideResult] {
            guard let candidateProgram else { return try run.results(of: .candidate, overrides: candidateOverrides) }
            return try run.results(ofProgram: candidateProgram, for: .candidate, overrides: candidateOverrides)
        }

        private func words(for baseline: RegressionSuite.Baseline) -> String {
            switch baseline {
            case .changed:
                baselineOverrides.isEmpty ? "the suite's baseline" : baselineOverrides.joined(separator: ", ")
            case .file(let path), .database(let path), .program(let path): path
            }
        }

        private func write(
            _ suite: RegressionSuite, _ run: RegressionRun, to baseline: RegressionSuite.Baseline
        ) throws {
            guard case .file(let path) = baseline else {
                throw ValidationError("found --update-baseline without a file, expected --baseline FILE")
            }
            let runs = try zip(suite.cases, try candidateResults(run)).map {
                test, result in
                switch result {
                case .runs(let runs): return runs
                case .failed(let reason): throw InputError(at: test.place, "case \"\(test.name)\": \(reason)")
                }
            }
            try BaselineFile(suite, runs: runs).text.write(toFile: path, atomically: true, encoding: .utf8)
            if !quiet { Terminal.complain("written to \(path)") }
        }

        private func closerLook(_ run: RegressionRun, _ database: String) -> String {
            """
            stored; to look closer:
              phasewise results sql --database \(database) "SELECT comparison, metric, statistic, avg(baseValue), \
            avg(value), avg(ratio) FROM policyComparison WHERE comparison LIKE '\(run.comparison)%' AND runId <> \
            baseRunId GROUP BY 1, 2, 3"
            """
        }
    }
}
