/// Reads the rows of a CSV format of one request a row.
struct CSVTable {
    let columns: CSVColumns
    /// Of the columns.
    let kinds: [Kind]
    let hasArrivals: Bool
    var groups = RequestGroups()
    private let time: CSVFormat.Time
    private let hasClasses: Bool
    private let hasTenants: Bool

    /// Reads the header. Without a way to find its columns it reports errors.
    init(header: UnsafeRawBufferPointer, format: CSVFormat, report: inout RowReport) {
        columns = CSVColumns(header: header, known: format.known, report: &report)
        time = format.time
        kinds = columns.roles.map { role in
            switch role {
            case .arrival: format.time == .seconds ? .seconds : .calendar
            case .prompt: .prompt
            case .output: .output
            case .requestClass: .requestClass
            case .tenant: .tenant
            case .notUsed: .notUsed
            case .always: .always
            }
        }
        (hasClasses, hasTenants, hasArrivals) = (columns.hasClasses, columns.hasTenants, columns.hasArrivals)
    }

    /// Reads one line of any kind. Whether `row` holds a request; if not, errors were reported.
    mutating func parse(_ line: UnsafeRawBufferPointer, into row: inout TraceRow, report: inout RowReport) -> Bool {
        var fields = CSVRow(line)
        var isGood = true
        for column in columns.roles.indices {
            guard let field = fields.next() else {
                report.error(
                    at: line.count,
                    "row has \(column) fields, expected \(columns.roles.count): no \"\(columns.names[column])\"")
                return false
            }
            if !take(field, column, &row, &report) { isGood = false }
        }
        if fields.position <= line.count {
            report.error(at: fields.position, "row has more fields than the header, expected \(columns.roles.count)")
            return false
        }
        if isGood { giveGroup(to: &row) }
        return isGood
    }

    /// The index that stands for class and tenant, in a file with tenants.
    @inline(__always)
    mutating func giveGroup(to row: inout TraceRow) {
        guard hasTenants else { return }
        row.classIndex = groups.index(ofClass: hasClasses ? row.classIndex : 0, tenant: row.tenantIndex)
    }

    /// Puts one field into the row, or reports why it cannot.
    private mutating func take(
        _ field: CSVField, _ column: Int, _ row: inout TraceRow, _ report: inout RowReport
    ) -> Bool {
        if field.isMalformed {
            report.error(at: field.offset, "field \(quoted(field.bytes)) has a quote without its partner")
            return false
        }
        let place = TextPlace(line: report.line, offset: field.offset)
        let name = columns.names[column]
        switch columns.roles[column] {
        case .notUsed: break
        case .arrival:
            let nanoseconds =
                time == .seconds
                ? report.seconds(field.bytes, of: name, at: place)
                : report.calendarTime(field.bytes, of: name, at: place)
            guard let nanoseconds else { return false }
            (row.nanoseconds, row.arrivalPlace) = (nanoseconds, place)
        case .prompt:
            guard let count = report.tokens(field.bytes, of: name, at: place) else { return false }
            (row.promptTokens, row.promptPlace) = (count, place)
        case .output:
            guard let count = report.tokens(field.bytes, of: name, at: place) else { return false }
            (row.outputTokens, row.outputPlace) = (count, place)
        case .requestClass:
            guard let index = Self.index(of: field, in: &groups.classes, at: place, &report) else { return false }
            row.classIndex = index
        case .tenant:
            guard let index = Self.index(of: field, in: &groups.tenants, at: place, &report) else { return false }
            row.tenantIndex = index
        case .always(let only):
            if String(decoding: field.text, as: UTF8.self) != only.description {
                report.error(
                    at: field.offset, "\(name) \(quoted(field.bytes)) is no LLM request, expected \"\(only)\"")
                return false
            }
        }
        return true
    }

    private static func index(
        of field: CSVField, in names: inout ClassNames, at place: TextPlace, _ report: inout RowReport
    ) -> Int? {
        if !field.isQuoted, let index = names.index(ofKnown: field.bytes) { return index }
        return names.index(of: field.text, at: place, report: &report)
    }
}
