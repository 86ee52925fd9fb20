internal import ResultStore

extension PageChart {
    /// The chart's figure, its data and its query. The script reads the data from the table, and where to put it from
    /// the attributes.
    /// - Parameter initial: the value that is picked at first, where it is one of the column's.
    func html(_ result: QueryResult, query: String, initial: String?, database: String) -> String {
        var html = "<section id=\"\(id)\"><h2>\(escaped(title))</h2>\n<p>\(escaped(note))</p>\n"
        if result.rows.isEmpty {
            html += "<p class=\"empty\">\(escaped(ifEmpty))</p>\n"
        } else if kind != .table {
            html += "<figure \(attributes(initial: initial))><div class=\"plot\"></div></figure>\n"
        }
        let isOpen = kind == .table ? " open" : ""
        let rows = result.rows.count == 1 ? "1 row" : "\(result.rows.count) rows"
        html +=
            "<details class=\"data\"\(isOpen)><summary>Data (\(rows))</summary>\n<div class=\"scroll\" tabindex=\"0\">"
        html += table(result, caption: title) + "</div></details>\n"
        html += "<details class=\"sql\"><summary>SQL</summary>\n"
        html += "<p>Ask the database again: <code>phasewise results sql \"…\" --database "
        html += "\(escaped(printable(database)))</code></p>\n<pre><code>\(escaped(query))</code></pre></details>\n"
        return html + "</section>\n"
    }

    private func attributes(initial: String?) -> String {
        var pairs = [("kind", kind.rawValue), ("x", x), ("x-title", xTitle), ("y", y.joined(separator: "|"))]
        func add(_ name: String, _ value: String?) { if let value { pairs.append((name, value)) } }
        add("y-title", yTitle.isEmpty ? nil : yTitle)
        add("series", series)
        add("panel", panel)
        add("low", band?.low)
        add("high", band?.high)
        add("pick", pick)
        add("initial", pick == nil ? nil : initial)
        add("rule", rule)
        add("log-x", isLogX ? "1" : nil)
        add("log-y", isLogY ? "1" : nil)
        add("dots", hasPoints ? "1" : nil)
        return pairs.map { "data-\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: " ")
    }
}
