internal import ArgumentParser
internal import Diagnostics
internal import EventKernel
internal import Workloads

struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Checks, describes, converts and makes request traces.",
        discussion: "Example:\n  phasewise trace check Traces/azure-conv-shaped-10k.csv",
        subcommands: [Check.self, Summarize.self, Convert.self, Generate.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Reads a whole trace and says what is wrong with it.",
            discussion: "Example:\n  phasewise trace check Traces/azure-conv-shaped-10k.csv")
        @Argument(help: "Trace file, plain or gzip.") var file: String
        @Option(name: .customLong("trace-format"), help: "Trace format; recognised by content if not given.")
        var traceFormat: TraceFormat?

        func run() throws {
            var progress = ReadingProgress(file, holdsRequests: false)
            let (check, warnings) = try TraceReader.check(path: file, format: traceFormat) { progress.show(rows: $0) }
            progress.end()
            Terminal.complain(warnings)
            let excluded = check.excluded.reduce(0) { $0 + $1.count }
            try Terminal.say(
                "\(file): \(check.requests) requests over \(decimal(check.duration, 1)) s, read as "
                    + "\(check.format)" + (excluded > 0 ? ", \(excluded) rows left out" : ""))
        }
    }
}
