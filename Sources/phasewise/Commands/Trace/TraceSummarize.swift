internal import ArgumentParser
internal import Diagnostics
internal import Reporting
internal import Workloads

extension TraceCommand {
    struct Summarize: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "summarize",
            abstract: "Prints the statistics of a trace, with histograms.",
            discussion: """
                Statistics of a whole file are those of all its rows, failures recorded as zero tokens among them, and \
                need no arrival times. With options that select or rearrange, they are those of the requests that a run \
                would get. CSV and JSON have all digits and no histograms.

                Example:
                  phasewise trace summarize Traces/azure-conv-shaped-10k.csv
                """,
            aliases: ["summarise", "stats"])
        @OptionGroup(title: "Trace") var input: TraceInput
        @Option(help: "text, csv or json.") var format = ReportFormat.text

        func run() throws {
            let (columns, warnings) = try input.isWholeFile ? input.readColumns() : input.readRequests()
            Terminal.complain(warnings)
            try Terminal.write(TraceReport(columns).rendered(as: format))
        }
    }
}

extension TraceInput {
    fileprivate func readColumns() throws -> (columns: TraceColumns, warnings: [Diagnostic]) {
        var progress = ReadingProgress(file)
        let read = try TraceReader.columns(path: file, format: traceFormat) { progress.show(rows: $0) }
        progress.end()
        return read
    }

    fileprivate func readRequests() throws -> (columns: TraceColumns, warnings: [Diagnostic]) {
        let (trace, warnings) = try read()
        return (TraceColumns(trace), warnings)
    }
}
