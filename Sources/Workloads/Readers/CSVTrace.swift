/// Our own CSV. Arrivals are decimal seconds from the start of the trace and are taken as they are.
struct CSVTraceParser: TraceRowParser {
    static let known: [CSVColumns.Known] = [
        .init(name: "arrival_s", role: .arrival),
        .init(name: "prompt_tokens", role: .prompt),
        .init(name: "output_tokens", role: .output),
        .init(name: "class", role: .requestClass, isRequired: false),
        // For the user's own reference: requests are known by their position.
        .init(name: "id", role: .notUsed, isRequired: false),
    ]

    static var exampleFirstLine: String { "arrival_s,prompt_tokens,output_tokens" }
    static var hasHeader: Bool { true }
    static var shiftsFirstArrivalToZero: Bool { false }

    static func recognises(firstLine: UnsafeRawBufferPointer) -> Bool {
        CSVColumns.anyIsNamed(in: firstLine, known)
    }

    private var table: CSVTable

    init(firstLine: UnsafeRawBufferPointer, report: inout RowReport) {
        table = CSVTable(header: firstLine, known: Self.known, report: &report)
    }

    var classNames: [String] { table.classNames }

    mutating func parse(_ line: UnsafeRawBufferPointer, into row: inout TraceRow, report: inout RowReport) -> Bool {
        table.parse(line, into: &row, report: &report) {
            $0.plainSeconds()
        } time: { field, report in
            do throws(DecimalText.Failure) {
                return try DecimalText.nanoseconds(field.bytes)
            } catch {
                let fault =
                    switch error {
                    case .notANumber: "is not a number, expected seconds"
                    case .negative: "is negative, expected seconds from the start"
                    case .tooLarge: "is too large, expected at most 4e9 seconds"
                    }
                report.error(at: field.offset, "arrival_s \(quoted(field.bytes)) \(fault)")
                return nil
            }
        }
    }
}
