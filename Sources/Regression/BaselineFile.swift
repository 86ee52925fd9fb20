public import Diagnostics
internal import Reporting

/// A baseline as a small text: a line for every number of every case, its replications in order, all digits kept. A
/// change of one case changes its lines and no others.
public struct BaselineFile: Hashable, Sendable {
    private static let heading = "case\tmetric\treplications"
    /// Facts besides the metrics, kept as further lines.
    private static let facts = ["rejected", "unfinished", "overloaded"]

    public var text: String

    public init(_ suite: RegressionSuite, runs: [[SideRun]]) {
        var lines = [Self.heading]
        for (test, runs) in zip(suite.cases, runs) {
            for (position, limit) in suite.limits.enumerated() {
                let values = runs.map { run in run.values[position].map { "\($0)" } ?? "-" }
                lines.append(([test.name, limit.metric.name] + values).joined(separator: "\t"))
            }
            lines.append(([test.name, "rejected"] + runs.map { "\($0.rejected)" }).joined(separator: "\t"))
            lines.append(([test.name, "unfinished"] + runs.map { "\($0.unfinished)" }).joined(separator: "\t"))
            let overloaded = runs.map { $0.isOverloaded ? "1" : "0" }
            lines.append(([test.name, "overloaded"] + overloaded).joined(separator: "\t"))
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// The runs of every case of a suite; a case that the file does not have has failed.
    ///
    /// - Throws: where the text is no such file, or has another number of replications than the suite.
    public static func read(
        _ text: String, file: String, for suite: RegressionSuite
    ) throws(InputError) -> [SideResult] {
        var collector = DiagnosticCollector()
        var rows: [String: [Double?]] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = SourceLocation(file: file, line: index + 1, column: 1)
            if index == 0 {
                if line != heading {
                    throw InputError(
                        at: place, "found \"\(line.prefix(40))\", expected a baseline file",
                        help: "--update-baseline writes one")
                }
                continue
            }
            if line.isEmpty { continue }
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let values = fields.dropFirst(2).map { Double($0) }
            guard fields.count == suite.replications + 2,
                zip(values, fields.dropFirst(2)).allSatisfy({ $0 != nil || $1 == "-" })
            else {
                collector.error(
                    at: place, "found \(max(0, fields.count - 2)) values, expected \(suite.replications) numbers",
                    help: "--update-baseline writes the file anew")
                continue
            }
            rows[fields[0] + "\t" + fields[1]] = values
        }
        try collector.throwIfAny()
        return suite.cases.map { test in
            func row(_ name: String) -> [Double?]? { rows[test.name + "\t" + name] }
            let values = suite.limits.map { row($0.metric.name) }
            let facts = Self.facts.map { row($0) ?? [] }
            guard facts.allSatisfy({ $0.count == suite.replications }), values.contains(where: { $0 != nil }) else {
                return .failed(reason: "\(file) does not have the case")
            }
            return .runs(
                (0..<suite.replications).map { replication in
                    SideRun(
                        values: values.map { $0?[replication] }, rejected: Int(facts[0][replication] ?? 0),
                        unfinished: Int(facts[1][replication] ?? 0), isOverloaded: facts[2][replication] == 1)
                })
        }
    }
}
