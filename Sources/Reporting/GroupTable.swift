internal import Metrics

/// What became of the requests of each class and each tenant, for reports on one run and on several.
enum GroupTable {
    /// More than so many lines hide what matters; the database has all.
    private static let most = 20

    /// Classes, if there are several, then tenants likewise.
    static func worthShowing(_ groups: [GroupSummary]) -> [GroupSummary] {
        GroupSummary.Kind.allCases.flatMap { kind in
            let ofKind = groups.filter { $0.kind == kind }
            return ofKind.count > 1 ? ofKind : []
        }
    }

    /// A line for each group of a run; empty without.
    static func text(of summary: RunSummary) -> String {
        let groups = worthShowing(summary.groups)
        if groups.isEmpty { return "" }
        var table = TextTable(
            headings: [
                "requests of", "count", "in SLO, %", "asked, %", "TTFT P50", "P90", "P99, ms", "TPOT P50", "P90",
                "P99, ms",
            ],
            alignments: [.left] + Array(repeating: .right, count: 9))
        for group in groups.prefix(most) {
            let attained = group.attainment.map { fixed($0 * 100, decimals: 1) }
            let asked = group.limits.map { percent($0.attainmentTarget) }
            table.append(
                [label(group), String(group.arrived), attained ?? "-", asked ?? "-"]
                    + [group.timeToFirstToken, group.timePerOutputToken].flatMap { percentiles in
                        [percentiles.p50, percentiles.p90, percentiles.p99].map {
                            $0.map { readable($0 * 1000) } ?? "-"
                        }
                    })
        }
        return table.text + rest(groups.count)
    }

    /// A line for each group and number, a column for each run; empty without groups.
    static func rows(
        _ columns: ArraySlice<ComparisonTable.Column>, among all: [ComparisonTable.Column]
    ) -> [[String]] {
        let groups = worthShowing(all[0].summary.groups)
        return groups.prefix(most).flatMap { group in
            func row(_ name: String, _ text: (GroupSummary) -> String?) -> [String] {
                let cells = columns.map { column in
                    column.summary.groups.first { $0.kind == group.kind && $0.name == group.name }.flatMap(text) ?? "-"
                }
                return ["\(label(group)): \(name)"] + cells
            }
            return [
                row("in SLO, %") { $0.attainment.map { fixed($0 * 100, decimals: 1) } },
                row("TTFT P90, ms") { $0.timeToFirstToken.p90.map { readable($0 * 1000) } },
                row("TPOT P90, ms") { $0.timePerOutputToken.p90.map { readable($0 * 1000) } },
            ]
        }
    }

    /// Said below a table that does not show all groups.
    static func rest(_ groups: Int) -> String {
        groups > most ? "\(groups - most) more classes and tenants: SELECT * FROM groupSummary\n" : ""
    }

    private static func label(_ group: GroupSummary) -> String {
        "\(group.kind.rawValue) \(shortened(printable(group.name), to: 24))"
    }
}

extension GroupSummary {
    /// Its numbers for programs: metric, statistic, unit, value, samples.
    var cells: [[String]] {
        func cells(_ metric: Metric, _ values: [(Statistic, Double?)], _ count: Int) -> [[String]] {
            values.map { statistic, value in
                [
                    "\(kind.rawValue) \(name): \(metric.rawValue)", statistic.rawValue, metric.unit.rawValue,
                    value.map { metric.unit == .count ? String(Int($0)) : $0.description } ?? "", String(count),
                ]
            }
        }
        func percentiles(_ values: Percentiles) -> [(Statistic, Double?)] {
            [(.p50, values.p50), (.p90, values.p90), (.p99, values.p99)]
        }
        return cells(.arrived, [(.value, Double(arrived))], 1) + cells(.completed, [(.value, Double(completed))], 1)
            + cells(.sloAttainment, [(.value, attainment)], arrived)
            + cells(.outputTokens, [(.value, Double(outputTokens))], 1)
            + cells(.ttft, percentiles(timeToFirstToken), completed)
            + cells(.tpot, percentiles(timePerOutputToken), completed)
    }

    var json: JSONText {
        func percentiles(_ values: Percentiles) -> JSONText {
            .object([("p50", JSONText(values.p50)), ("p90", JSONText(values.p90)), ("p99", JSONText(values.p99))])
        }
        return .object([
            ("kind", .string(kind.rawValue)), ("name", .string(name)), ("slo", limits?.json ?? .null),
            ("arrived", .integer(arrived)), ("completed", .integer(completed)),
            ("met", metSLO.map { .integer($0) } ?? .null),
            ("attainment", JSONText(attainment)), ("promptTokens", .integer(promptTokens)),
            ("outputTokens", .integer(outputTokens)), ("ttftSeconds", percentiles(timeToFirstToken)),
            ("tpotSeconds", percentiles(timePerOutputToken)),
        ])
    }
}
