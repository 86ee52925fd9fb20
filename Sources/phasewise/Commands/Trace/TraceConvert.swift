internal import ArgumentParser
internal import Workloads

extension TraceCommand {
    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "convert",
            abstract: "Writes a trace, or a part of it, in our own format.",
            discussion: """
                Selects first, in the order of the options, then sets the clock, then rescales or draws arrivals. Rows \
                without prompt or output tokens are left out and counted.

                Example:
                  phasewise trace convert Traces/azure-conv-shaped-10k.csv --from 600 --to 1200 --rate 12 --output busy.csv
                """)
        @OptionGroup(title: "Trace") var input: TraceInput
        @OptionGroup var output: TraceOutput

        func run() throws {
            let (trace, warnings) = try input.read()
            Terminal.complain(warnings)
            try output.write(trace)
        }
    }
}

/// Our two formats.
enum OwnFormat: String, CaseIterable, ExpressibleByArgument {
    case csv, jsonl
}

/// Where a trace is written, and how.
struct TraceOutput: ParsableArguments {
    @Option(name: .shortAndLong, help: "File to write; standard output if not given.") var output: String?

    @Option(
        name: .customLong("as"),
        help: "csv, or jsonl, which keeps ids of blocks. Default: by the file's name, else csv.")
    var format: OwnFormat?

    func write(_ trace: Trace) throws {
        let format = format ?? (output?.hasSuffix(".jsonl") == true ? .jsonl : .csv)
        if format == .csv, trace.blockHashes != nil {
            Terminal.complain("note: CSV has no column for ids of blocks, which are left out: --as jsonl keeps them")
        }
        let bytes = format == .csv ? TraceWriter.csv(trace) : TraceWriter.jsonLines(trace)
        guard let output else { return try Terminal.write(bytes) }
        try TraceWriter.write(bytes, to: output)
    }
}
