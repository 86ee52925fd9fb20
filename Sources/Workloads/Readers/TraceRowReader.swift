internal import Diagnostics

/// The well-formed rows of a trace file in its order; what is malformed is in `report`.
struct TraceRowReader: ~Copyable {
    let format: TraceFormat
    private(set) var report: RowReport
    private var lines: LineReader
    private var parser: any TraceRowParser
    /// The first line, where it is a request; valid until the next line is read.
    private var pending: UnsafeRawBufferPointer?

    init(opening path: String, format: TraceFormat?) throws(InputError) {
        let source: ByteSource
        do throws(ByteSourceFailure) {
            source = try ByteSource(path: path)
        } catch {
            throw InputError(at: nil, "\(path) \(error.message)")
        }
        try self.init(source, file: path, format: format)
    }

    /// Opens the input and reads up to its first line. - Parameter format: `nil` to tell from the first line.
    init(_ source: ByteSource, file: String, format: TraceFormat?, chunkSize: Int = 1 << 20) throws(InputError) {
        var lines = LineReader(source, file: file, chunkSize: chunkSize)
        var report = RowReport(file: file)
        var firstLine = try lines.next()
        while let line = firstLine, line.allSatisfy(isBlank) { firstLine = try lines.next() }
        guard let firstLine else {
            throw InputError(
                at: report.location(offset: 0), "the file is empty, expected a trace", help: Self.knownFirstLines)
        }
        report.line = lines.lineNumber
        guard let format = format ?? TraceFormat.allCases.first(where: { $0.parser.recognises(firstLine: firstLine) })
        else {
            throw InputError(
                at: report.location(offset: 0), "first line \(quoted(firstLine)) starts no known trace format",
                help: Self.knownFirstLines)
        }
        let parser = format.parser.init(firstLine: firstLine, report: &report)
        // Without its columns every row would be wrong in the same way.
        if report.hasErrors { throw InputError(report.found.errors) }
        self.format = format
        self.parser = parser
        self.report = report
        self.lines = lines
        pending = format.parser.hasHeader ? nil : firstLine
    }

    var classNames: [String] { parser.classNames }

    /// Reads the next well-formed row into `row`; `false` after the last and when there are too many errors to go on.
    mutating func next(into row: inout TraceRow) throws(InputError) -> Bool {
        while !report.isFull {
            guard let line = try takeLine() else { return false }
            if line.isEmpty || line.allSatisfy(isBlank) { continue }
            report.line = lines.lineNumber
            row.line = lines.lineNumber
            if parser.parse(line, into: &row, report: &report) { return true }
        }
        return false
    }

    /// An arrival before the one above it, in a file that must be sorted.
    mutating func reportArrivalGoesBack(_ row: TraceRow) {
        report.error(
            at: row.arrivalOffset, "arrival is before that of the row above, expected rows sorted by arrival",
            help: report.hasErrors ? nil : "read the trace into memory instead: it is then sorted")
    }

    /// The error for a file in which no row is a request.
    var emptyTrace: Diagnostic {
        Diagnostic(at: report.location(offset: 0, line: 1), "the trace has no request, expected at least one")
    }

    private mutating func takeLine() throws(InputError) -> UnsafeRawBufferPointer? {
        if let line = pending {
            pending = nil
            return line
        }
        return try lines.next()
    }

    private static var knownFirstLines: String {
        "known first lines: "
            + TraceFormat.allCases.map { "\($0.parser.exampleFirstLine) (\($0.rawValue))" }
            .joined(separator: "; ")
    }
}
