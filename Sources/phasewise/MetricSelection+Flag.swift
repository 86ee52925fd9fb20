internal import Diagnostics
internal import Reporting

extension MetricSelection {
    /// - Throws: where `text`, separated by commas, names something that no summary has.
    static func list(_ text: String, flag: String) throws(InputError) -> [MetricSelection] {
        var collector = DiagnosticCollector()
        var selections: [MetricSelection] = []
        var column = 1
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            if let selection = MetricSelection(String(word)) {
                selections.append(selection)
            } else {
                let nearest = nearestMatch(to: String(word), among: all.map(\.name))
                collector.error(
                    at: SourceLocation(file: flag, line: 1, column: column),
                    "found \"\(word)\", expected a metric as in ttft.p99 or sloAttainment",
                    help: nearest.map { "did you mean \"\($0)\"?" })
            }
            column += word.utf8.count + 1
        }
        try collector.throwIfAny()
        return selections
    }
}
