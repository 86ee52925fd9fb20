/// Formats of one object a request whose keys say all there is to say.
struct JSONLines {
    private(set) var record: JSONRecord
    private(set) var classes = ClassNames()
    private let arrivalKey: String?

    init(_ keys: [JSONRecord.Key]) {
        record = JSONRecord(keys)
        arrivalKey = keys.first { if case .arrival = $0.role { true } else { false } }?.name
    }

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, blockTokens: Int, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        guard try scanner.kind() != nil else { return .end }
        row.clear()
        guard try record.enter(&scanner, report: &report) else { return .refused }
        var blocksPlace = record.start
        while let key = try record.nextKnown(&scanner) {
            if case .blockIDs = record.keys[key].role { blocksPlace = try scanner.placeOfNext() }
            try record.take(key, &scanner, into: &row, classes: &classes, report: &report)
        }
        row.hasArrival = arrivalKey.map { record.has($0) } ?? false
        if !row.hasArrival { row.arrivalPlace = record.start }
        guard record.isComplete(&report) else { return .refused }
        return row.blocksFit(blockTokens, at: blocksPlace, &report) ? .request : .refused
    }
}
