/// LLMServingSim: JSON lines, times in nanoseconds. A line is a request or a session of `sub_requests`, each of which
/// its simulator sends when the one before has ended and its tool has run.
struct LLMServingSimParser: JSONTraceParser {
    static let exampleStart = #"{"input_toks": 5, "output_toks": 2, "arrival_time_ns": 1200}"#

    static func recognises(keys: [String]) -> Bool { keys.contains("input_toks") || keys.contains("sub_requests") }

    private var line = JSONRecord([
        .init(name: "arrival_time_ns", role: .arrival(.nanoseconds)),
        .init(name: "input_toks", role: .prompt, isRequired: false),
        .init(name: "output_toks", role: .output, isRequired: false),
        .init(name: "sub_requests", role: .own, isRequired: false),
    ])
    private var call = JSONRecord([
        .init(name: "input_toks", role: .prompt),
        .init(name: "output_toks", role: .output),
        .init(name: "tool_duration_ns", role: .own, isRequired: false),
    ])
    private var classes = ClassNames()
    private var isInSession = false
    /// When the next call of the session arrives, and where that is said.
    private var clock: Int64 = 0
    private var clockPlace = TextPlace()
    /// Of the call before in the session; `nil` before the first.
    private var toolDuration: Int64?
    private var sessions = 0

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        if !isInSession {
            guard try scanner.kind() != nil else { return .end }
            row.clear()
            guard try line.enter(&scanner, report: &report) else { return .refused }
        } else if try scanner.nextElement() {
            return try nextCall(&scanner, into: &row, report: &report)
        } else {
            isInSession = false
        }
        while let key = try line.nextKnown(&scanner) {
            guard case .own = line.keys[key].role else {
                try line.take(key, &scanner, into: &row, classes: &classes, report: &report)
                continue
            }
            guard line.has("arrival_time_ns") else {
                report.error(at: try scanner.placeOfNext(), "sub_requests without \"arrival_time_ns\" before them")
                try scanner.skipValue()
                return .refused
            }
            guard try scanner.isOf(.array, "sub_requests", scanner.kind(), "an array", &report) else { return .refused }
            try scanner.enter()
            (isInSession, clock, clockPlace, toolDuration) = (true, row.nanoseconds, row.arrivalPlace, nil)
            sessions += 1
            return try next(&scanner, into: &row, report: &report)
        }
        return lineOutcome(&report)
    }

    /// Of a line read to its end.
    private mutating func lineOutcome(_ report: inout RowReport) -> RowOutcome {
        guard line.isComplete(&report) else { return .refused }
        if line.has("sub_requests") { return .refused }
        guard line.has("input_toks"), line.has("output_toks") else {
            report.error(
                at: line.start, "no request, expected \"input_toks\" and \"output_toks\", or \"sub_requests\"")
            return .refused
        }
        return .request
    }

    private mutating func nextCall(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        row.clear()
        guard try call.enter(&scanner, report: &report) else { return .refused }
        (row.nanoseconds, row.arrivalPlace) = (clock, clockPlace)
        row.thread = sessions
        if let toolDuration {
            (row.follows, row.pause, row.isArrivalGuessed) = (sessions, toolDuration, true)
        }
        toolDuration = 0
        while let key = try call.nextKnown(&scanner) {
            guard case .own = call.keys[key].role else {
                try call.take(key, &scanner, into: &row, classes: &classes, report: &report)
                continue
            }
            if let time = try scanner.time("tool_duration_ns", .nanoseconds, scanner.kind(), &report) {
                clock = min(clock + time, DecimalText.largestNanoseconds)
                toolDuration = time
            } else {
                call.refuse()
            }
        }
        return call.isComplete(&report) ? .request : .refused
    }
}
