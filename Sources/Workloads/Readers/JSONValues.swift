/// Values of JSON traces. Each takes the kind of the value that comes next, reads it, and says `nil` or `false` for one
/// that it has reported.
extension JSONScanner {
    /// Stated wherever it is used: no tokenizer is at hand, and English text has about four bytes a token.
    static let bytesPerToken = 4

    mutating func tokens(_ name: String, _ kind: Kind?, _ report: inout RowReport) throws(JSONFault) -> Int? {
        guard try isOf(.number, name, kind, "a count of tokens", &report) else { return nil }
        if let count = plainCount() { return count }
        try number()
        return text.withUnsafeBytes { report.tokens($0, of: name, at: place) }
    }

    mutating func time(
        _ name: String, _ unit: TimeUnit, _ kind: Kind?, _ report: inout RowReport
    ) throws(JSONFault) -> Int64? {
        guard try isOf(.number, name, kind, unit.name, &report) else { return nil }
        try number()
        return text.withUnsafeBytes { report.seconds($0, of: name, unit: unit, at: place) }
    }

    /// The tokens of a text by its length, at least one if there is any.
    mutating func estimatedTokens(_ name: String, _ kind: Kind?, _ report: inout RowReport) throws(JSONFault) -> Int? {
        guard try isOf(.string, name, kind, "a text", &report) else { return nil }
        return (try skipString() + Self.bytesPerToken - 1) / Self.bytesPerToken
    }

    mutating func name(_ name: String, _ kind: Kind?, _ report: inout RowReport) throws(JSONFault) -> [UInt8]? {
        guard try isOf(.string, name, kind, "a string", &report) else { return nil }
        let place = place
        _ = try string()
        guard textIsCut else { return text }
        report.error(at: place, "\(name) is longer than \(Self.longestText) bytes, expected a name")
        return nil
    }

    /// Replaces `ids` by an array of ids; `offset` is added to each.
    mutating func blockIDs(
        _ name: String, _ kind: Kind?, into ids: inout [UInt32], offset: Int = 0, _ report: inout RowReport
    ) throws(JSONFault) -> Bool {
        ids.removeAll(keepingCapacity: true)
        guard try isOf(.array, name, kind, "an array of block ids", &report) else { return false }
        try enter()
        var isGood = true
        while try nextElement() {
            guard try isOf(.number, name, self.kind(), "a block id", &report) else {
                isGood = false
                continue
            }
            if let id = try blockID(name, &report), let id = UInt32(exactly: id + offset) {
                ids.append(id)
            } else {
                isGood = false
            }
        }
        return isGood
    }

    private mutating func blockID(_ name: String, _ report: inout RowReport) throws(JSONFault) -> Int? {
        if let id = plainCount() { return id }
        try number()
        if let id = UInt32(String(decoding: text, as: UTF8.self)) { return Int(id) }
        report.error(
            at: place, "\(name) has \(quotedText), expected whole numbers from 0 to \(UInt32.max)")
        return nil
    }

    /// Whether the value is of the kind wanted; another one is reported and passed over.
    mutating func isOf(
        _ wanted: Kind, _ name: String, _ kind: Kind?, _ expected: String, _ report: inout RowReport
    ) throws(JSONFault) -> Bool {
        if kind == wanted { return true }
        report.error(at: place, "\(name) is \(kind?.name ?? "missing"), expected \(expected)")
        try skipValue()
        return false
    }
}

extension TraceRow {
    /// Whether the ids of blocks fit the prompt: they may cover less of it, but not a whole block more.
    func blocksFit(_ tokens: Int, at place: TextPlace, _ report: inout RowReport) -> Bool {
        if blockIDs.isEmpty || (blockIDs.count - 1) * tokens < promptTokens || promptTokens == 0 { return true }
        report.error(
            at: place,
            "\(blockIDs.count) block ids of \(tokens) tokens for a prompt of \(promptTokens), expected at most "
                + "\((promptTokens + tokens - 1) / tokens)")
        return false
    }

    /// Forgets what the request before has left.
    mutating func clear() {
        (nanoseconds, hasArrival, promptTokens, outputTokens, classIndex) = (0, true, 0, 0, 0)
        (thread, follows, pause, isArrivalGuessed) = (-1, -1, 0, false)
        blockIDs.removeAll(keepingCapacity: true)
    }
}
