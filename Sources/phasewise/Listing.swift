internal import Metrics
internal import Reporting
internal import ResultStore

/// A plain table that is not about runs, in any of the formats.
struct Listing {
    private var result: QueryResult

    init(_ columns: [String]) { result = QueryResult(columns: columns, rows: [], isTruncated: false) }

    mutating func append(_ row: [String]) { result.rows.append(row) }

    func rendered(as format: ReportFormat) -> String { QueryReport(result).rendered(as: format) }
}

/// One run by itself, several side by side.
func report(on runs: [StoredRun]) -> any Report {
    if runs.count == 1 { return RunReport(runs[0]) }
    return ComparisonTable(runs.map { .init(deployment: $0.description.deployment, summary: $0.summary) })
}
