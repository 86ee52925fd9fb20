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
    ///   - arrivals: used if the file has no times, which is an error without.
    ///   - progress: told the number of requests read so far, every 65,536.
    /// - Throws: up to twenty errors, each with `file:line:column`.
    public static func read(
        path: String, format: TraceFormat? = nil, arrivals: GivenArrivals? = nil, progress: (Int) -> Void = { _ in }
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        try read(
            TraceRowReader(opening: path, format: format, arrivals: arrivals?.sampler), name: path, progress: progress)
    }

    /// Reads a trace from memory; `name` stands for the file in messages and provenance.
    package static func read(
        bytes: [UInt8], name: String, format: TraceFormat? = nil, arrivals: GivenArrivals? = nil,
        chunkSize: Int = 1 << 20
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        let source = ByteSource(bytes: bytes)
        let reader = try TraceRowReader(
            source, file: name, format: format, arrivals: arrivals?.sampler, chunkSize: chunkSize)
        return try read(reader, name: name) { _ in }
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
        while try reader.next(into: &row) {
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
        return (columns, reader.report.found.warnings)
    }

    private static func read(
        _ reader: consuming TraceRowReader, name: String, progress: (Int) -> Void
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        var reader = reader
        var requests: [Request] = []
        var blockHashes: BlockHashes?
        var disorder = Disorder()
        var row = TraceRow()
        while try reader.next(into: &row) {
            disorder.observe(row)
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
        if requests.isEmpty { throw InputError([reader.emptyTrace] + warnings) }

        if disorder.count > 0 {
            requests.sort { ($0.arrival, $0.index) < ($1.arrival, $1.index) }
            blockHashes = blockHashes?.selecting(requests.map(\.index))
            for index in requests.indices { requests[index].index = index }
        }
        if reader.format.shiftsFirstArrivalToZero { shiftToZero(&requests) }
        let provenance = Trace.Provenance(
            source: name, format: reader.format.rawValue, excluded: reader.exclusions.excluded)
        let trace = Trace(
            requests: requests, classNames: reader.classNames, tenantNames: reader.tenantNames,
            blockHashes: blockHashes, provenance: provenance)
        return (trace, warnings)
    }

    private static func shiftToZero(_ requests: inout [Request]) {
        let first = requests[0].arrival
        for index in requests.indices { requests[index].arrival = .zero + (requests[index].arrival - first) }
    }
}

/// Rows that arrive before the row above them.
private struct Disorder {
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
