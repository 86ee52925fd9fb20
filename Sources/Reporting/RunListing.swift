internal import Metrics
public import ResultStore

/// The runs of a database, one line each. In text, times are cut to minutes and names to what fits a page.
public struct RunListing: Report, Sendable {
    public let runs: [RunOverview]

    public init(_ runs: [RunOverview]) { self.runs = runs }

    public var text: String {
        if runs.isEmpty { return "No runs are stored.\n" }
        var table = TextTable(
            headings: ["run", "created", "name", "deployment", "GPUs", "done", "SLO %", "saturation"],
            alignments: [.right, .left, .left, .left, .right, .right, .right, .left])
        for run in runs {
            table.append([
                String(run.id), String(printable(run.createdAt).prefix(16)), shortened(printable(run.name), to: 16),
                shortened(printable(run.deployment), to: 16), String(run.gpus),
                "\(run.completed)/\(run.arrived)", run.sloAttainment.map { fixed($0 * 100, decimals: 1) } ?? "-",
                run.saturation?.rawValue ?? "-",
            ])
        }
        return table.text
    }

    public var csv: String {
        let header = [
            "run", "createdAt", "name", "comparison", "deployment", "seed", "gpus", "arrived", "completed",
            "sloAttainment", "saturation",
        ]
        return csvLine(header)
            + runs.map { run in
                csvLine([
                    String(run.id), run.createdAt, run.name, run.comparison ?? "", run.deployment, String(run.seed),
                    String(run.gpus), String(run.arrived), String(run.completed),
                    run.sloAttainment?.description ?? "", run.saturation?.rawValue ?? "",
                ])
            }.joined()
    }

    public var json: String {
        let runs = runs.map { run in
            JSONText.object([
                ("run", .integer(Int(run.id))), ("createdAt", .string(run.createdAt)), ("name", .string(run.name)),
                ("comparison", JSONText(run.comparison)), ("deployment", .string(run.deployment)),
                // As text: seeds may be larger than the integers that JSON readers keep exact.
                ("seed", .string(String(run.seed))), ("gpus", .integer(run.gpus)),
                ("arrived", .integer(run.arrived)), ("completed", .integer(run.completed)),
                ("sloAttainment", JSONText(run.sloAttainment)), ("saturation", JSONText(run.saturation?.rawValue)),
            ])
        }
        return JSONText.array(runs).text()
    }
}
