internal import Metrics
public import ResultStore

/// Everything that is known of one run, short of its rows.
public struct RunReport: Report, Sendable {
    public let run: StoredRun

    public init(_ run: StoredRun) { self.run = run }

    public var text: String {
        ([facts, distributions, numbers, parts] + [GroupTable.text(of: run.summary)].filter { !$0.isEmpty })
            .joined(separator: "\n") + PartitionHistory(run: run).text
    }

    private var facts: String {
        let description = run.description
        var lines = [
            ("run", "\(run.id): \(description.name), \(description.deployment)"),
            ("created", "\(description.createdAt) by revision \(description.revision)"),
            ("trace", "\(description.traceSource), seed \(description.seed), run number \(description.runNumber)"),
            ("SLO", description.slo?.words ?? "none"),
            ("rows", run.rowsKept == .all ? "all kept" : "none kept"),
            ("fingerprint", "\(run.fingerprintText) of \(run.iterations) iterations"),
            ("simulated in", "\(readable(run.wallSeconds)) s"),
        ]
        if let comparison = description.comparison { lines.insert(("comparison", comparison), at: 1) }
        return lines.map { pad($0.0, to: 14, .left) + printable($0.1) + "\n" }.joined()
    }

    private var distributions: String {
        var table = TextTable(
            headings: ["ms"] + Statistic.ofDistributions.map { $0.heading } + ["count"],
            alignments: [.left] + Statistic.ofDistributions.map { _ in .right } + [.right])
        let names = ["TTFT", "TPOT", "ITL", "E2E", "E2E per token", "queue time"]
        for (name, metric) in zip(names, Metric.distributions) {
            let values = Statistic.ofDistributions.map { statistic in
                run.summary[metric, statistic].map { readable($0 * 1000) } ?? "-"
            }
            table.append([name] + values + [String(run.summary.samples(of: metric))])
        }
        return table.text
    }

    private var numbers: String {
        var table = TextTable(headings: ["", "value"], alignments: [.left, .right])
        for group in ComparisonRow.groups.dropFirst(4) {
            for row in group where !row.isOptional || row.isWorthShowing(in: run.summary) {
                table.append([row.label, row.text(in: run.summary)])
            }
        }
        table.append(["requests of one token", String(run.summary.count(.singleToken))])
        table.append(["requests preempted", String(run.summary.count(.preempted))])
        return table.text
    }

    private var parts: String {
        var table = TextTable(headings: ["E2E spent in", "mean ms", "%"], alignments: [.left, .right, .right])
        let names = [
            "queue", "prefill run", "prefill stalled", "KV transfer", "decode wait", "decode run", "decode stalled",
            "preempted",
        ]
        let total = run.summary[.endToEnd, .mean] ?? 0
        for (name, metric) in zip(names, Metric.latencyParts) {
            let mean = run.summary[metric, .mean]
            table.append([
                name, mean.map { readable($0 * 1000) } ?? "-",
                mean.flatMap { total > 0 ? fixed($0 / total * 100, decimals: 1) : nil } ?? "-",
            ])
        }
        return table.text
    }

    public var csv: String {
        csvLine(["metric", "statistic", "unit", "value", "count"])
            + run.summary.entries.map { entry in
                csvLine([
                    entry.metric.rawValue, entry.statistic.rawValue, entry.metric.unit.rawValue, entry.exactText,
                    String(entry.count),
                ])
            }.joined() + run.summary.groups.flatMap(\.cells).map { csvLine($0) }.joined()
    }

    public var json: String {
        let description = run.description
        var members: [(String, JSONText)] = [
            ("run", .integer(Int(run.id))), ("createdAt", .string(description.createdAt)),
            ("name", .string(description.name)), ("comparison", JSONText(description.comparison)),
            ("deployment", .string(description.deployment)),
            // As text: seeds may be larger than the integers that JSON readers keep exact.
            ("seed", .string(String(description.seed))), ("runNumber", .string(String(description.runNumber))),
            ("revision", .string(description.revision)), ("traceSource", .string(description.traceSource)),
            ("slo", description.slo?.json ?? .null), ("pricePerHour", JSONText(description.pricePerHour)),
            ("rowsKept", .string(run.rowsKept.rawValue)), ("gpus", .integer(run.gpus)),
            ("iterations", .integer(run.iterations)), ("fingerprint", .string(run.fingerprintText)),
            ("wallSeconds", .number(run.wallSeconds)), ("metrics", run.summary.json),
        ]
        members += run.summary.groupMembers
        members += [
            ("partitionChanges", PartitionHistory(run: run).json),
            ("scenario", .string(description.scenario)),
        ]
        return JSONText.object(members).text()
    }
}

extension Statistic {
    /// As the headings of tables spell it.
    fileprivate var heading: String {
        switch self {
        case .mean, .max, .value: rawValue
        case .standardDeviation: "std"
        case .p50, .p90, .p95, .p99: rawValue.uppercased()
        }
    }
}
