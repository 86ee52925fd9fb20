/// Reads the requests of one JSON format, each in its order in the file.
protocol JSONTraceParser {
    /// Whether an object with these keys is meant to be of the format, if not necessarily a correct one.
    static func recognises(keys: [String]) -> Bool
    /// What such a file starts with, for messages.
    static var exampleStart: String { get }
    /// What ids of blocks mean where the format does not say so in the file; `nil` for formats without.
    static var blocks: (dialect: BlockHashes.Dialect, tokens: Int)? { get }

    init()

    /// Reads on to the next request.
    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome

    /// What the ids read so far mean; `nil` if none can come.
    var blockHashes: BlockHashes? { get }
    var classNames: [String] { get }
    var tenantNames: [String] { get }
}

enum RowOutcome {
    /// The row holds a request.
    case request
    /// Something was no request, which has been reported.
    case refused
    case end
}

extension JSONTraceParser {
    static var blocks: (dialect: BlockHashes.Dialect, tokens: Int)? { nil }
    var blockHashes: BlockHashes? { Self.blocks.map { BlockHashes(dialect: $0.dialect, blockTokens: $0.tokens) } }
    var classNames: [String] { [] }
    var tenantNames: [String] { [] }
}
