internal import Metrics
public import ResultStore

/// One request of a run: where its time went, and what it waited for.
public struct RequestReport: Report, Sendable {
    private let heading: [(name: String, text: String)]
    /// Part, milliseconds, share of the end-to-end time, what it was about.
    private let parts: [(name: String, milliseconds: Double, share: Double?, reason: String)]

    /// - Returns: `nil` if the run has no such request stored.
    /// - Throws: what the store throws.
    public init?(_ store: ResultStore, run: Int64, request: Int) throws(ResultStoreError) {
        let facts = RequestFacts(store: store, run: run, request: request)
        guard let row = try facts.row() else { return nil }
        let total = row.number("completionNs").flatMap { end in row.number("arrivalNs").map { end - $0 } }
        func seconds(_ column: String) -> String {
            row.number(column).map { fixed($0 / 1e9, decimals: 6) + " s" } ?? "-"
        }
        func instance(_ column: String) -> String { row[column] ?? "-" }
        heading = [
            (
                "request",
                "\(request) of run \(run): \(row["promptTokens"] ?? "") prompt and \(row["outputTokens"] ?? "") output tokens"
            ),
            ("outcome", row["outcome"] ?? ""),
            ("instances", "prefill on \(instance("prefillInstance")), decode on \(instance("decodeInstance"))"),
            ("arrived", seconds("arrivalNs")), ("scheduled", seconds("scheduledNs")),
            ("first token", seconds("firstTokenNs")), ("completed", seconds("completionNs")),
        ]
        let columns = [
            ("queueNs", "queue"), ("prefillRunNs", "prefill run"), ("prefillStalledNs", "prefill stalled"),
            ("transferNs", "KV transfer"), ("decodeWaitNs", "decode wait"), ("decodeRunNs", "decode run"),
            ("decodeStalledNs", "decode stalled"), ("preemptedNs", "preempted"),
        ]
        var parts: [(name: String, milliseconds: Double, share: Double?, reason: String)] = []
        for (column, name) in columns {
            let nanoseconds = row.number(column) ?? 0
            let reason = nanoseconds > 0 ? try facts.reason(of: column, row) : ""
            parts.append((name, nanoseconds / 1e6, total.map { $0 > 0 ? nanoseconds / $0 : 0 }, reason))
        }
        self.parts = parts
    }

    public var text: String {
        var table = TextTable(headings: ["part", "ms", "%", "waited for"], alignments: [.left, .right, .right, .left])
        for part in parts {
            table.append([
                part.name, fixed(part.milliseconds, decimals: 3),
                part.share.map { fixed($0 * 100, decimals: 1) } ?? "-",
                part.reason,
            ])
        }
        return heading.map { pad($0.name, to: 14, .left) + printable($0.text) + "\n" }.joined() + "\n" + table.text
    }

    public var csv: String {
        csvLine(["part", "ms", "share", "waitedFor"])
            + parts.map { part in
                csvLine([part.name, part.milliseconds.description, part.share?.description ?? "", part.reason])
            }.joined()
    }

    public var json: String {
        JSONText.object(
            heading.map { ($0.name, .string($0.text)) } + [
                (
                    "parts",
                    .array(
                        parts.map { part in
                            .object([
                                ("part", .string(part.name)), ("ms", .number(part.milliseconds)),
                                ("share", JSONText(part.share)), ("waitedFor", .string(part.reason)),
                            ])
                        })
                )
            ]
        ).text()
    }
}

/// What the database says of a request and of those around it.
private struct RequestFacts {
    let store: ResultStore
    let run: Int64
    let request: Int

    struct Row {
        let columns: [String]
        let cells: [String?]

        subscript(column: String) -> String? { columns.firstIndex(of: column).flatMap { cells[$0] } }
        func number(_ column: String) -> Double? { self[column].flatMap { Double($0) } }
    }

    func row() throws(ResultStoreError) -> Row? {
        try first("SELECT * FROM request WHERE runId = \(run) AND request = \(request)")
    }

    private func first(_ sql: String) throws(ResultStoreError) -> Row? {
        let answer = try store.query(sql, maximumRows: 1)
        return answer.rows.first.map { Row(columns: answer.columns, cells: $0) }
    }

    /// - Parameter part: a column of the parts of latency that is not zero.
    func reason(of part: String, _ row: Row) throws(ResultStoreError) -> String {
        let prefill = row["prefillInstance"] ?? "NULL"
        let decode = row["decodeInstance"] ?? "NULL"
        let (arrival, scheduled) = (row["arrivalNs"] ?? "NULL", row["scheduledNs"] ?? "NULL")
        let (firstToken, completion) = (row["firstTokenNs"] ?? "NULL", row["completionNs"] ?? "NULL")
        switch part {
        case "queueNs":
            let ahead = try count(
                "prefillInstance = \(prefill) AND arrivalNs < \(arrival) AND scheduledNs > \(arrival)")
            return "\(requests(ahead)) ahead of it on instance \(prefill)" + (try state(of: prefill, at: scheduled))
        case "prefillStalledNs":
            let beside = try count(
                "decodeInstance = \(prefill) AND firstTokenNs < \(firstToken) AND completionNs > \(scheduled)")
            return "\(requests(beside)) decoding on instance \(prefill) meanwhile"
        case "transferNs":
            let transfer = try first(
                "SELECT bytes, startedNs - requestedNs AS waited FROM transfer WHERE runId = \(run) AND request = \(request)"
            )
            guard let bytes = transfer?.number("bytes"), let waited = transfer?.number("waited") else { return "" }
            return "\(readable(bytes / 1e6)) MB, of that time \(fixed(waited / 1e6, decimals: 3)) ms for the link"
        case "decodeWaitNs": return "a place on instance \(decode)" + (try state(of: decode, at: firstToken))
        case "decodeStalledNs":
            let prompts = try count(
                "prefillInstance = \(decode) AND scheduledNs < \(completion) AND firstTokenNs > \(firstToken)")
            return "\(requests(prompts)) prefilled on instance \(decode) meanwhile"
        case "preemptedNs": return "memory, preempted \(row["preemptions"] ?? "") times, and computed again"
        default: return ""
        }
    }

    private func requests(_ count: (requests: Int, tokens: Int)) -> String {
        count.requests == 1
            ? "1 request (\(count.tokens) prompt tokens)"
            : "\(count.requests) requests (\(count.tokens) prompt tokens)"
    }

    private func count(_ condition: String) throws(ResultStoreError) -> (requests: Int, tokens: Int) {
        let row = try first(
            """
            SELECT count(*) AS n, coalesce(sum(promptTokens), 0) AS tokens FROM request
            WHERE runId = \(run) AND request <> \(request) AND \(condition)
            """)
        return (Int(row?.number("n") ?? 0), Int(row?.number("tokens") ?? 0))
    }

    /// Of an instance at the last sample up to a time.
    private func state(of instance: String, at time: String) throws(ResultStoreError) -> String {
        let sample = try first(
            """
            SELECT decoding, 100.0 * usedBlocks / totalBlocks AS used FROM interval
            WHERE runId = \(run) AND instance = \(instance) AND timeNs <= \(time) ORDER BY timeNs DESC LIMIT 1
            """)
        guard let sample, let used = sample.number("used") else { return "" }
        return "; \(sample["decoding"] ?? "") decoding, KV \(fixed(used, decimals: 1)) % full"
    }
}
