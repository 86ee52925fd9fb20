internal import ArgumentParser
internal import Diagnostics
internal import EventKernel
internal import Foundation
internal import Metrics
internal import Reporting
internal import ResultStore
internal import Simulator
internal import Workloads

struct TimelineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline",
        abstract: "Writes what every lane of a run did and when, for Perfetto.",
        discussion: """
            Runs the stored scenario again, checks that it is the same run, and writes its iterations, transfers, \
            changes of partition, queues, memory and requests, each with its parts, as Chrome trace events, which \
            ui.perfetto.dev and chrome://tracing open.

            Examples:
              phasewise timeline 3 -o trace.json
              phasewise timeline 3 --from 60 --to 65 --step-by-step -o trace.json
              phasewise timeline 3 --no-requests -o trace.json
            """)

    /// Above this a viewer gets slow.
    private static let byteLimit = 100_000_000
    /// Of what closes the file.
    private static let reserve = 10_000

    @Argument(help: ArgumentHelp("Number of a run, as listed.", valueName: "run")) var id: Int64
    @Option(name: .shortAndLong, help: "The file to write.") var output = "trace.json"
    @Option(help: "Leave out what ends before this simulated second.") var from: Double?
    @Option(help: "Leave out what begins after this simulated second.") var to: Double?
    @Option(help: "Keep only the first of so many spans of each lane, and of so many requests.") var every = 1
    @Flag(
        inversion: .prefixedNo,
        help: "A span for every completed request over those of its parts. Default: where the file has room for all.")
    var requests: Bool?
    @Flag(help: "A span for every iteration; without it, equal ones that follow each other share one.")
    var stepByStep = false
    @Option(help: "Results database.") var database = "phasewise.sqlite"
    @Option(help: "Folder of device, model and runtime profiles, before the default ones.")
    var profiles: String?
    @Flag(name: .shortAndLong, help: "Nothing on standard error but errors.") var quiet = false

    /// Seconds that are simulated time.
    private static let seconds = 0...9e9

    func validate() throws {
        for (flag, value) in [("--from", from), ("--to", to)] {
            if let value, !Self.seconds.contains(value) {
                throw ValidationError("\(flag): found \(value), expected seconds from 0 to 9e9")
            }
        }
        if let from, let to, from > to { throw ValidationError("found --from \(from) after --to \(to)") }
        if every < 1 { throw ValidationError("--every: found \(every), expected at least 1") }
    }

    func run() throws {
        let stored = try ResultStore(readingFrom: database).run(id)
        let scenario = try StoredScenario(of: stored, in: try Workspace(profiles: profiles))
        let window =
            SimulationTime.zero
            + SimulationDuration(rounding: from ?? 0)...(to.map {
                SimulationTime.zero + SimulationDuration(rounding: $0)
            } ?? .never)
        let processes = scenario.instances.map { instance in
            TraceEventLog.Process(name: instance.name, lanes: instance.role.laneNames)
        }
        var log = TraceEventLog(
            title: "run \(stored.id): \(stored.description.name), \(stored.description.deployment)",
            processes: processes,
            limits: .init(
                window: window, every: every, bytes: Self.byteLimit - Self.reserve,
                requests: requests.map { $0 ? .always : .never } ?? .whereTheyFit))
        func replay(_ source: some RequestSource) throws {
            let source = ProgressSource(
                source, label: stored.description.deployment, total: scenario.trace.requests.count, isQuiet: quiet)
            try scenario.replay(stepByStep: stepByStep, from: source, into: &log)
        }
        try replay(scenario.source)
        let finished = log.finished()
        try Terminal.writeFile(finished.bytes, to: output)
        if !quiet { tell(of: finished) }
    }

    private func tell(of log: TraceEventLog.Finished) {
        Terminal.complain([
            Diagnostic(
                .note, at: nil, "\(output): \(log.events) events, \(decimal(Double(log.bytes.count) / 1e6, 1)) MB")
        ])
        if log.lacksRequests {
            Terminal.complain([
                Diagnostic(
                    .note, at: nil, "requests are left out: all of them would not fit",
                    help:
                        "narrow the window with --from and --to, keep fewer with --every, or ask for them with --requests"
                )
            ])
        }
        if let truncation = log.truncation {
            Terminal.complain([
                Diagnostic(
                    .warning, at: nil,
                    "the file is full: spans and samples from \(decimal(truncation.seconds, 3)) s on are left out",
                    help: "narrow the window with --from and --to, or keep fewer spans with --every")
            ])
        }
    }
}

extension PoolRole {
    /// Of lanes 0 and 1.
    fileprivate var laneNames: [String?] {
        switch self {
        case .unified: ["engine"]
        case .prefill: ["prefill"]
        case .decode: [nil, "decode"]
        case .semiPD: ["prefill", "decode"]
        }
    }
}
