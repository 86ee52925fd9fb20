internal import Metrics

extension ComparisonTable {
    /// Columns that fit beside each other on a page; more go into further tables below.
    private static let columnsPerTable = 3
    private static let longestName = 22

    public var text: String {
        var result = ""
        for start in stride(from: 0, to: columns.count, by: Self.columnsPerTable) {
            result += table(columns[start..<min(start + Self.columnsPerTable, columns.count)]) + "\n"
        }
        return result + wrapped(verdict, to: pageWidth)
    }

    private func table(_ shown: ArraySlice<Column>) -> String {
        var table = TextTable(
            headings: [""] + shown.map { shortened(printable($0.deployment), to: Self.longestName) },
            alignments: [.left] + shown.map { _ in .right })
        for (index, group) in ComparisonRow.groups.enumerated() {
            let rows = group.filter { row in !row.isOptional || columns.contains { row.isWorthShowing(in: $0.summary) }
            }
            if index > 0 && !rows.isEmpty { table.appendBlankLine() }
            for row in rows { table.append([row.label] + cells(of: row, shown)) }
        }
        let groups = GroupTable.rows(shown, among: columns)
        if !groups.isEmpty { table.appendBlankLine() }
        for row in groups { table.append(row) }
        return table.text + GroupTable.rest(GroupTable.worthShowing(columns[0].summary.groups).count)
    }

    /// Values and ratios of a row, the ratios as wide in every row so that values stay in one column.
    private func cells(of row: ComparisonRow, _ shown: ArraySlice<Column>) -> [String] {
        // " (0.87x)" and one more; the rarer ones that are longer push their value to the left.
        let ratioWidth = 9
        let first = row.value(in: columns[0].summary)
        return shown.indices.map { index in
            let summary = columns[index].summary
            var ratio = ""
            if index > 0, row.hasRatio, let value = row.value(in: summary), let first, first > 0 {
                ratio = " (" + ratioText(value / first) + ")"
            }
            return row.text(in: summary) + (index > 0 && row.style != .verdict ? pad(ratio, to: ratioWidth, .left) : "")
        }
    }
}

/// A row of the table: one number of a summary, in the unit people read it in.
struct ComparisonRow: Sendable {
    enum Style: Sendable {
        case milliseconds, plain, percent, count, verdict
    }

    var label: String
    var metric: Metric
    var statistic: Statistic
    var style: Style
    /// Shown only if some deployment has something other than zero.
    var isOptional = false

    var hasRatio: Bool { style == .milliseconds || style == .plain }

    func value(in summary: RunSummary) -> Double? { summary[metric, statistic] }

    func isWorthShowing(in summary: RunSummary) -> Bool { (value(in: summary) ?? 0) > 0 }

    func text(in summary: RunSummary) -> String {
        guard let value = value(in: summary) else { return "-" }
        switch style {
        case .milliseconds: return readable(value * 1000)
        case .plain: return readable(value)
        case .percent: return fixed(value * 100, decimals: 1)
        case .count: return String(Int(value))
        case .verdict: return summary.saturation?.rawValue ?? "-"
        }
    }

    static let groups: [[ComparisonRow]] =
        [("TTFT", Metric.ttft), ("TPOT", .tpot), ("ITL", .itl), ("E2E", .endToEnd)].map { name, metric in
            [("mean", Statistic.mean), ("P50", .p50), ("P90", .p90), ("P99", .p99)].map { word, statistic in
                ComparisonRow(
                    label: "\(name) \(word), ms", metric: metric, statistic: statistic, style: .milliseconds)
            }
        } + [
            [
                plain("requests/s", .requestThroughput), plain("output tokens/s", .outputTokenThroughput),
                plain("output tokens/s per GPU", .outputTokenThroughputPerGPU), plain("goodput, requests/s", .goodput),
                one("SLO attainment, %", .sloAttainment, .percent),
                ComparisonRow(
                    label: "Jain's index of attainment", metric: .attainmentFairness, statistic: .value,
                    style: .plain, isOptional: true),
                ComparisonRow(
                    label: "Jain's index of tokens/s", metric: .tokenFairness, statistic: .value, style: .plain,
                    isOptional: true),
            ],
            [
                one("KV peak, %", .kvPeakFraction, .percent), one("busy, %", .busyFraction, .percent),
                one("prefix hits, %", .prefixHitRate, .percent, isOptional: true),
                one("prefix hits with preempted, %", .prefixHitRateCumulative, .percent, isOptional: true),
                starved("prefill without blocks, ms", .prefillStarved),
                starved("  longest", .prefillStarvedLongest),
                starved("decode without blocks, ms", .decodeStarved),
                starved("  longest", .decodeStarvedLongest),
                one("GPUs", .gpus, .count), plain("$/M output tokens", .costPerMillionOutputTokens),
                plain("$/M tokens", .costPerMillionTokens), one("saturation", .saturation, .verdict),
            ],
            [
                one("completed", .completed, .count), one("rejected", .rejected, .count),
                one("unfinished", .unfinished, .count), one("lost", .lost, .count, isOptional: true),
                one("preemptions", .preemptions, .count),
            ],
            [
                one("cost measured, %", .measuredShare, .percent, isOptional: true),
                one("cost interpolated, %", .interpolatedShare, .percent, isOptional: true),
                one("cost extrapolated, %", .heldUtilisationShare, .percent, isOptional: true),
                one("cost analytic, %", .analyticShare, .percent, isOptional: true),
                one("cost given, %", .givenShare, .percent, isOptional: true),
            ],
        ]

    private static func plain(_ label: String, _ metric: Metric) -> ComparisonRow { one(label, metric, .plain) }

    private static func starved(_ label: String, _ metric: Metric) -> ComparisonRow {
        one(label, metric, .milliseconds, isOptional: true)
    }

    private static func one(
        _ label: String, _ metric: Metric, _ style: Style, isOptional: Bool = false
    ) -> ComparisonRow {
        ComparisonRow(label: label, metric: metric, statistic: .value, style: style, isOptional: isOptional)
    }
}
