internal import Foundation
internal import Metrics
internal import Planning
internal import Profiles
internal import Reporting
internal import ResultStore

/// What a sweep found: one line for every deployment at every point, in the order of the plan.
struct SweepTable {
    let text: String

    /// - Throws: `ResultStoreError` if a run cannot be read. Runs that are not stored have no line.
    init(_ sweep: SweepRun, columns: [MetricSelection], store: ResultStore, format: ReportFormat) throws {
        var listing = Listing(
            ["point"] + sweep.plan.fields.map(\.value) + ["deployment"] + columns.map(\.name) + ["saturation"])
        let numbers = try store.runNumbers(revision: Phasewise.version)
        let values = Dictionary(uniqueKeysWithValues: sweep.points.map { ($0.index, $0.values) })
        for job in sweep.jobs {
            let point = (values[job.point] ?? []).map(\.inlineText)
            if job.impossibility != nil {
                let cells = columns.map { _ in "" } + ["impossible"]
                listing.append(["\(job.point)"] + point + [job.key.deployment] + cells)
            }
            guard let number = numbers[job.key] else { continue }
            let summary = try store.run(number).summary
            let cells = columns.map { column in
                summary[column.metric, column.statistic].map { Self.number($0, format) } ?? ""
            }
            listing.append(
                ["\(job.point)"] + point + [job.key.deployment] + cells + [summary.saturation?.rawValue ?? ""])
        }
        text = listing.rendered(as: format)
    }

    /// Four digits for people, all for programs.
    private static func number(_ value: Double, _ format: ReportFormat) -> String {
        format == .text ? String(format: "%.4g", value) : "\(value)"
    }
}
