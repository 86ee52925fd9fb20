/// Our own JSON lines: the columns of our CSV as keys and, for prefix caches, ids of blocks. What the ids mean is said
/// by an object before the first request.
struct OwnJSONParser: JSONTraceParser {
    static let exampleStart = #"{"arrival_s": 0, "prompt_tokens": 812, "output_tokens": 95}"#

    static func recognises(keys: [String]) -> Bool {
        keys.contains { ["arrival_s", "prompt_tokens", "block_tokens"].contains($0) }
    }

    private var record = JSONRecord([
        .init(name: "arrival_s", role: .arrival(.seconds)),
        .init(name: "prompt_tokens", role: .prompt),
        .init(name: "output_tokens", role: .output),
        .init(name: "class", role: .requestClass, isRequired: false),
        .init(name: "tenant", role: .own, isRequired: false),
        .init(name: "block_ids", role: .blockIDs, isRequired: false),
        .init(name: "block_tokens", role: .own, isRequired: false),
        .init(name: "dialect", role: .own, isRequired: false),
    ])
    private var groups = RequestGroups()
    private var hasTenants = false
    private(set) var blockHashes: BlockHashes?
    private var isFirst = true
    private var isFirstRequest = true

    var classNames: [String] { groups.classNames }
    var tenantNames: [String] { groups.tenantNames }

    mutating func next(
        _ scanner: inout JSONScanner, into row: inout TraceRow, report: inout RowReport
    ) throws(JSONFault) -> RowOutcome {
        guard try scanner.kind() != nil else { return .end }
        row.clear()
        guard try record.enter(&scanner, report: &report) else { return .refused }
        var header = (tokens: 0, dialect: BlockHashes.Dialect?.none)
        while let key = try record.nextKnown(&scanner) {
            switch record.keys[key].name {
            case "block_tokens": header.tokens = try blockTokens(&scanner, &report) ?? 0
            case "dialect": header.dialect = try dialect(&scanner, &report)
            case "tenant": try takeTenant(&scanner, into: &row, &report)
            default: try record.take(key, &scanner, into: &row, classes: &groups.classes, report: &report)
            }
        }
        defer { isFirst = false }
        if record.has("block_tokens") || record.has("dialect") {
            return takeHeader(tokens: header.tokens, header.dialect, &report)
        }
        guard record.isComplete(&report), hasItsTenant(&row, &report) else { return .refused }
        if row.blockIDs.isEmpty { return .request }
        guard let blockHashes else {
            report.error(
                at: record.start, "block_ids in a file that does not say what they mean",
                help: #"start it with a line such as {"block_tokens": 512, "dialect": "whole-prefix"}"#)
            return .refused
        }
        return row.blocksFit(blockHashes.blockTokens, at: record.start, &report) ? .request : .refused
    }

    private mutating func takeHeader(
        tokens: Int, _ dialect: BlockHashes.Dialect?, _ report: inout RowReport
    ) -> RowOutcome {
        if let dialect, tokens > 0, isFirst {
            blockHashes = BlockHashes(dialect: dialect, blockTokens: tokens)
        } else if !report.hasErrors {
            report.error(
                at: record.start, "found \"block_tokens\" or \"dialect\", expected both, once, before the first request"
            )
        }
        return .refused
    }

    private mutating func takeTenant(
        _ scanner: inout JSONScanner, into row: inout TraceRow, _ report: inout RowReport
    ) throws(JSONFault) {
        let kind = try scanner.kind()
        let place = scanner.place
        let text = try scanner.name("tenant", kind, &report)
        if let text, let index = groups.tenants.index(of: text, at: place, report: &report) {
            row.tenantIndex = index
        } else {
            record.refuse()
        }
    }

    /// All requests of a file have a tenant, or none.
    private mutating func hasItsTenant(_ row: inout TraceRow, _ report: inout RowReport) -> Bool {
        let isTenants = record.has("tenant")
        if isFirstRequest { hasTenants = isTenants }
        isFirstRequest = false
        if isTenants != hasTenants {
            report.error(
                at: record.start,
                "a request \(isTenants ? "with" : "without") a \"tenant\", expected it as in those above")
            return false
        }
        if hasTenants { row.classIndex = groups.index(ofClass: row.classIndex, tenant: row.tenantIndex) }
        return true
    }

    private func blockTokens(_ scanner: inout JSONScanner, _ report: inout RowReport) throws(JSONFault) -> Int? {
        let kind = try scanner.kind()
        let place = scanner.place
        let tokens = try scanner.tokens("block_tokens", kind, &report)
        if tokens == 0 { report.error(at: place, "block_tokens is 0, expected at least 1") }
        return tokens
    }

    private func dialect(
        _ scanner: inout JSONScanner, _ report: inout RowReport
    ) throws(JSONFault) -> BlockHashes.Dialect? {
        let kind = try scanner.kind()
        let place = scanner.place
        guard let text = try scanner.name("dialect", kind, &report) else { return nil }
        let dialect = BlockHashes.Dialect(rawValue: String(decoding: text, as: UTF8.self))
        if dialect == nil {
            let known = BlockHashes.Dialect.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            report.error(at: place, "dialect \(text.withUnsafeBytes { quoted($0) }) is not known, expected \(known)")
        }
        return dialect
    }
}
