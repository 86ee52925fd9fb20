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
            if let stream = try input.stream(writing: output.output) {
                Terminal.complain(stream.warnings)
                return try output.write(stream)
            }
            let (trace, warnings) = try input.read()
            Terminal.complain(warnings)
            try output.write(trace)
        }
    }
}

/// Where a trace is written, and how.
struct TraceOutput: ParsableArguments {
    @Option(name: .shortAndLong, help: "File to write; standard output if not given.") var output: String?

    @Option(
        name: .customLong("as"),
        help: "csv, or jsonl, which keeps ids of blocks. Default: by the file's name, else csv.")
    var format: TraceWriter.Layout?

    func write(_ trace: Trace) throws {
        let layout = layout(hasBlockIDs: trace.blockHashes != nil)
        try write { try $0(TraceWriter.text(trace, as: layout)) }
    }

    func write(_ stream: TraceStream) throws {
        let layout = layout(hasBlockIDs: stream.blockFormat != nil)
        try write { try stream.write(as: layout, $0) }
    }

    /// - Parameter pieces: hands on the text, piece by piece.
    private func write(_ pieces: (([UInt8]) throws -> Void) throws -> Void) throws {
        guard let output else { return try pieces { try Terminal.write($0) } }
        let file = try TraceFile(creating: output)
        try pieces { try file.write($0) }
    }

    private func layout(hasBlockIDs: Bool) -> TraceWriter.Layout {
        let layout = format ?? (output?.hasSuffix(".jsonl") == true ? .jsonLines : .csv)
        if layout == .csv, hasBlockIDs {
            Terminal.complain("note: CSV has no column for ids of blocks, which are left out: --as jsonl keeps them")
        }
        return layout
    }
}
