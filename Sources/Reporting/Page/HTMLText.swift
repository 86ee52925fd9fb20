internal import ResultStore

/// `text` as the content of an element or of a quoted attribute: whatever it says, it stays text.
func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { [38, 60, 62, 34, 39].contains($0) }) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;".unicodeScalars
        case "<": result += "&lt;".unicodeScalars
        case ">": result += "&gt;".unicodeScalars
        case "\"": result += "&quot;".unicodeScalars
        case "'": result += "&#39;".unicodeScalars
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// A query's answer as a table. End tags that HTML does not need are left out: a page has tens of thousands of cells.
func table(_ result: QueryResult, caption: String) -> String {
    let isNumber = result.columns.indices.map { column in
        result.rows.contains { $0[column] != nil }
            && result.rows.allSatisfy { row in row[column].map { Double($0) != nil } ?? true }
    }
    var html = "<table><caption>\(escaped(caption))</caption><thead><tr>"
    for (column, isNumber) in zip(result.columns, isNumber) {
        html += "<th scope=col\(isNumber ? " data-type=number" : "")>\(escaped(printable(column)))"
    }
    html += "<tbody>"
    for row in result.rows {
        html += "<tr>"
        for cell in row { html += "<td>" + escaped(printable(cell ?? "")) }
        html += "\n"
    }
    return html + "</table>"
}

/// A table of texts; columns whose cells begin with a digit line up on the right.
func table(_ columns: [String], _ rows: [[String]], caption: String) -> String {
    table(QueryResult(columns: columns, rows: rows.map { $0.map { $0 } }, isTruncated: false), caption: caption)
}
