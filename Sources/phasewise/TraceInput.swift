internal import ArgumentParser
internal import Diagnostics
internal import EventKernel
internal import Foundation
internal import Workloads

/// A trace file, what is taken of it and how its arrivals are arranged.
struct TraceInput: ParsableArguments {
    @Argument(help: "Trace file, plain or gzip.") var file: String

    @Option(name: .customLong("trace-format"), help: "Trace format; recognised by content if not given.")
    var traceFormat: TraceFormat?

    @Option(help: "Only arrivals from this second on; they then count from it.")
    var from: Double?

    @Option(help: "Only arrivals before this second.")
    var to: Double?

    @Option(name: .customLong("class"), help: "Only requests of this class. Repeatable.")
    var classes: [String] = []

    @Option(help: "Only prompts of at least so many tokens.")
    var minPrompt: Int?

    @Option(help: "Only prompts of at most so many tokens.")
    var maxPrompt: Int?

    @Option(help: "Only outputs of at least so many tokens.")
    var minOutput: Int?

    @Option(help: "Only outputs of at most so many tokens.")
    var maxOutput: Int?

    @Option(help: "Only requests of at most so many tokens, prompt and output together.")
    var maxTotal: Int?

    @Option(help: "Keep each request with this chance, drawn from the seed.")
    var sample: Double?

    @Option(help: "Leave out so many requests at the start of what is left.")
    var skip = 0

    @Option(help: "Keep so many requests after those.")
    var requests: Int?

    @Option(help: "Run the clock so many times as fast: 2 halves all times.")
    var timeWarp = 1.0

    @Option(help: "Rescale to this mean rate, requests per second.")
    var rate: Double?

    @Option(
        help: ArgumentHelp(
            "Draw arrivals from the seed at the rate, for a file without times or in the place of its own: poisson, even, gamma:CV, weibull:SHAPE, …",
            discussion:
                "Others: on-off:SECONDS,SECONDS, diurnal:PEAK, spike:FACTOR,START,MINUTES,PERIOD, minutes:REQUESTS,…"
        ))
    var arrivals: String?

    @Option(help: "Seed of the draws.") var seed: UInt64 = 1

    @Option(name: .customLong("run"), help: "Replication: same seed, independent draws.") var replication: UInt64 = 0

    /// Whether the requests are those of the file, and not some of them or at other times.
    var isWholeFile: Bool { selection.takesAll && rate == nil && arrivals == nil }

    /// Reads the file and does with it what the options say.
    func read() throws -> (trace: Trace, warnings: [Diagnostic]) {
        let (shape, streams) = (try checkedShape(), RandomStreams(seed: seed, run: replication))
        try checkSelection()
        var progress = ReadingProgress(file)
        let read = try TraceReader.read(path: file, format: traceFormat, arrivals: given(shape, streams)) {
            progress.show(rows: $0)
        }
        progress.end()
        var trace = read.trace
        if let error = selection.fault(classNames: trace.classNames, at: place(of: "--class")) { throw error }
        trace = trace.selecting(selection, streams: streams)
        if trace.requests.isEmpty { throw nothingLeft }
        if let shape {
            let process = try process(shape, recorded: trace.rate)
            guard let drawn = process.flatMap({ trace.withArrivals($0, streams: streams) }) else {
                throw doNotFit(trace.requests.count, recorded: trace.rate)
            }
            return (drawn, read.warnings)
        }
        guard let rate else { return (trace, read.warnings) }
        guard let rescaled = trace.rescaled(toRate: rate) else { throw allAtOnce(rate) }
        return (rescaled, read.warnings)
    }

    /// The same without holding the requests, for a file that can be read again while `output` is written; `nil` where
    /// they have to be held.
    func stream(writing output: String?) throws -> TraceStream? {
        guard TraceFile.canBeReadAgain(file, writing: output) else { return nil }
        let (shape, streams) = (try checkedShape(), RandomStreams(seed: seed, run: replication))
        try checkSelection()
        var progress = ReadingProgress(file, holdsRequests: false)
        defer { progress.end() }
        let opened = try TraceStream(
            path: file, format: traceFormat, arrivals: given(shape, streams), selection: selection, streams: streams
        ) { progress.show(rows: $0) }
        guard var stream = opened else { return nil }
        if let error = selection.fault(classNames: stream.classNames, at: place(of: "--class")) { throw error }
        if stream.requests == 0 { throw nothingLeft }
        if let shape {
            let process = try process(shape, recorded: stream.rate)
            guard let process, stream.drawArrivals(process, streams: streams) else {
                throw doNotFit(stream.requests, recorded: stream.rate)
            }
        } else if let rate, !stream.rescale(toRate: rate) {
            throw allAtOnce(rate)
        }
        return stream
    }

    /// Times for a file without.
    private func given(_ shape: ArrivalShape?, _ streams: RandomStreams) -> GivenArrivals? {
        guard let rate, let process = shape?.process(rate: rate), process.problem == nil else { return nil }
        return GivenArrivals(process, streams: streams)
    }

    /// - Parameter recorded: the rate of the requests as they are.
    /// - Returns: `nil` if no numbers describe it.
    private func process(_ shape: ArrivalShape, recorded: Double) throws(InputError) -> ArrivalProcess? {
        let rate = rate ?? recorded
        guard rate > 0 else {
            throw InputError(
                at: start, "found a trace without a rate of its own to draw arrivals at", help: "give one: --rate")
        }
        let process = shape.process(rate: rate)
        if let problem = process?.problem { throw InputError(at: place(of: "--arrivals"), problem) }
        return process
    }

    private func doNotFit(_ requests: Int, recorded: Double) -> InputError {
        InputError(
            at: start,
            "found \(requests) requests, which at \(rate ?? recorded) requests/s do not fit into 2e9 seconds",
            help: "raise the rate, or take fewer requests")
    }

    private var nothingLeft: InputError { InputError(at: start, "found no request left of the trace") }

    private func allAtOnce(_ rate: Double) -> InputError {
        InputError(
            at: start, "found a trace that cannot be rescaled to \(rate) requests/s: all requests arrive at once",
            help: "draw arrivals: --arrivals poisson")
    }

    /// Only what the numbers alone say.
    func validate() throws {
        for (flag, value) in [("--from", from), ("--to", to)] where !(0...4e9).contains(value ?? 0) {
            throw ValidationError("found \(flag) \(value ?? 0), expected seconds from 0 to 4e9")
        }
        if let rate, !(1e-6...1e6).contains(rate) {
            throw ValidationError("found --rate \(rate), expected 1e-6 to 1e6")
        }
    }

    private func checkSelection() throws(InputError) {
        if let problem = selection.problem { throw InputError(at: place(of: "command line"), "found \(problem)") }
    }

    private func checkedShape() throws(InputError) -> ArrivalShape? {
        guard let arrivals else { return nil }
        if let shape = ArrivalShape(arrivals) { return shape }
        throw InputError(at: place(of: "--arrivals"), "found \"\(arrivals)\", expected \(ArrivalShape.words)")
    }

    private var selection: TraceSelection {
        var selection = TraceSelection()
        selection.from = from.map { .zero + SimulationDuration(rounding: $0) }
        selection.to = to.map { .zero + SimulationDuration(rounding: $0) }
        selection.classes = classes
        selection.promptTokens = .init(least: minPrompt, most: maxPrompt)
        selection.outputTokens = .init(least: minOutput, most: maxOutput)
        selection.totalTokens = .init(most: maxTotal)
        selection.share = sample
        selection.skipped = skip
        selection.requests = requests
        selection.clockSpeed = timeWarp
        return selection
    }

    private var start: SourceLocation { place(of: file) }
    private func place(of file: String) -> SourceLocation { SourceLocation(file: file, line: 1, column: 1) }
}

extension TraceSelection {
    /// What it asks for that a trace with such classes does not have.
    func fault(classNames: [String], at place: SourceLocation) -> InputError? {
        guard let unknown = unknownClasses(among: classNames).first else { return nil }
        let known = classNames.isEmpty ? "none: the trace has no classes" : classNames.joined(separator: ", ")
        return InputError(at: place, "found no requests of class \"\(unknown)\", expected \(known)")
    }
}

/// Tells a waiting user how far the reading of a file is: nothing in the first second, nothing without a terminal.
struct ReadingProgress {
    /// Requests held in memory from which on it is said that they are: about 1 GB of them.
    private static let many = 25_000_000
    private let file: String
    private let holdsRequests: Bool
    private var saidMany = false
    private let started = Date()
    private var isShown = false

    /// - Parameter holdsRequests: whether what is read is kept in memory.
    init(_ file: String, holdsRequests: Bool = true) {
        self.file = file
        self.holdsRequests = holdsRequests
    }

    mutating func show(rows: Int) {
        if holdsRequests, rows > Self.many, !saidMany {
            saidMany = true
            Terminal.complain("note: \(file): its requests are held in memory, more than 1 GB of them so far")
        }
        guard Terminal.errorIsTerminal, Date().timeIntervalSince(started) > 1 else { return }
        isShown = true
        Terminal.overwrite("reading \(file): \(rows) rows")
    }

    func end() {
        if isShown { Terminal.overwrite("") }
    }
}
