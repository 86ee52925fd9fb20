internal import Diagnostics
internal import EventKernel

/// The requests of a trace file in its order; what is malformed is in `report`, what is no request in `exclusions`.
struct TraceRowReader: ~Copyable {
    /// Read ahead to tell the format; names of columns and keys come early.
    private static let sampleSize = 4096

    let format: TraceFormat
    private(set) var report: RowReport
    private(set) var exclusions = RowExclusions()
    /// One of the two, by the format's layout.
    private var table: CSVRows?
    private let records: JSONRows?
    private var arrivals: ArrivalSampler?
    /// The last arrival given to each thread.
    private var givenArrivals: [Int: Int64] = [:]
    /// Of the first request. A file has times for all requests or for none.
    private var hasArrivals: Bool?
    private let takesAll: Bool
    /// As the first of a table look; 0 where a line is no row.
    let likelyRows: Int

    /// - Parameters:
    ///   - format: `nil` to tell from the start of the file.
    ///   - arrivals: gives times to the requests of a file without.
    ///   - takesAll: whether rows without prompt or output tokens come too, and those of files without times.
    init(
        opening path: String, format: TraceFormat?, arrivals: ArrivalSampler?, takesAll: Bool = false
    ) throws(InputError) {
        let source: ByteSource
        do throws(ByteSourceFailure) {
            source = try ByteSource(path: path)
        } catch {
            throw InputError(at: nil, "\(path) \(error.message)")
        }
        try self.init(source, file: path, format: format, arrivals: arrivals, takesAll: takesAll)
    }

    /// Opens the input and reads up to its first request.
    init(
        _ source: ByteSource, file: String, format: TraceFormat?, arrivals: ArrivalSampler?,
        takesAll: Bool = false, chunkSize: Int = 1 << 20
    ) throws(InputError) {
        var report = RowReport(file: file)
        let sample: TraceSample
        do throws(ByteSourceFailure) {
            sample = TraceSample(try source.peek(Self.sampleSize))
        } catch {
            throw InputError(at: report.location(TextPlace()), error.message)
        }
        let format = try sample.format(as: format, report)
        let table = try CSVRows.opening(
            format, LineReader(source, file: file, chunkSize: chunkSize), report: &report)
        if case .records(let parser) = format.layout {
            records = JSONRows(parser.init(), JSONScanner(source, chunkSize: chunkSize))
        } else {
            records = nil
        }
        likelyRows = records == nil ? sample.lines(ofBytes: source.size) : 0
        self.format = format
        self.table = table
        self.report = report
        self.arrivals = arrivals
        self.takesAll = takesAll
    }

    var classNames: [String] {
        switch table {
        case .some(let table): table.classNames
        case .none: records?.classNames ?? []
        }
    }

    var tenantNames: [String] {
        switch table {
        case .some(let table): table.tenantNames
        case .none: records?.tenantNames ?? []
        }
    }

    /// A table without entries that says what the ids of blocks read so far mean; `nil` for formats without.
    var blockHashes: BlockHashes? { records?.blockHashes }

    /// Reads the next request into `row`; `false` after the last and when there are too many errors to go on.
    mutating func next(into row: inout TraceRow) throws(InputError) -> Bool {
        while try takeRow(into: &row) {
            if exclusions.excludes(row), !takesAll { continue }
            if row.hasArrival != hasArrivals {
                guard hasArrivals == nil else {
                    let has = row.hasArrival ? "a time" : "no time"
                    report.error(at: row.arrivalPlace, "a request with \(has), expected it as in those above")
                    continue
                }
                hasArrivals = row.hasArrival
                if !row.hasArrival, arrivals == nil, !takesAll {
                    report.error(
                        at: row.arrivalPlace, "the trace has no arrival times, expected them for a simulation",
                        help: "give an arrival process with it, such as Poisson arrivals of some rate")
                    return false
                }
            }
            if !row.hasArrival { giveArrival(to: &row) }
            return true
        }
        return false
    }

    /// From the process, or behind the request that it waits for.
    private mutating func giveArrival(to row: inout TraceRow) {
        if row.follows >= 0, let before = givenArrivals[row.follows] {
            row.nanoseconds = min(before + row.pause, DecimalText.largestNanoseconds)
        } else if let time = arrivals?.next() {
            row.nanoseconds = time.nanoseconds
        }
        if row.thread >= 0 { givenArrivals[row.thread] = row.nanoseconds }
    }

    /// An arrival before the one above it, in a file that must be sorted.
    mutating func reportArrivalGoesBack(_ row: TraceRow) {
        report.error(
            at: row.arrivalPlace, "arrival is before that of the row above, expected rows sorted by arrival",
            help: report.hasErrors ? nil : "read the trace into memory instead: it is then sorted")
    }

    /// The error for a file in which no row is a request.
    var emptyTrace: Diagnostic {
        Diagnostic(at: report.location(TextPlace()), "the trace has no request, expected at least one")
    }

    @inline(__always)
    private mutating func takeRow(into row: inout TraceRow) throws(InputError) -> Bool {
        if report.isFull { return false }
        if let found = try table?.next(into: &row, report: &report) { return found }
        return try records?.next(into: &row, report: &report) ?? false
    }
}
