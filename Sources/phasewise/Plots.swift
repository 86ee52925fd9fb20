internal import Diagnostics
internal import Metrics
internal import Planning
internal import Profiles
internal import Reporting
internal import ResultStore

/// The share of requests over TTFT and over TPOT, a line for each run.
func distributionPlots(of runs: [StoredRun]) -> String {
    [(Metric.ttft, "TTFT"), (.tpot, "TPOT")].map { metric, name in
        TextPlot(
            title: "\(name): % of completed requests that took at most so long", xTitle: "ms",
            lines: runs.map { run in
                TextPlot.Line(
                    name: run.description.deployment,
                    distribution: run.histograms.first { $0.metric == metric }?.buckets ?? [])
            }, isLogX: true, isStepped: true
        ).text
    }.joined(separator: "\n")
}

/// Attainment over the rates that goodput searches have tried, a line for each deployment, and the target across.
func attainmentPlot(of answers: [(deployment: String, answer: GoodputAnswer)], target: Double) -> String {
    var lines = answers.map { deployment, answer in
        TextPlot.Line(name: deployment, points: answer.points.map { (x: $0.rate, y: 100 * $0.attainment) })
    }
    let rates = lines.flatMap { $0.points.map(\.x) }
    if let least = rates.min(), let most = rates.max() {
        let ends = [(x: least, y: 100 * target), (x: most, y: 100 * target)]
        lines.insert(TextPlot.Line(name: "target", points: ends), at: 0)
    }
    return TextPlot(
        title: "% of requests within the SLO", xTitle: "requests/s", lines: lines, isLogX: true
    ).text
}

/// Attainment and latencies of a sweep over one of its axes, a line for each deployment and each setting of the other
/// axes. Points that differ only in what is drawn, by seed, replication or sample, are averaged.
struct SweepPlot {
    private let sweep: SweepRun
    /// Of `SweepPlan.fields`.
    private let axis: Int

    /// More lines than this cannot be told apart.
    private static let mostLines = 12
    private static let replications = ["run", "seed"]

    /// - Throws: if no axis has two numbers to draw anything over.
    init(_ sweep: SweepRun) throws(InputError) {
        let candidates = sweep.plan.axes.enumerated().filter { _, axis in
            !Self.replications.contains(axis.field.value)
                && axis.values.count > 1 && axis.values.allSatisfy { $0.plainNumber != nil }
        }
        let rate = candidates.first { $0.element.field.value == "workload.rate" }
        guard let axis = (rate ?? candidates.first)?.offset else {
            throw InputError(
                at: sweep.plan.fields.first?.location, "--plot: found no axis of two numbers or more, expected one",
                help: "such as {field: workload.rate, values: [4, 8, 16]}")
        }
        self.sweep = sweep
        self.axis = axis
    }

    /// - Throws: `ResultStoreError` if a run cannot be read. Runs that are not stored have no point.
    func text(from store: ResultStore) throws(ResultStoreError) -> String {
        let runs = try runs(in: store)
        let isLog = sweep.plan.axes[axis].values.allSatisfy { ($0.plainNumber ?? 0) > 0 }
        let xTitle = sweep.plan.fields[axis].value
        let plots = [
            (MetricSelection(.sloAttainment, .value), "% of requests within the SLO", 100.0, false),
            (MetricSelection(.ttft, .p90), "TTFT P90, ms", 1000, true),
            (MetricSelection(.tpot, .p90), "TPOT P90, ms", 1000, true),
        ]
        return plots.compactMap { selection, title, scale, isLogY in
            let lines = lines(through: runs, selection, scale: scale)
            // Without an SLO there is no attainment.
            guard lines.contains(where: { !$0.points.isEmpty }) else { return nil }
            let left = lines.count - Self.mostLines
            let note = left > 0 ? "\(left) more lines are not drawn: give the other axes one value with --set\n" : ""
            return TextPlot(
                title: title, xTitle: xTitle, lines: Array(lines.prefix(Self.mostLines)), isLogX: isLog,
                isLogY: isLogY
            ).text + note
        }.joined(separator: "\n")
    }

    private struct Run {
        var line: String
        var x: Double
        var summary: RunSummary
    }

    private func runs(in store: ResultStore) throws(ResultStoreError) -> [Run] {
        let numbers = try store.runNumbers(revision: Phasewise.version)
        var points: [Int: SweepPoint] = [:]
        for point in sweep.points { points[point.index] = point }
        var runs: [Run] = []
        for job in sweep.jobs {
            guard let number = numbers[job.key], let point = points[job.point], let x = point.values[axis].plainNumber
            else { continue }
            runs.append(Run(line: name(of: job, at: point), x: x, summary: try store.run(number).summary))
        }
        return runs
    }

    /// The deployment, and the values of the other axes that are crossed.
    private func name(of job: SweepRun.Job, at point: SweepPoint) -> String {
        var name = job.key.deployment
        for (index, axis) in sweep.plan.axes.enumerated()
        where index != self.axis && axis.values.count > 1 && !Self.replications.contains(axis.field.value) {
            name += ", \(axis.field.value) \(point.values[index].inlineText)"
        }
        return name
    }

    /// In the order of the plan; several values at one place become their mean.
    private func lines(through runs: [Run], _ selection: MetricSelection, scale: Double) -> [TextPlot.Line] {
        var names: [String] = []
        for run in runs where !names.contains(run.line) { names.append(run.line) }
        return names.map { name in
            let points = runs.filter { $0.line == name }.compactMap { run in
                run.summary[selection.metric, selection.statistic].map { (x: run.x, y: $0 * scale) }
            }.sorted { $0.x < $1.x }
            var means: [(x: Double, y: Double)] = []
            var start = 0
            while start < points.count {
                let same = points[start...].prefix { $0.x == points[start].x }
                means.append((points[start].x, same.reduce(0) { $0 + $1.y } / Double(same.count)))
                start += same.count
            }
            return TextPlot.Line(name: name, points: means)
        }
    }
}

extension YAMLNode {
    /// `nil` for what is no plain number.
    fileprivate var plainNumber: Double? {
        guard case .scalar(let text, isQuoted: false) = content, let number = Double(text), number.isFinite else {
            return nil
        }
        return number
    }

    /// On one line.
    var inlineText: String {
        // As the value of a key, a list of scalars is written in brackets.
        let entry = YAMLNode.Entry(key: "v", keyLocation: location, value: self)
        let text = YAMLNode(.mapping([entry]), at: location).text.dropFirst(2)
        return text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "; ")
    }
}
