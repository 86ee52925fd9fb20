public import Diagnostics
public import EventKernel

/// Arrival times for a trace that has none of its own, as files of lengths alone.
public struct GivenArrivals: Sendable {
    fileprivate let process: ArrivalProcess
    fileprivate let streams: RandomStreams

    /// - Precondition: the process has no `problem`.
    public init(_ process: ArrivalProcess, streams: RandomStreams) {
        if let problem = process.problem { preconditionFailure(problem) }
        self.process = process
        self.streams = streams
    }

    /// The generator's stream, so that it makes the same times.
    var sampler: ArrivalSampler { ArrivalSampler(process, stream: streams.stream(named: "arrivals")) }
}

/// Reads trace files whole, into memory.
public enum TraceReader {
    /// Reads a trace file, plain or gzip.
    ///
    /// Rows out of order are sorted, rows of equal times keep their order; rows without prompt or output tokens are
    /// left out. Both are said in one warning each, with the first place and the count. O(n) if sorted.
    /// - Parameters:
    ///   - format: `nil` to tell from the start of the file.
    ///   - arrivals: used if the file has no times, which is an error without. Of sessions, their starts.
    ///   - keepsFollowUps: whether requests that wait for answers are to wait for those of a simulation. If not, they
    ///     arrive as recorded, or where that is not known after their pause alone, which a warning says.
    ///   - progress: told the number of requests read so far, every 65,536.
    /// - Throws: up to twenty errors, each with `file:line:column`.
    public static func read(
        path: String, format: TraceFormat? = nil, arrivals: GivenArrivals? = nil, keepsFollowUps: Bool = false,
        progress: (Int) -> Void = { _ in }
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        try read(
            TraceRowReader(opening: path, format: format, arrivals: arrivals?.sampler), name: path, keepsFollowUps,
            progress: progress)
    }

    /// Reads a trace from memory; `name` stands for the file in messages and provenance.
    package static func read(
        bytes: [UInt8], name: String, format: TraceFormat? = nil, arrivals: GivenArrivals? = nil,
        keepsFollowUps: Bool = false, chunkSize: Int = 1 << 20
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        let source = ByteSource(bytes: bytes)
        let reader = try TraceRowReader(
            source, file: name, format: format, arrivals: arrivals?.sampler, chunkSize: chunkSize)
        return try read(reader, name: name, keepsFollowUps) { _ in }
    }

    /// Reads the rows of a file for their statistics: what is left out of a trace comes too, and times may be missing.
    /// - Throws: as `read`.
    public static func columns(
        path: String, format: TraceFormat? = nil, progress: (Int) -> Void = { _ in }
    ) throws(InputError) -> (columns: TraceColumns, warnings: [Diagnostic]) {
        var reader = try TraceRowReader(opening: path, format: format, arrivals: nil, takesAll: true)
        var rows: [(arrival: SimulationTime, prompt: Int, output: Int)] = []
        var blockHashes: BlockHashes?
        var row = TraceRow()
        var hasArrivals = true
        var threads = Threads()
        while try reader.next(into: &row) {
            if row.thread >= 0 { threads.observe(row, at: rows.count) }
            if rows.isEmpty { blockHashes = reader.blockHashes }
            blockHashes?.append(row.blockIDs)
            hasArrivals = row.hasArrival
            if rows.count & 0xFFFF == 0xFFFF { progress(rows.count) }
            rows.append((SimulationTime(nanoseconds: row.nanoseconds), row.promptTokens, row.outputTokens))
        }
        try reader.report.found.throwIfAny()
        if rows.isEmpty { throw InputError([reader.emptyTrace]) }
        var order = Array(rows.indices)
        if hasArrivals { order.sort { (rows[$0].arrival, $0) < (rows[$1].arrival, $1) } }
        let columns = TraceColumns(
            arrivals: hasArrivals ? order.map { rows[$0].arrival } : [], promptTokens: order.map { rows[$0].prompt },
            outputTokens: order.map { rows[$0].output }, blockHashes: blockHashes?.selecting(order))
        return (columns, reader.report.found.warnings + threads.warnings(reader.report))
    }

    private static func read(
        _ reader: consuming TraceRowReader, name: String, _ keepsFollowUps: Bool, progress: (Int) -> Void
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        var reader = reader
        var requests: [Request] = []
        requests.reserveCapacity(reader.likelyRows)
        var blockHashes: BlockHashes?
        var disorder = Disorder()
        var threads = Threads()
        var row = TraceRow()
        while try reader.next(into: &row) {
            disorder.observe(row)
            if row.thread >= 0 { threads.observe(row, at: requests.count) }
            if requests.count & 0xFFFF == 0xFFFF { progress(requests.count) }
            if requests.isEmpty { blockHashes = reader.blockHashes }
            blockHashes?.append(row.blockIDs)
            requests.append(
                Request(
                    index: requests.count, arrival: SimulationTime(nanoseconds: row.nanoseconds),
                    promptTokens: row.promptTokens, outputTokens: row.outputTokens, classIndex: row.classIndex))
        }
        try reader.report.found.throwIfAny()
        let warnings =
            reader.report.found.warnings + reader.exclusions.warnings(reader.report) + disorder.warnings(reader.report)
            + (keepsFollowUps ? [] : threads.warnings(reader.report))
        if requests.isEmpty { throw InputError([reader.emptyTrace] + warnings) }

        var followUps = keepsFollowUps ? threads.followUps(requests: requests.count) : nil
        if disorder.count > 0 { Trace.sort(&requests, &followUps, &blockHashes) }
        if reader.format.shiftsFirstArrivalToZero { shiftToZero(&requests) }
        let provenance = Trace.Provenance(
            source: name, format: reader.format.rawValue, excluded: reader.exclusions.excluded)
        let trace = Trace(
            requests: requests, classNames: reader.classNames, tenantNames: reader.tenantNames,
            blockHashes: blockHashes, followUps: followUps, provenance: provenance)
        return (trace, warnings)
    }

    private static func shiftToZero(_ requests: inout [Request]) {
        let first = requests[0].arrival
        for index in requests.indices { requests[index].arrival = .zero + (requests[index].arrival - first) }
    }
}

/// Which request each request waits for.
private struct Threads {
    /// The last request of each thread.
    private var last: [Int: Int] = [:]
    private var waiting: [(request: Int, after: Int, pause: Int64)] = []
    private var guessed = 0
    private var firstGuess = TextPlace()

    mutating func observe(_ row: borrowing TraceRow, at request: Int) {
        if row.follows >= 0, let after = last[row.follows] { waiting.append((request, after, row.pause)) }
        if row.isArrivalGuessed {
            if guessed == 0 { firstGuess = row.arrivalPlace }
            guessed += 1
        }
        last[row.thread] = request
    }

    /// `nil` if none waits.
    func followUps(requests: Int) -> [FollowUp]? {
        if waiting.isEmpty { return nil }
        var followUps = [FollowUp](repeating: FollowUp(after: nil), count: requests)
        for (request, after, pause) in waiting {
            followUps[request] = FollowUp(after: after, pause: SimulationDuration(nanoseconds: pause))
        }
        return followUps
    }

    func warnings(_ report: RowReport) -> [Diagnostic] {
        guard guessed > 0 else { return [] }
        let turns = guessed == 1 ? "1 turn arrives" : "\(guessed) turns arrive"
        return [
            Diagnostic(
                .warning, at: report.location(firstGuess),
                "\(turns) after a pause alone, first here: answers are taken to need no time")
        ]
    }
}

/// Rows that arrive before the row above them.
struct Disorder {
    private(set) var count = 0
    private var first = TextPlace()
    private var latest: Int64 = .min

    mutating func observe(_ row: borrowing TraceRow) {
        if row.nanoseconds < latest {
            if count == 0 { first = row.arrivalPlace }
            count += 1
        }
        latest = row.nanoseconds
    }

    func warnings(_ report: RowReport) -> [Diagnostic] {
        guard count > 0 else { return [] }
        let rows =
            count == 1 ? "1 row arrives before the row above it" : "\(count) rows arrive before the row above them"
        return [Diagnostic(.warning, at: report.location(first), "\(rows), first here: sorted by arrival")]
    }
}
