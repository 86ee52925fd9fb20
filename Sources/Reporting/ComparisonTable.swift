public import Metrics

/// Runs of one workload side by side, one column per deployment; the first is what the others are compared with.
public struct ComparisonTable: Report, Sendable {
    public struct Column: Hashable, Sendable {
        public var deployment: String
        public var summary: RunSummary

        public init(deployment: String, summary: RunSummary) {
            self.deployment = deployment
            self.summary = summary
        }
    }

    public let columns: [Column]

    /// - Precondition: at least one column.
    public init(_ columns: [Column]) {
        precondition(!columns.isEmpty, "a comparison of nothing")
        self.columns = columns
    }

    public var csv: String {
        let names = columns.map(\.deployment)
        var result = csvLine(["metric", "statistic", "unit"] + names)
        for entry in columns[0].summary.entries {
            let values = columns.map { column in
                column.summary.entries.first { $0.metric == entry.metric && $0.statistic == entry.statistic }?
                    .exactText ?? ""
            }
            result += csvLine(
                [entry.metric.rawValue, entry.statistic.rawValue, entry.metric.unit.rawValue] + values)
        }
        for cells in columns[0].summary.groups.flatMap(\.cells) {
            let values = columns.map { column in
                column.summary.groups.flatMap(\.cells).first { $0[0] == cells[0] && $0[1] == cells[1] }?[3] ?? ""
            }
            result += csvLine(Array(cells[...2]) + values)
        }
        return result
    }

    public var json: String {
        let deployments = columns.map { column -> JSONText in
            let members: [(String, JSONText)] = [
                ("deployment", .string(column.deployment)),
                ("slo", column.summary.slo?.json ?? .null),
                ("metrics", column.summary.json),
            ]
            return JSONText.object(members + column.summary.groupMembers)
        }
        return JSONText.object([("deployments", .array(deployments)), ("verdict", .string(verdict))]).text()
    }
}
