/// Qwen-Bailian usage traces (KVCache cache in the wild, ATC 2025): JSON lines, times in seconds, one id for each 16
/// tokens. An id is a hash of the content of its block alone. What the request was of becomes its class.
struct QwenBailianParser: JSONTraceParser {
    static let blocks: (dialect: BlockHashes.Dialect, tokens: Int)? = (.blockContent, 16)
    static let exampleStart = #"{"chat_id": 41, "parent_chat_id": -1, "timestamp": 61.114, "input_length": 40, …}"#

    static func recognises(keys: [String]) -> Bool { keys.contains("chat_id") && keys.contains("parent_chat_id") }

    private var lines = JSONLines([
        .init(name: "timestamp", role: .arrival(.seconds)),
        .init(name: "input_length", role: .prompt),
        .init(name: "output_length", role: .output),
        .init(name: "type", role: .requestClass, isRequired: false),
        .init(name: "hash_ids", role: .blockIDs),
    ])

    var classNames: [String] { lines.classes.names }

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        try lines.next(&scanner, into: &row, blockTokens: 16, report: &report)
    }
}
