internal import ArgumentParser
internal import Diagnostics
internal import Reporting
internal import ResultStore

struct Results: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Looks into a results database.",
        discussion: "Example:\n  phasewise results list",
        subcommands: [List.self, Show.self, SQL.self, Merge.self], defaultSubcommand: List.self)

    struct Source: ParsableArguments {
        @Option(help: "Results database.") var database = "phasewise.sqlite"
        @Option(help: "text, csv or json.") var format = ReportFormat.text
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Lists the stored runs.",
            discussion: "Example:\n  phasewise results list --database phasewise.sqlite")
        @OptionGroup var source: Source

        func run() throws {
            let runs = try ResultStore(readingFrom: source.database).runs()
            try Terminal.write(RunListing(runs).rendered(as: source.format))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Shows one run, or several side by side; one request of a run, or one instant.",
            discussion: """
                Examples:
                  phasewise results show
                  phasewise results show 3
                  phasewise results show 1 2 3
                  phasewise results show 3 --request 42
                  phasewise results show 3 --at 61.5
                """)
        @Argument(help: "Numbers of runs, as listed. Default: the newest run, with those it was compared with.")
        var runs: [Int64] = []
        @Flag(help: "Print the scenario that remakes the run instead.") var scenario = false
        @Option(help: "One request of the run: its parts, and what it waited for.") var request: Int?
        @Option(help: "A simulated second of the run: who held the SMs, and what waited.") var at: Double?
        @OptionGroup var source: Source

        /// Simulated seconds that fit into nanoseconds.
        private static let seconds = 0...9e9

        func validate() throws {
            if [scenario, request != nil, at != nil].count(where: \.self) > 1 {
                throw ValidationError("expected one of --scenario, --request and --at")
            }
            if request != nil || at != nil, runs.count != 1 {
                throw ValidationError("found \(runs.count) runs, expected one with --request or --at")
            }
            if let at, !Self.seconds.contains(at) {
                throw ValidationError("--at: found \(at), expected seconds from 0 to 9e9")
            }
        }

        func run() throws {
            let store = try ResultStore(readingFrom: source.database)
            if let part = try partOfRun(in: store) {
                return try Terminal.write(part.rendered(as: source.format))
            }
            let ids = try runs.isEmpty ? newest(in: store) : runs
            let stored = try ids.map { try store.run($0) }
            if scenario {
                for text in scenarios(of: stored) { try Terminal.write(text) }
            } else {
                try Terminal.write(report(on: stored).rendered(as: source.format))
            }
        }

        /// What is asked of one run besides its summary.
        private func partOfRun(in store: ResultStore) throws -> (any Report)? {
            guard request != nil || at != nil else { return nil }
            let run = try store.run(runs[0])
            let help = run.rowsKept == .none ? "its rows were not kept: simulate it again with --rows all" : nil
            if let request {
                if let report = try RequestReport(store, run: run.id, request: request) { return report }
                throw InputError(at: nil, "run \(run.id) has no request \(request) stored", help: help)
            }
            let nanoseconds = Int64(((at ?? 0) * 1e9).rounded())
            if let report = try InstantReport(store, run: run.id, nanoseconds: nanoseconds) { return report }
            throw InputError(
                at: nil, "run \(run.id) has no sample from \(at ?? 0) s on",
                help: help ?? "it ended before, or all its requests arrived at once")
        }

        private func newest(in store: ResultStore) throws -> [Int64] {
            let runs = try store.runs()
            guard let last = runs.last else {
                throw InputError(
                    at: nil, "\(store.path): no runs are stored", help: "phasewise compare or simulate stores some")
            }
            guard let comparison = last.comparison else { return [last.id] }
            return runs.filter { $0.comparison == comparison }.map(\.id)
        }

        /// The runs of one comparison have one scenario, which is to be a valid file when it is printed.
        private func scenarios(of runs: [StoredRun]) -> [String] {
            var texts: [String] = []
            for run in runs where !texts.contains(run.description.scenario) { texts.append(run.description.scenario) }
            return texts.count == 1 ? texts : texts.map { "---\n" + $0 }
        }
    }

    struct SQL: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sql", abstract: "Asks the database a question in SQL. Nothing can be changed.",
            discussion: """
                Examples:
                  phasewise results sql "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
                  phasewise results sql "SELECT * FROM sloAttainment"
                """)
        @Argument(help: "A query.") var query: String
        @OptionGroup var source: Source

        func run() throws {
            let result = try ResultStore(readingFrom: source.database).query(query)
            try Terminal.write(QueryReport(result).rendered(as: source.format))
        }
    }

    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "merge",
            abstract: "Copies the runs of other databases into one.",
            discussion: """
                Runs that are there already are not copied again. The exit status is 65 if runs of one scenario and one \
                version did different things.

                Example:
                  phasewise results merge shard-0.sqlite shard-1.sqlite --database all.sqlite
                """)
        @Argument(help: "Results databases to copy from.") var sources: [String]
        @Option(help: "Results database to copy into; made if it does not exist.") var database = "phasewise.sqlite"

        func run() throws {
            let store = try ResultStore(writingTo: database)
            var collector = DiagnosticCollector()
            for source in sources {
                let outcome = try store.merge(from: source)
                try Terminal.say("\(source): \(outcome.added) runs added, \(outcome.duplicates) there already")
                for run in outcome.conflicts {
                    collector.error(
                        at: nil,
                        "\(source): run \(run) did other things than the run of the same scenario in \(database)",
                        help: "compare their traces, profiles and programs")
                }
            }
            try collector.throwIfAny()
        }
    }
}
