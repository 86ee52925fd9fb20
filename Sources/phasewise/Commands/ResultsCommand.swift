internal import ArgumentParser
internal import Reporting
internal import ResultStore

struct Results: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks into a results database.",
        discussion: "Example:\n  phasewise results list",
        subcommands: [List.self, Show.self, SQL.self], defaultSubcommand: List.self)

    struct Source: ParsableArguments {
        @Option(help: "Results database.") var database = "phasewise.sqlite"
        @Option(help: "text, csv or json.") var format = ReportFormat.text
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the stored runs.", discussion: "Example:\n  phasewise results list --database phasewise.sqlite")
        @OptionGroup var source: Source

        func run() throws {
            let runs = try ResultStore(readingFrom: source.database).runs()
            Terminal.write(RunListing(runs).rendered(as: source.format))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one run, or several side by side.",
            discussion: "Examples:\n  phasewise results show 3\n  phasewise results show 1 2 3")
        @Argument(help: "Numbers of runs, as listed.") var runs: [Int64]
        @Flag(help: "Print the scenario that remakes the run instead.") var scenario = false
        @OptionGroup var source: Source

        func run() throws {
            let store = try ResultStore(readingFrom: source.database)
            let stored = try runs.map { try store.run($0) }
            if scenario {
                for run in stored { Terminal.say(run.description.scenario) }
            } else {
                Terminal.write(report(on: stored).rendered(as: source.format))
            }
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
            Terminal.write(QueryReport(result).rendered(as: source.format))
        }
    }
}
