internal import ArgumentParser
internal import Diagnostics
internal import EventKernel
internal import Reporting
internal import ResultStore
internal import Workloads

/// Where results go and how they are shown.
struct OutputOptions: ParsableArguments {
    @Option(help: "Results database; made if it does not exist.")
    var database = "phasewise.sqlite"

    @Flag(name: .customLong("no-store"), help: "Keep nothing: no database is read or written.")
    var storesNothing = false

    @Option(help: "Rows to store besides the summary: all or none. Default all below 200,000 requests.")
    var rows: RowKeeping?

    @Option(help: "Seconds of simulated time between samples of queues, memory and SMs. Default: 500 samples a run.")
    var sampleInterval: Double?

    @Flag(help: "Price and record every iteration on its own: slower, the same results to the bit.")
    var stepByStep = false

    @Option(help: "Format of the answer on standard output: text, csv or json.")
    var format = ReportFormat.text

    @Flag(name: .shortAndLong, help: "No configuration, progress, notes or warnings on standard error.")
    var quiet = false

    /// Requests above which rows are not stored unless asked for.
    private static let rowLimit = 200_000
    private static let samplesPerRun = 500.0
    /// A run of an hour then has at most 3.6 million samples of each instance.
    private static let sampleIntervals = 0.001...1e6

    /// Checked before anything is read.
    func checkedSampleInterval() throws(InputError) -> SimulationDuration? {
        guard let sampleInterval else { return nil }
        guard Self.sampleIntervals.contains(sampleInterval) else {
            throw InputError(
                at: SourceLocation(file: "--sample-interval", line: 1, column: 1),
                "found \(sampleInterval), expected seconds from 0.001 to 1e6")
        }
        return SimulationDuration(rounding: sampleInterval)
    }

    /// A cadence that gives every run as many samples; `nil` for requests that all arrive at once.
    static func sampleInterval(of trace: Trace) -> SimulationDuration? {
        let nanoseconds = Double(trace.duration.nanoseconds) / samplesPerRun
        return nanoseconds >= 1 ? SimulationDuration(nanoseconds: Int64(nanoseconds)) : nil
    }

    /// Which rows to keep, and a note where that is not what small runs do.
    func rowKeeping(requests: Int) -> (rows: RowKeeping, note: Diagnostic?) {
        if let rows { return (rows, nil) }
        guard requests >= Self.rowLimit, !storesNothing else { return (.all, nil) }
        return (
            .none,
            Diagnostic(
                .note, at: nil, "\(requests) requests: only summaries are stored; --rows all keeps every request")
        )
    }
}
