/// Mooncake's traces: JSON lines, times in milliseconds, one id for each 512 tokens, the last for what is left over.
/// An id names the whole prefix up to its block.
struct MooncakeParser: JSONTraceParser {
    static let blocks: (dialect: BlockHashes.Dialect, tokens: Int)? = (.wholePrefix, 512)
    static let exampleStart = #"{"timestamp": 0, "input_length": 1200, "output_length": 52, "hash_ids": [0, 1, 2]}"#

    static func recognises(keys: [String]) -> Bool {
        keys.contains("timestamp") && keys.contains("input_length") && keys.contains("hash_ids")
            && !keys.contains { ["chat_id", "session_id"].contains($0) }
    }

    private var lines = JSONLines([
        .init(name: "timestamp", role: .arrival(.milliseconds)),
        .init(name: "input_length", role: .prompt),
        .init(name: "output_length", role: .output),
        .init(name: "hash_ids", role: .blockIDs),
    ])

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        try lines.next(&scanner, into: &row, blockTokens: 512, report: &report)
    }
}
