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
            let point = (values[job.point] ?? []).map(Self.inline)
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

    /// A value of an axis on one line.
    private static func inline(_ value: YAMLNode) -> String {
        // As the value of a key, a list of scalars is written in brackets.
        let entry = YAMLNode.Entry(key: "v", keyLocation: value.location, value: value)
        let text = YAMLNode(.mapping([entry]), at: value.location).text.dropFirst(2)
        return text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "; ")
    }
}
