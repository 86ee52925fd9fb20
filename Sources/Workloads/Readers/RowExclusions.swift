internal import Diagnostics

/// Counts the rows that are well-formed but no requests, with the first place of each kind.
struct RowExclusions {
    private enum Kind: Int, CaseIterable {
        case noOutput, noPrompt

        var reason: String {
            switch self {
            case .noOutput: "no output tokens"
            case .noPrompt: "no prompt tokens"
            }
        }
    }

    private var counts = [0, 0]
    private var first = [TextPlace(), TextPlace()]

    /// Whether the row is to be left out; counts it if so. A row without prompt and output counts as without output.
    mutating func excludes(_ row: TraceRow) -> Bool {
        guard row.outputTokens == 0 || row.promptTokens == 0 else { return false }
        let kind = row.outputTokens == 0 ? Kind.noOutput : .noPrompt
        if counts[kind.rawValue] == 0 {
            first[kind.rawValue] = kind == .noOutput ? row.outputPlace : row.promptPlace
        }
        counts[kind.rawValue] += 1
        return true
    }

    var excluded: [Trace.Provenance.Exclusion] {
        Kind.allCases.filter { counts[$0.rawValue] > 0 }.map { .init(reason: $0.reason, count: counts[$0.rawValue]) }
    }

    func warnings(_ report: RowReport) -> [Diagnostic] {
        Kind.allCases.filter { counts[$0.rawValue] > 0 }.map { kind in
            let rows = counts[kind.rawValue] == 1 ? "1 row" : "\(counts[kind.rawValue]) rows"
            return Diagnostic(
                .warning, at: report.location(first[kind.rawValue]),
                "\(rows) with \(kind.reason) left out, first here")
        }
    }
}
