internal import ArgumentParser
internal import Diagnostics
internal import Foundation
internal import Regression

extension Regress {
    struct Power: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "power",
            abstract: "Measures the gate itself: planted changes it must catch, chance it must not.",
            discussion: """
                Runs a suite unchanged, with each of 20 planted changes, and with other draws, and writes the table to \
                README.md in the output folder.

                Example:
                  phasewise regress power Profiles/suites/engines.yaml --output /tmp/regress
                """)

        @Argument(help: "Suite file (YAML).") var suite: String
        @Option(help: "Folder to write to; made if needed.") var output = "Results/regress"
        @Option(help: "Comparisons without a change.") var comparisons = 200
        @Option(help: "Runs at the same time. Default: one on each core.") var jobs: Int?
        @Option(help: "Folder of profiles, before the default ones.") var profiles: String?
        @Flag(name: .shortAndLong, help: "No progress on standard error.") var quiet = false

        func validate() throws {
            if comparisons < 0 { throw ValidationError("found --comparisons \(comparisons), expected 0 or more") }
            if let jobs, jobs < 1 { throw ValidationError("found --jobs \(jobs), expected 1 or more") }
        }

        func run() throws {
            let loaded = try RegressionSuite.load(path: suite)
            let run = RegressionRun(
                suite: loaded, evaluator: Evaluator(try Workspace(profiles: profiles)),
                parallel: Parallel(workers: jobs), store: nil, comparison: "", isQuiet: true)
            try run.check()
            let progress = LongJob("suites", total: PlantedChange.all.count + comparisons, isQuiet: quiet)
            var experiment = PowerExperiment(loaded)
            let unchanged = try run.results(draws: 0)
            for change in PlantedChange.all {
                experiment.record(change, baseline: unchanged, candidate: try run.results(draws: 0, planting: change))
                progress.advance()
            }
            for change in PlantedChange.faint {
                experiment.recordFaint(
                    change, baseline: unchanged, candidate: try run.results(draws: 0, planting: change))
            }
            for index in 0..<comparisons {
                experiment.recordNoChange(
                    try run.results(draws: 2 * index + 1), try run.results(draws: 2 * index + 2))
                progress.advance()
            }
            progress.end()
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            let text = experiment.readme(command: "phasewise regress power \(suite)")
            try text.write(toFile: "\(output)/README.md", atomically: true, encoding: .utf8)
            try Terminal.say(
                "\(experiment.detected) of \(PlantedChange.all.count) planted changes detected, \(experiment.falseAlarms)"
                    + " false alarms in \(comparisons) comparisons; written to \(output)")
        }
    }
}
