/// Azure LLM inference traces of 2023 (Splitwise: seven decimals, no zone) and 2024 (DynamoLLM: six decimals or none,
/// and a zone). Both are read by one rule: date, time, up to nine decimals, optional zone; without one it is UTC.
struct AzureTraceParser: TraceRowParser {
    static let known: [CSVColumns.Known] = [
        .init(name: "TIMESTAMP", role: .arrival),
        .init(name: "ContextTokens", role: .prompt),
        .init(name: "GeneratedTokens", role: .output),
    ]

    static var exampleFirstLine: String { "TIMESTAMP,ContextTokens,GeneratedTokens" }
    static var hasHeader: Bool { true }
    static var shiftsFirstArrivalToZero: Bool { true }

    static func recognises(firstLine: UnsafeRawBufferPointer) -> Bool {
        CSVColumns.anyIsNamed(in: firstLine, known)
    }

    private var table: CSVTable

    init(firstLine: UnsafeRawBufferPointer, report: inout RowReport) {
        table = CSVTable(header: firstLine, known: Self.known, report: &report)
    }

    var classNames: [String] { [] }

    mutating func parse(_ line: UnsafeRawBufferPointer, into row: inout TraceRow, report: inout RowReport) -> Bool {
        table.parse(line, into: &row, report: &report) {
            $0.plainCalendarTime()
        } time: { field, report in
            if let time = CalendarText.nanoseconds(field.bytes) { return time }
            report.error(
                at: field.offset,
                "TIMESTAMP \(quoted(field.bytes)) is not a date and time, expected YYYY-MM-DD HH:MM:SS[.fffffffff][+HH:MM]"
            )
            return nil
        }
    }
}
