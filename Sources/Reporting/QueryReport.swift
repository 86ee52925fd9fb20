public import ResultStore

/// The answer to a query of the results database.
public struct QueryReport: Report, Sendable {
    public let result: QueryResult

    public init(_ result: QueryResult) { self.result = result }

    /// Columns as wide as they need to be: what was asked for is not cut.
    public var text: String {
        var table = TextTable(headings: result.columns, alignments: result.columns.map { _ in .left })
        for row in result.rows { table.append(row.map { $0 ?? "-" }) }
        return table.text + (result.isTruncated ? "… and more rows\n" : "")
    }

    public var csv: String {
        csvLine(result.columns) + result.rows.map { csvLine($0.map { $0 ?? "" }) }.joined()
    }

    /// An array of rows, each an array of text or null in the order of the columns, whose names may repeat.
    public var json: String {
        JSONText.object([
            ("columns", .array(result.columns.map(JSONText.string))),
            ("rows", .array(result.rows.map { .array($0.map { JSONText($0) }) })),
            ("isTruncated", .bool(result.isTruncated)),
        ]).text()
    }
}
