/// Conversations of ShareGPT, of which the first two turns are prompt and answer as vLLM's benchmark takes them, and
/// that benchmark's custom prompts. One JSON array, or one object a line. Without times; lengths are counted ones where
/// the file has them and estimated from the text where not.
struct ShareGPTParser: JSONTraceParser {
    static let exampleStart = #"[{"id": "a_0", "conversations": [{"from": "human", "value": "…"}, …]}]"#

    static func recognises(keys: [String]) -> Bool {
        keys.contains { ["conversations", "prompt", "prompt_len"].contains($0) }
    }

    private var entry = JSONRecord([
        .init(name: "conversations", role: .own, isRequired: false),
        .init(name: "prompt", role: .promptText, isRequired: false),
        .init(name: "prompt_len", role: .prompt, isRequired: false),
        .init(name: "output_tokens", role: .output, isRequired: false),
        .init(name: "output_len", role: .output, isRequired: false),
    ])
    private var turn = JSONRecord([.init(name: "value", role: .promptText)])
    private var classes = ClassNames()
    private var isInArray = false
    private var saidEstimate = false

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        if isInArray {
            guard try scanner.nextElement() else {
                isInArray = false
                return .refused
            }
        } else {
            guard let kind = try scanner.kind() else { return .end }
            if kind == .array {
                try scanner.enter()
                isInArray = true
                return .refused
            }
        }
        row.clear()
        guard try entry.enter(&scanner, report: &report) else { return .refused }
        var counted = (prompt: Int?.none, output: Int?.none)
        while let key = try entry.nextKnown(&scanner) {
            if case .own = entry.keys[key].role {
                if !(try readTurns(&scanner, into: &row, &report)) { entry.refuse() }
                continue
            }
            try entry.take(key, &scanner, into: &row, classes: &classes, report: &report)
            switch entry.keys[key].name {
            case "prompt_len": counted.prompt = row.promptTokens
            case "output_tokens", "output_len": counted.output = row.outputTokens
            default: break
            }
        }
        row.promptTokens = counted.prompt ?? row.promptTokens
        row.outputTokens = counted.output ?? row.outputTokens
        row.hasArrival = false
        row.arrivalPlace = entry.start
        guard entry.isComplete(&report), hasLengths(counted.prompt, counted.output, &report) else { return .refused }
        return .request
    }

    private mutating func hasLengths(_ prompt: Int?, _ output: Int?, _ report: inout RowReport) -> Bool {
        let hasTurns = entry.has("conversations")
        guard prompt != nil || hasTurns || entry.has("prompt"), output != nil || hasTurns else {
            report.error(
                at: entry.start,
                "no lengths, expected \"conversations\", or \"prompt\" or \"prompt_len\" with \"output_tokens\" or "
                    + "\"output_len\"")
            return false
        }
        if prompt == nil || output == nil, !saidEstimate {
            saidEstimate = true
            report.warning(
                at: entry.start,
                "no counts of tokens: one is taken for every \(JSONScanner.bytesPerToken) bytes of text")
        }
        return true
    }

    /// The first two turns; a conversation without an answer has no output tokens.
    private mutating func readTurns(
        _ scanner: inout JSONScanner, into row: inout TraceRow, _ report: inout RowReport
    ) throws(JSONFault) -> Bool {
        guard try scanner.isOf(.array, "conversations", scanner.kind(), "an array of turns", &report) else {
            return false
        }
        try scanner.enter()
        row.promptPlace = scanner.place
        row.outputPlace = scanner.place
        var isGood = true
        var count = 0
        while try scanner.nextElement() {
            count += 1
            guard count <= 2 else {
                try scanner.skipValue()
                continue
            }
            var text = TraceRow()
            guard try turn.enter(&scanner, report: &report) else {
                isGood = false
                continue
            }
            while let key = try turn.nextKnown(&scanner) {
                try turn.take(key, &scanner, into: &text, classes: &classes, report: &report)
            }
            if !turn.isComplete(&report) { isGood = false }
            if count == 1 { (row.promptTokens, row.promptPlace) = (text.promptTokens, text.promptPlace) }
            if count == 2 { (row.outputTokens, row.outputPlace) = (text.promptTokens, text.promptPlace) }
        }
        return isGood
    }
}
