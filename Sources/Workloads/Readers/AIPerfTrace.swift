/// AIPerf's `mooncake_trace` and genai-perf's payload files: JSON lines, times in milliseconds, either from the start or
/// as a delay after the answer before in the same session; ids of 512 tokens.
struct AIPerfParser: JSONTraceParser {
    static let blocks: (dialect: BlockHashes.Dialect, tokens: Int)? = (.wholePrefix, 512)
    static let exampleStart = #"{"session_id": "s1", "delay": 2000, "input_length": 150, "output_length": 20}"#

    static func recognises(keys: [String]) -> Bool {
        keys.contains { ["input_length", "text_input"].contains($0) }
            && keys.contains { ["output_length", "session_id", "timestamp", "text_input"].contains($0) }
    }

    private var record = JSONRecord([
        .init(name: "timestamp", role: .arrival(.milliseconds), isRequired: false),
        .init(name: "delay", role: .own, isRequired: false),
        .init(name: "session_id", role: .own, isRequired: false),
        .init(name: "input_length", role: .prompt, isRequired: false),
        .init(name: "text_input", role: .promptText, isRequired: false),
        .init(name: "text", role: .promptText, isRequired: false),
        .init(name: "output_length", role: .output),
        .init(name: "hash_ids", role: .blockIDs, isRequired: false),
    ])
    private var classes = ClassNames()
    /// The number of each session, and its latest arrival; `nil` where that is not known.
    private var sessions: [[UInt8]: (number: Int, latest: Int64?)] = [:]
    private var saidEstimate = false

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        guard try scanner.kind() != nil else { return .end }
        row.clear()
        guard try record.enter(&scanner, report: &report) else { return .refused }
        var session: [UInt8]?
        var delay: Int64 = 0
        while let key = try record.nextKnown(&scanner) {
            switch record.keys[key].name {
            case "session_id":
                session = try scanner.name("session_id", scanner.kind(), &report)
                if session == nil { record.refuse() }
            case "delay":
                row.arrivalPlace = try scanner.placeOfNext()
                if let time = try scanner.time("delay", .milliseconds, scanner.kind(), &report) {
                    delay = time
                } else {
                    record.refuse()
                }
            default: try record.take(key, &scanner, into: &row, classes: &classes, report: &report)
            }
        }
        guard record.isComplete(&report), hasOnePrompt(&report) else { return .refused }
        placeInSession(session, delay, &row)
        return row.blocksFit(512, at: record.start, &report) ? .request : .refused
    }

    private mutating func hasOnePrompt(_ report: inout RowReport) -> Bool {
        let prompts = ["input_length", "text_input", "text"].filter { record.has($0) }
        if prompts.count != 1 {
            report.error(
                at: record.start,
                "\(prompts.isEmpty ? "no prompt" : prompts.joined(separator: " and ")), expected an object with one of "
                    + "\"input_length\", \"text_input\", \"text\"",
                help: prompts.isEmpty ? "messages and payloads need a tokenizer: count their tokens first" : nil)
        } else if prompts[0] != "input_length", !saidEstimate {
            saidEstimate = true
            report.warning(
                at: record.start,
                "no counts of tokens: one is taken for every \(JSONScanner.bytesPerToken) bytes of text")
        }
        return prompts.count == 1
    }

    /// A later turn without a time of its own waits for the answer to the one before it. Where nobody simulates answers it
    /// arrives `delay` after that one has.
    private mutating func placeInSession(_ session: [UInt8]?, _ delay: Int64, _ row: inout TraceRow) {
        row.hasArrival = record.has("timestamp")
        if !row.hasArrival { row.arrivalPlace = record.start }
        guard let session else { return }
        let known = sessions[session]
        row.thread = known?.number ?? sessions.count
        if !row.hasArrival, let known {
            (row.follows, row.pause, row.isArrivalGuessed) = (known.number, delay, true)
            if let latest = known.latest {
                row.nanoseconds = min(latest + delay, DecimalText.largestNanoseconds)
                row.hasArrival = true
            }
        }
        sessions[session] = (row.thread, row.hasArrival ? row.nanoseconds : nil)
    }
}
