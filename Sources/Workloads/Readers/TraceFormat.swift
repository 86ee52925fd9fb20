/// A trace file format. A new one is a file in `Readers/` with a `TraceRowParser`, and a case here.
public enum TraceFormat: String, CaseIterable, Hashable, Sendable {
    /// Ours: `arrival_s,prompt_tokens,output_tokens`, optionally `id` and `class`.
    case csv
    /// Azure LLM inference 2023 and 2024: `TIMESTAMP,ContextTokens,GeneratedTokens`.
    case azure

    var parser: any TraceRowParser.Type {
        switch self {
        case .csv: CSVTraceParser.self
        case .azure: AzureTraceParser.self
        }
    }
}

/// Reads the lines of one format. The first line that is not blank decides whether a file is of the format.
protocol TraceRowParser {
    /// Whether a file that starts with this line is meant to be of this format, if not necessarily a correct one.
    static func recognises(firstLine: UnsafeRawBufferPointer) -> Bool
    /// What the first line of such a file looks like, for messages.
    static var exampleFirstLine: String { get }
    /// Whether the first line is a header rather than a request.
    static var hasHeader: Bool { get }
    /// Whether times count from an epoch of the format's own, so that the first arrival is to become 0.
    static var shiftsFirstArrivalToZero: Bool { get }

    /// Reads the header, where the format has one. Without a way to find its columns it reports errors.
    init(firstLine: UnsafeRawBufferPointer, report: inout RowReport)

    /// Reads one request. Whether `row` holds one; if not, errors were reported.
    mutating func parse(_ line: UnsafeRawBufferPointer, into row: inout TraceRow, report: inout RowReport) -> Bool

    /// Names of the classes met so far; `TraceRow.classIndex` points here.
    var classNames: [String] { get }
}

/// One row as it stands in the file, with the places of its values, so that what is wrong with them later has a place.
struct TraceRow {
    /// In the format's own epoch.
    var nanoseconds: Int64 = 0
    var promptTokens = 0
    var outputTokens = 0
    var classIndex = 0
    var line = 0
    /// Byte offsets in the line.
    var arrivalOffset = 0
    var promptOffset = 0
    var outputOffset = 0
}
