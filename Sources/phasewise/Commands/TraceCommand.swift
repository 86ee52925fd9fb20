internal import ArgumentParser
internal import Diagnostics
internal import EventKernel
internal import Reporting
internal import Workloads

struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Checks, describes and makes request traces.",
        discussion: "Example:\n  phasewise trace check Traces/azure-conv-shaped-10k.csv",
        subcommands: [Check.self, Summarize.self, Generate.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads a whole trace and says what is wrong with it.",
            discussion: "Example:\n  phasewise trace check Traces/azure-conv-shaped-10k.csv")
        @Argument(help: "Trace file, plain or gzip.") var file: String
        @Option(name: .customLong("trace-format"), help: "Trace format; recognised by content if not given.")
        var traceFormat: TraceFormat?

        func run() throws {
            let (trace, warnings) = try TraceReader.read(path: file, format: traceFormat)
            Terminal.complain(warnings)
            let excluded = trace.provenance.excluded.reduce(0) { $0 + $1.count }
            try Terminal.say(
                "\(file): \(trace.requests.count) requests over \(decimal(trace.duration.seconds, 1)) s, read as "
                    + "\(trace.provenance.format)" + (excluded > 0 ? ", \(excluded) rows left out" : ""))
        }
    }

    struct Summarize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the statistics of a trace.",
            discussion: "Example:\n  phasewise trace summarize Traces/azure-conv-shaped-10k.csv",
            aliases: ["summarise", "stats"])
        @Argument(help: "Trace file, plain or gzip.") var file: String
        @Option(name: .customLong("trace-format"), help: "Trace format; recognised by content if not given.")
        var traceFormat: TraceFormat?
        @Option(help: "text, csv or json.") var format = ReportFormat.text

        func run() throws {
            let (trace, warnings) = try TraceReader.read(path: file, format: traceFormat)
            Terminal.complain(warnings)
            let statistics = TraceStatistics(trace)
            var table = Listing(["statistic", "value"])
            table.append(["requests", "\(statistics.requests)"])
            table.append(["duration, s", decimal(statistics.duration, 3)])
            table.append(["rate, 1/s", statistics.rate.map { decimal($0, 4) } ?? "-"])
            table.append(["CV of gaps", statistics.gapCoefficientOfVariation.map { decimal($0, 3) } ?? "-"])
            for bin in statistics.dispersion {
                table.append(["index of dispersion at \(bin.binSeconds) s", decimal(bin.index, 2)])
                table.append(["most in \(bin.binSeconds) s", "\(bin.most)"])
            }
            for (name, lengths) in [
                ("prompt tokens", statistics.promptTokens), ("output tokens", statistics.outputTokens),
                ("total tokens", statistics.totalTokens),
            ] {
                for (label, value) in [
                    ("mean", lengths.mean), ("min", lengths.minimum), ("P50", lengths.p50), ("P90", lengths.p90),
                    ("P99", lengths.p99), ("max", lengths.maximum),
                ] {
                    table.append(["\(name) \(label)", decimal(value, 1)])
                }
            }
            table.append([
                "Spearman correlation of prompt and output", statistics.rankCorrelation.map { decimal($0, 3) } ?? "-",
            ])
            try Terminal.write(table.rendered(as: format))
        }
    }

    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a trace in the shape of a real one.",
            discussion: """
                Writes our own CSV to standard output, or to a file with --output.

                Example:
                  phasewise trace generate azure-conv --requests 10000 --seed 1 --output azure-conv-shaped-10k.csv
                """)
        @Argument(help: "Preset; --list names them.") var preset: WorkloadPreset?
        @Flag(help: "List the presets.") var list = false
        @Option(help: "How many requests.") var requests = 10_000
        @Option(help: "Seed of the draws.") var seed: UInt64 = 1
        @Option(name: .customLong("run"), help: "Replication: same seed, independent draws.") var replication: UInt64 =
            0
        @Option(help: "Rescale to this mean rate, requests per second.") var rate: Double?
        @Option(name: .shortAndLong, help: "File to write.") var output: String?

        func validate() throws {
            if preset == nil, !list { throw ValidationError("name a preset, or --list them") }
            if requests < 1 { throw ValidationError("found --requests \(requests), expected at least 1") }
            if let rate, rate <= 0 { throw ValidationError("found --rate \(rate), expected more than 0") }
        }

        func run() throws {
            guard let preset, !list else {
                for preset in WorkloadPreset.allCases { try Terminal.say("\(preset.rawValue)\n  \(preset.summary)") }
                return
            }
            let streams = RandomStreams(seed: seed, run: replication)
            var trace = WorkloadGenerator.trace(preset.model, requests: requests, streams: streams)
            if let rate, let rescaled = trace.rescaled(toRate: rate) { trace = rescaled }
            if let output {
                var source = trace.source
                try TraceWriter.write(&source, classNames: trace.classNames, to: output)
            } else {
                try Terminal.write(TraceWriter.csv(trace))
            }
        }
    }
}
