internal import Metrics
internal import Reporting

/// How well the gate of a suite tells changes from chance: planted changes must be caught, equal sides must pass.
public struct PowerExperiment: Sendable {
    /// What the gate said of one planted change.
    public struct Detection: Hashable, Sendable {
        public var change: String
        public var report: RegressionReport
    }

    public let suite: RegressionSuite
    public private(set) var detections: [Detection] = []
    /// Of changes that are too small to be caught.
    public private(set) var faint: [Detection] = []
    /// Reports on sides that differ in their draws alone.
    public private(set) var noChange: [RegressionReport] = []

    public init(_ suite: RegressionSuite) { self.suite = suite }

    /// Both sides have the same draws.
    public mutating func record(_ change: PlantedChange, baseline: [SideResult], candidate: [SideResult]) {
        detections.append(Detection(change: change.name, report: report(baseline, candidate)))
    }

    public mutating func recordFaint(_ change: PlantedChange, baseline: [SideResult], candidate: [SideResult]) {
        faint.append(Detection(change: change.name, report: report(baseline, candidate)))
    }

    /// The sides have different draws and no other difference.
    public mutating func recordNoChange(_ one: [SideResult], _ other: [SideResult]) {
        noChange.append(report(one, other))
    }

    private func report(_ baseline: [SideResult], _ candidate: [SideResult]) -> RegressionReport {
        RegressionReport(suite, baseline: "unchanged", results: Array(zip(baseline, candidate)).map { ($0, $1) })
    }

    public var detected: Int { detections.count { $0.report.hasFailed } }
    public var falseAlarms: Int { noChange.count { $0.hasFailed } }

    /// The published table.
    ///
    /// - Parameter command: what remakes it.
    public func readme(command: String) -> String {
        var text = """
            # What the regression gate notices

            `\(command)` remakes this file: the suite `\(suite.name)` at its default settings, \(suite.cases.count) cases, \
            \(suite.limits.count) metrics, \(suite.replications) replications, \(fixed(suite.confidence * 100, decimals: 1)) % \
            confidence over all comparisons.

            * **\(detected) of \(detections.count) planted changes are detected.** Both sides have the same draws.
            * **\(falseAlarms) of \(noChange.count) comparisons without a change raise an alarm.** The sides have different \
            draws, which is harder than the gate's own pairing, where nothing differs at all.

            The changes are made in what the simulator is given (`Sources/Regression/Power`); the simulator itself is the same. \
            "Largest" is the comparison that is furthest beyond its relative limit, and how many of the others are beyond \
            theirs.

            | planted change | gate | largest | change | worse | better |
            |---|---|---|---:|---:|---:|

            """
        for detection in detections {
            let report = detection.report
            let gate = report.hasFailed ? "FAILED, as it should" : "passed: **not detected**"
            let worst = report.comparisons.filter { $0.verdict == .worse }
                .max { ($0.relativeDifference.map(abs) ?? 0) < ($1.relativeDifference.map(abs) ?? 0) }
            let change =
                worst?.relativeDifference.map { ($0 > 0 ? "+" : "") + fixed($0 * 100, decimals: 1) + " %" } ?? "-"
            let what =
                worst.map { "\($0.caseName), \($0.limit.metric.name)" }
                ?? report.breakages.first.map { "\($0.caseName) \($0.what)" } ?? "-"
            text +=
                "| \(detection.change) | \(gate) | \(what) | \(change) | \(report.count(.worse)) | \(report.count(.better)) |\n"
        }
        text += "\n## Too small to notice\n\nNot counted above.\n\n| planted change | gate |\n|---|---|\n"
        for detection in faint {
            text += "| \(detection.change) | \(detection.report.hasFailed ? "FAILED" : "passed") |\n"
        }
        text += "\n## Comparisons without a change\n\n"
        let comparisons = noChange.reduce(0) { $0 + $1.comparisons.count }
        text +=
            "Of \(comparisons) comparisons of single metrics, \(total(.worse)) were called worse, \(total(.better)) better,"
            + " \(total(.drift)) drifted within their limits.\n"
        for (index, report) in noChange.enumerated() where report.hasFailed {
            let alarms =
                report.comparisons.filter { $0.verdict == .worse }
                .map { "\($0.caseName), \($0.limit.metric.name)" }
                + report.breakages.map { "\($0.caseName) \($0.what)" }
            text += "\n* comparison \(index + 1): \(alarms.joined(separator: "; "))\n"
        }
        return text
    }

    private func total(_ verdict: PairedComparison.Verdict) -> Int { noChange.reduce(0) { $0 + $1.count(verdict) } }
}
