/// What CSV formats of one request a row share: columns by name, counts of tokens, names of classes.
/// A format adds how it writes times.
struct CSVTable {
    /// Classes are few; more distinct names than this mean that the column holds something else.
    static let mostClasses = 256

    private let columns: CSVColumns
    private(set) var classNames: [String] = []
    private var classBytes: [[UInt8]] = []

    init(header: UnsafeRawBufferPointer, known: [CSVColumns.Known], report: inout RowReport) {
        columns = CSVColumns(header: header, known: known, report: &report)
    }

    /// Reads one line. `plainTime` reads the arrival if it is written in the usual way, `time` any way or reports why
    /// it cannot.
    @inline(__always)
    mutating func parse(
        _ line: UnsafeRawBufferPointer, into row: inout TraceRow, report: inout RowReport,
        plainTime: (inout CSVRow) -> Int64?, time: (CSVField, inout RowReport) -> Int64?
    ) -> Bool {
        var fields = CSVRow(line)
        var isGood = true
        for column in columns.roles.indices {
            let role = columns.roles[column]
            let offset = fields.position
            switch role {
            case .arrival:
                row.arrivalOffset = offset
                if let nanoseconds = plainTime(&fields) {
                    row.nanoseconds = nanoseconds
                    continue
                }
            case .prompt:
                row.promptOffset = offset
                if let count = fields.plainCount() {
                    row.promptTokens = count
                    continue
                }
            case .output:
                row.outputOffset = offset
                if let count = fields.plainCount() {
                    row.outputTokens = count
                    continue
                }
            case .requestClass, .notUsed: break
            }
            guard let field = fields.next() else {
                report.error(
                    at: line.count,
                    "row has \(column) fields, expected \(columns.roles.count): no \"\(columns.names[column])\"")
                return false
            }
            if !take(field, column, &row, &report, time) { isGood = false }
        }
        if fields.position <= line.count {
            report.error(at: fields.position, "row has more fields than the header, expected \(columns.roles.count)")
            return false
        }
        return isGood
    }

    /// Puts one field into the row, or reports why it cannot.
    private mutating func take(
        _ field: CSVField, _ column: Int, _ row: inout TraceRow, _ report: inout RowReport,
        _ time: (CSVField, inout RowReport) -> Int64?
    ) -> Bool {
        if field.isMalformed {
            report.error(at: field.offset, "field \(quoted(field.bytes)) has a quote without its partner")
            return false
        }
        switch columns.roles[column] {
        case .notUsed: break
        case .arrival:
            guard let nanoseconds = time(field, &report) else { return false }
            (row.nanoseconds, row.arrivalOffset) = (nanoseconds, field.offset)
        case .prompt:
            guard let count = tokens(field, columns.names[column], &report) else { return false }
            (row.promptTokens, row.promptOffset) = (count, field.offset)
        case .output:
            guard let count = tokens(field, columns.names[column], &report) else { return false }
            (row.outputTokens, row.outputOffset) = (count, field.offset)
        case .requestClass:
            guard let index = classIndex(field, &report) else { return false }
            row.classIndex = index
        }
        return true
    }

    private func tokens(_ field: CSVField, _ name: String, _ report: inout RowReport) -> Int? {
        do throws(DecimalText.Failure) {
            return try DecimalText.count(field.bytes)
        } catch {
            let fault =
                switch error {
                case .notANumber: "is not a whole number, expected a count of tokens"
                case .negative: "is negative, expected a count of tokens"
                case .tooLarge: "is too large, expected at most \(DecimalText.largestCount) tokens"
                }
            report.error(at: field.offset, "\(name) \(quoted(field.bytes)) \(fault)")
            return nil
        }
    }

    private mutating func classIndex(_ field: CSVField, _ report: inout RowReport) -> Int? {
        if !field.isQuoted, let index = classBytes.firstIndex(where: { $0.elementsEqual(field.bytes) }) { return index }
        let text = field.text
        if let index = classBytes.firstIndex(of: text) { return index }
        guard !text.isEmpty else {
            report.error(at: field.offset, "class is empty, expected a name")
            return nil
        }
        guard classBytes.count < Self.mostClasses else {
            report.error(
                at: field.offset, "class \(quoted(field.bytes)) is one too many, expected at most \(Self.mostClasses)")
            return nil
        }
        classBytes.append(text)
        classNames.append(String(decoding: text, as: UTF8.self))
        return classBytes.count - 1
    }
}
