internal import Diagnostics

/// The rows of a CSV trace.
struct CSVRows: ~Copyable {
    private var lines: LineReader
    private var table: CSVTable

    /// Reads the header of a table; `nil` for a format that is none.
    static func opening(
        _ format: TraceFormat, _ lines: consuming LineReader, report: inout RowReport
    ) throws(InputError) -> CSVRows? {
        guard case .table(let format) = format.layout else { return nil }
        var lines = lines
        var header = try lines.next()
        while let line = header, line.allSatisfy(isBlank) { header = try lines.next() }
        guard let header else { throw TraceSample.emptyFile(report) }
        report.line = lines.lineNumber
        let table = CSVTable(header: header, format: format, report: &report)
        // Without its columns every row would be wrong in the same way.
        if report.hasErrors { throw InputError(report.found.errors) }
        return CSVRows(lines: lines, table: table)
    }

    var classNames: [String] { table.groups.classNames }
    var tenantNames: [String] { table.groups.tenantNames }

    @inline(__always)
    mutating func next(into row: inout TraceRow, report: inout RowReport) throws(InputError) -> Bool {
        row.hasArrival = table.hasArrivals
        if report.isFull { return false }
        let length = table.takePlain(lines.unread, line: lines.lineNumber + 1, into: &row)
        if length == 0 { return try nextOfAnyKind(into: &row, report: &report) }
        lines.skipLine(of: length)
        return true
    }

    @inline(never)
    private mutating func nextOfAnyKind(
        into row: inout TraceRow, report: inout RowReport
    ) throws(InputError) -> Bool {
        while !report.isFull {
            guard let line = try lines.next() else { return false }
            if line.isEmpty || line.allSatisfy(isBlank) { continue }
            report.line = lines.lineNumber
            if table.parse(line, into: &row, report: &report) { return true }
        }
        return false
    }
}
