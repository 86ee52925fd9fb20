internal import Metrics
internal import Reporting

extension RegressionReport {
    /// A table that fits into a comment on a pull request: what changed, and one line for all that did not.
    public var markdown: String {
        var text = "### \(hasFailed ? "FAILED" : "passed"): \(escaped(suite)) against \(escaped(baseline))\n\n"
        text +=
            "\(count(.worse)) worse, \(count(.better)) better, \(count(.drift)) drifted within the limits,"
            + " \(count(.same)) the same; \(plain(confidence * 100)) % confidence over all.\n"
        for breakage in breakages { text += "\n* **\(escaped(breakage.caseName))** \(escaped(breakage.what))\n" }
        for skipped in uncompared {
            text +=
                "\n* \(escaped(skipped.caseName)) is not compared: the baseline does not run: \(escaped(skipped.what))\n"
        }
        let shown = comparisons.filter { $0.verdict != .same }
        if shown.isEmpty { return text }
        text +=
            "\n| | case | metric | baseline | candidate | change | +- | limit |\n|---|---|---|---:|---:|---:|---:|---:|\n"
        for comparison in shown.sorted(by: { order($0) < order($1) }) {
            let (scale, unit) = comparison.limit.metric.metric.printed
            let change =
                comparison.relativeDifference.map { "\(signed($0 * 100, 2)) %" }
                ?? signed(comparison.difference * scale, 3)
            let cells = [
                comparison.verdict == .worse ? "**worse**" : comparison.verdict.rawValue,
                escaped(comparison.caseName), comparison.limit.metric.name + unit,
                plain(comparison.baseline * scale), plain(comparison.candidate * scale), change,
                comparison.halfWidth.map { plain($0 * scale) } ?? "-",
                "\(plain(comparison.limit.absolute * scale)), \(plain(comparison.limit.relative * 100)) %",
            ]
            text += "| \(cells.joined(separator: " | ")) |\n"
        }
        return text
    }

    /// Worse first, then in the order of the suite.
    private func order(_ comparison: PairedComparison) -> (Int, Int) {
        let rank = PairedComparison.Verdict.allCases.firstIndex(of: comparison.verdict) ?? 0
        return (rank, comparisons.firstIndex(of: comparison) ?? 0)
    }

    /// For programs: every comparison with all its digits, in the metrics' own units.
    public var json: String {
        let rows = comparisons.map { comparison in
            JSONText.object([
                ("case", .string(comparison.caseName)), ("metric", .string(comparison.limit.metric.name)),
                ("unit", .string(comparison.limit.metric.metric.unit.rawValue)),
                ("baseline", .number(comparison.baseline)), ("candidate", .number(comparison.candidate)),
                ("halfWidth", JSONText(comparison.halfWidth)), ("replications", .integer(comparison.replications)),
                ("absoluteLimit", .number(comparison.limit.absolute)),
                ("relativeLimit", .number(comparison.limit.relative)),
                ("verdict", .string(comparison.verdict.rawValue)),
            ])
        }
        func list(_ breakages: [Breakage]) -> JSONText {
            .array(breakages.map { .object([("case", .string($0.caseName)), ("what", .string($0.what))]) })
        }
        return JSONText.object([
            ("suite", .string(suite)), ("baseline", .string(baseline)), ("hasFailed", .bool(hasFailed)),
            ("confidence", .number(confidence)), ("breakages", list(breakages)), ("uncompared", list(uncompared)),
            ("comparisons", .array(rows)),
        ]).text() + "\n"
    }

    /// For CI services: a test case for every comparison and for every case that broke.
    public var junit: String {
        var cases: [String] = []
        for comparison in comparisons {
            let name =
                "name=\"\(xml(comparison.limit.metric.name))\" classname=\"\(xml("\(suite).\(comparison.caseName)"))\""
            if comparison.verdict == .worse {
                let what = "\(comparison.baseline) became \(comparison.candidate)"
                cases.append("    <testcase \(name)><failure message=\"\(xml(what))\"/></testcase>")
            } else {
                cases.append("    <testcase \(name)/>")
            }
        }
        for breakage in breakages {
            cases.append(
                "    <testcase name=\"works\" classname=\"\(xml("\(suite).\(breakage.caseName)"))\">"
                    + "<failure message=\"\(xml(breakage.what))\"/></testcase>")
        }
        for skipped in uncompared {
            cases.append(
                "    <testcase name=\"compared\" classname=\"\(xml("\(suite).\(skipped.caseName)"))\">"
                    + "<skipped message=\"\(xml(skipped.what))\"/></testcase>")
        }
        let failures = count(.worse) + breakages.count
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
              <testsuite name="\(xml(suite))" tests="\(cases.count)" failures="\(failures)" skipped="\(uncompared.count)">
            \(cases.joined(separator: "\n"))
              </testsuite>
            </testsuites>

            """
    }
}

extension Metric {
    /// Seconds are printed as milliseconds.
    fileprivate var printed: (scale: Double, unit: String) { unit == .seconds ? (1e3, " ms") : (1, "") }
}

/// Five significant digits, without zeros at the end.
private func plain(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "-" }
    var digits = 4
    var size = abs(value)
    while size >= 10, digits > 0 { (size, digits) = (size / 10, digits - 1) }
    while size < 1, digits < 12 { (size, digits) = (size * 10, digits + 1) }
    var text = fixed(value, decimals: digits)
    if text.contains(".") {
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
    }
    return text
}

private func signed(_ value: Double, _ decimals: Int) -> String {
    (value > 0 ? "+" : "") + fixed(value, decimals: decimals)
}

/// A cell of a Markdown table ends at a bar or a line's end.
private func escaped(_ text: String) -> String {
    text.split(separator: "\n").joined(separator: " ").split(separator: "|", omittingEmptySubsequences: false)
        .joined(separator: "\\|")
}

private func xml(_ text: String) -> String {
    var result = ""
    for character in text.unicodeScalars {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        // Of control characters XML knows only these, and they are spaces in an attribute.
        case _ where character.value < 0x20: result += " "
        default: result.unicodeScalars.append(character)
        }
    }
    return result
}
