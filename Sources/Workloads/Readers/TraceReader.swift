public import Diagnostics
internal import EventKernel

/// Reads trace files whole, into memory.
public enum TraceReader {
    /// Reads a trace file, plain or gzip.
    ///
    /// Rows out of order are sorted, rows of equal times keep their order; rows without prompt or output tokens are
    /// left out. Both are said in one warning each, with the first place and the count. O(n) if sorted.
    /// - Parameter format: `nil` to tell from the first line.
    /// - Throws: up to twenty errors, each with `file:line:column`.
    public static func read(
        path: String, format: TraceFormat? = nil
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        try read(TraceRowReader(opening: path, format: format), name: path)
    }

    /// Reads a trace from memory; `name` stands for the file in messages and provenance.
    package static func read(
        bytes: [UInt8], name: String, format: TraceFormat? = nil, chunkSize: Int = 1 << 20
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        let source = ByteSource(bytes: bytes)
        return try read(TraceRowReader(source, file: name, format: format, chunkSize: chunkSize), name: name)
    }

    private static func read(
        _ reader: consuming TraceRowReader, name: String
    ) throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        var reader = reader
        var requests: [Request] = []
        var exclusions = RowExclusions()
        var disorder = Disorder()
        var row = TraceRow()
        while try reader.next(into: &row) {
            if exclusions.excludes(row) { continue }
            disorder.observe(row)
            requests.append(
                Request(
                    index: requests.count, arrival: SimulationTime(nanoseconds: row.nanoseconds),
                    promptTokens: row.promptTokens, outputTokens: row.outputTokens, classIndex: row.classIndex))
        }
        try reader.report.found.throwIfAny()
        let warnings =
            reader.report.found.warnings + exclusions.warnings(reader.report) + disorder.warnings(reader.report)
        if requests.isEmpty { throw InputError([reader.emptyTrace] + warnings) }

        if disorder.count > 0 { sort(&requests) }
        if reader.format.parser.shiftsFirstArrivalToZero { shiftToZero(&requests) }
        let provenance = Trace.Provenance(source: name, format: reader.format.rawValue, excluded: exclusions.excluded)
        return (Trace(requests: requests, classNames: reader.classNames, provenance: provenance), warnings)
    }

    private static func sort(_ requests: inout [Request]) {
        requests.sort { ($0.arrival, $0.index) < ($1.arrival, $1.index) }
        for index in requests.indices { requests[index].index = index }
    }

    private static func shiftToZero(_ requests: inout [Request]) {
        let first = requests[0].arrival
        for index in requests.indices { requests[index].arrival = .zero + (requests[index].arrival - first) }
    }
}

/// Rows that arrive before the row above them.
private struct Disorder {
    private(set) var count = 0
    private var first = TraceRow()
    private var latest: Int64 = .min

    mutating func observe(_ row: TraceRow) {
        if row.nanoseconds < latest {
            if count == 0 { first = row }
            count += 1
        }
        latest = row.nanoseconds
    }

    func warnings(_ report: RowReport) -> [Diagnostic] {
        guard count > 0 else { return [] }
        let rows =
            count == 1 ? "1 row arrives before the row above it" : "\(count) rows arrive before the row above them"
        return [
            Diagnostic(
                .warning, at: report.location(offset: first.arrivalOffset, line: first.line),
                "\(rows), first here: sorted by arrival")
        ]
    }
}
