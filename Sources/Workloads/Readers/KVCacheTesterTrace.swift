/// Sessions of coding agents as kv-cache-tester keeps them: one JSON object a session, times in seconds from its start,
/// ids of full blocks that name the prefix and count within the session. A file may hold several sessions, one after
/// the other, which then all start at 0. A subagent's calls stand in an object of their own, with times from its start.
struct KVCacheTesterParser: JSONTraceParser {
    static let exampleStart = #"{"id": "trace_0001", "block_size": 64, "hash_id_scope": "local", "requests": […]}"#

    static func recognises(keys: [String]) -> Bool { keys.contains("hash_id_scope") || keys.contains("block_size") }

    private enum State { case outside, inObject, inRequests }

    private var call = JSONRecord([
        .init(name: "t", role: .arrival(.seconds)),
        .init(name: "in", role: .prompt),
        .init(name: "out", role: .output),
        .init(name: "api_time", role: .own, isRequired: false),
        .init(name: "hash_ids", role: .own, isRequired: false),
        .init(name: "requests", role: .own, isRequired: false),
    ])
    private var classes = ClassNames()
    private var state = State.outside
    /// A session, or a subagent, whose calls are being read.
    private struct Branch {
        var start: Int64
        var thread: Int
        /// The call that the next one waits for: its thread and when it was answered; `nil` if that is not said.
        var last: (thread: Int, end: Int64)?
    }

    /// Innermost last.
    private var branches: [Branch] = []
    private var threads = 0
    private var blockTokens: Int?
    /// Added to the ids of this session, so that no two sessions share one.
    private var idOffset = 0
    private var idsUsed = 0
    private var sessions = 0

    var blockHashes: BlockHashes? { BlockHashes(dialect: .fileLocal, blockTokens: blockTokens ?? 64) }

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        switch state {
        case .outside:
            guard let kind = try scanner.kind() else { return .end }
            guard try scanner.isOf(.object, "the session", kind, "an object", &report) else { return .refused }
            try scanner.enter()
            sessions += 1
            if sessions == 2 {
                report.warning(at: scanner.place, "more than one session: they all start at 0")
            }
            idOffset = idsUsed
            state = .inObject
            return .refused
        case .inObject: return try nextMember(&scanner, &report)
        case .inRequests:
            guard try scanner.nextElement() else {
                branches.removeLast()
                state = .inObject
                return .refused
            }
            return try nextCall(&scanner, into: &row, &report)
        }
    }

    /// Members of a session, or what is left of a subagent's behind its calls.
    private mutating func nextMember(
        _ scanner: inout JSONScanner, _ report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        guard try scanner.nextKey() else {
            state = branches.isEmpty ? .outside : .inRequests
            return .refused
        }
        if branches.isEmpty, scanner.text.elementsEqual("requests".utf8) {
            try enterRequests(&scanner, startingAt: 0, &report)
        } else if branches.isEmpty, scanner.text.elementsEqual("block_size".utf8) {
            let kind = try scanner.kind()
            let place = scanner.place
            guard let tokens = try scanner.tokens("block_size", kind, &report) else { return .refused }
            if tokens == 0 || tokens != blockTokens ?? tokens {
                let expected = blockTokens.map { "\($0) as before" } ?? "at least 1"
                report.error(at: place, "block_size is \(tokens), expected \(expected)")
            } else {
                blockTokens = tokens
            }
        } else {
            try scanner.skipValue()
        }
        return .refused
    }

    private mutating func enterRequests(
        _ scanner: inout JSONScanner, startingAt start: Int64, _ report: inout RowReport
    ) throws(JSONFault) {
        guard try scanner.isOf(.array, "requests", scanner.kind(), "an array", &report) else { return }
        try scanner.enter()
        branches.append(Branch(start: start, thread: threads, last: branches.last?.last))
        threads += 1
        state = .inRequests
    }

    private mutating func nextCall(
        _ scanner: inout JSONScanner, into row: inout TraceRow, _ report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        row.clear()
        guard try call.enter(&scanner, report: &report) else { return .refused }
        var answerTime: Int64?
        while let key = try call.nextKnown(&scanner) {
            switch call.keys[key].name {
            case "requests":
                let start = (branches.last?.start ?? 0) + row.nanoseconds
                try enterRequests(&scanner, startingAt: min(start, DecimalText.largestNanoseconds / 2), &report)
                state = .inRequests
                return .refused
            case "api_time":
                answerTime = try scanner.time("api_time", .seconds, scanner.kind(), &report)
                if answerTime == nil { call.refuse() }
            case "hash_ids":
                if !(try scanner.blockIDs("hash_ids", scanner.kind(), into: &row.blockIDs, offset: idOffset, &report)) {
                    call.refuse()
                }
                for id in row.blockIDs { idsUsed = max(idsUsed, Int(id) + 1) }
            default: try call.take(key, &scanner, into: &row, classes: &classes, report: &report)
            }
        }
        guard call.isComplete(&report) else { return .refused }
        row.nanoseconds = min(row.nanoseconds + (branches.last?.start ?? 0), DecimalText.largestNanoseconds)
        placeInBranch(&row, answerTime: answerTime)
        return row.blocksFit(blockTokens ?? 64, at: call.start, &report) ? .request : .refused
    }

    /// A call waits for the one before it in its branch, the first of a subagent for the last before it outside, as long
    /// as the recording paused after that one's answer.
    private mutating func placeInBranch(_ row: inout TraceRow, answerTime: Int64?) {
        guard let branch = branches.indices.last else { return }
        row.thread = branches[branch].thread
        if let last = branches[branch].last {
            (row.follows, row.pause) = (last.thread, max(0, row.nanoseconds - last.end))
        }
        branches[branch].last = answerTime.map { answerTime in
            (row.thread, min(row.nanoseconds + answerTime, DecimalText.largestNanoseconds))
        }
    }
}
