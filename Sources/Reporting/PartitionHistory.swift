internal import EventKernel
internal import Metrics
internal import ResultStore

/// What a report says of a run's semi-PD instances: who had which SMs from when on and why, and what sharing them cost.
struct PartitionHistory {
    let run: StoredRun

    /// Of many changes, those at both ends.
    private static let shownAtEachEnd = 8

    private var changes: [PartitionChangeRecord] { run.partitionChanges }

    /// Empty of a run without semi-PD instances, or whose rows were not kept.
    var text: String {
        if changes.isEmpty { return "" }
        return "\n" + summaryLine + "\n" + table
    }

    private var summaryLine: String {
        let instances = (changes.map(\.instance).max() ?? 0) + 1
        let starts = changes.count { $0.time == .zero }
        let slowdowns = [
            ("prefill", Metric.prefillRunPart, Metric.prefillStalledPart),
            ("decode", .decodeRunPart, .decodeStalledPart),
        ].map { phase, run, stalled in "\(phase) \(slowdown(run, stalled))" }
        let changed = changes.count - starts
        return
            "\(changed) \(changed == 1 ? "change" : "changes") of partition on \(instances) "
            + "\(instances == 1 ? "instance" : "instances"); time over time alone: \(slowdowns.joined(separator: ", "))\n"
    }

    /// Mean time in a phase's iterations over what they would have taken with nobody beside them.
    private func slowdown(_ alone: Metric, _ stalled: Metric) -> String {
        guard let alone = run.summary[alone, .mean], let stalled = run.summary[stalled, .mean], alone > 0 else {
            return "-"
        }
        return ratioText((alone + stalled) / alone)
    }

    private var table: String {
        var table = TextTable(
            headings: ["at, s", "instance", "prefill SMs", "decode SMs", "reason"],
            alignments: [.right, .right, .right, .right, .left])
        let hidden = changes.count - 2 * Self.shownAtEachEnd
        for (index, change) in changes.enumerated() {
            if hidden > 1, index == Self.shownAtEachEnd { table.append(["…", "", "", "", "\(hidden) more"]) }
            if hidden > 1, index >= Self.shownAtEachEnd, index < Self.shownAtEachEnd + hidden { continue }
            table.append([
                fixed(Double(change.time.nanoseconds) / 1e9, decimals: 2), String(change.instance),
                String(change.prefillSMs), String(change.decodeSMs),
                shortened(printable(change.reason), to: pageWidth - 45),
            ])
        }
        return table.text
    }

    var json: JSONText {
        .array(
            changes.map { change in
                .object([
                    ("timeNs", .integer(Int(change.time.nanoseconds))), ("instance", .integer(change.instance)),
                    ("prefillSMs", .integer(change.prefillSMs)), ("decodeSMs", .integer(change.decodeSMs)),
                    ("reason", .string(change.reason)),
                ])
            })
    }
}
