internal import Diagnostics

/// Counts the rows that are well-formed but no requests, with the first place of each kind.
struct RowExclusions {
    private struct Kind {
        let reason: String
        var count = 0
        var first = TextPlace()

        mutating func add(_ place: TextPlace) {
            if count == 0 { first = place }
            count += 1
        }
    }

    private var noOutput = Kind(reason: "no output tokens")
    private var noPrompt = Kind(reason: "no prompt tokens")

    /// Whether the row is to be left out; counts it if so. A row without prompt and output counts as without output.
    @inline(__always)
    mutating func excludes(_ row: TraceRow) -> Bool {
        if row.outputTokens != 0, row.promptTokens != 0 { return false }
        if row.outputTokens == 0 { noOutput.add(row.outputPlace) } else { noPrompt.add(row.promptPlace) }
        return true
    }

    private var found: [Kind] { [noOutput, noPrompt].filter { $0.count > 0 } }

    var excluded: [Trace.Provenance.Exclusion] { found.map { .init(reason: $0.reason, count: $0.count) } }

    func warnings(_ report: RowReport) -> [Diagnostic] {
        found.map { kind in
            let rows = kind.count == 1 ? "1 row" : "\(kind.count) rows"
            return Diagnostic(
                .warning, at: report.location(kind.first), "\(rows) with \(kind.reason) left out, first here")
        }
    }
}
