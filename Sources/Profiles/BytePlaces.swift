/// Places with columns in bytes, from the marks of the YAML parser, whose columns count Unicode scalars.
struct BytePlaces {
    /// Non-ASCII scalars in the order of the text: where each is and how many bytes more than scalars its line has had
    /// by its end.
    private var wide: [(line: Int, scalarColumn: Int, extraBytes: Int)] = []

    private let lastLine: Int
    private let endColumn: Int

    /// One pass over the text. Lines end where YAML 1.1 says: LF, CR, CRLF, NEL, LS, PS.
    init(_ text: String) {
        var (line, column, extra) = (1, 0, 0)
        var previousWasCR = false
        for scalar in text.unicodeScalars {
            let isLineFeed = scalar == "\n"
            defer { previousWasCR = scalar == "\r" }
            if isLineFeed && previousWasCR { continue }
            if isLineFeed || scalar == "\r" || scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}" {
                (line, column, extra) = (line + 1, 0, 0)
                continue
            }
            column += 1
            if !scalar.isASCII {
                extra += UTF8.width(scalar) - 1
                wide.append((line, column, extra))
            }
        }
        lastLine = line
        endColumn = column + extra + 1
    }

    /// The place of a mark; the parser puts the end of a text without a final newline on a line that is not there.
    ///
    /// O(log n) in the number of non-ASCII scalars.
    func place(line: Int, scalarColumn: Int) -> (line: Int, column: Int) {
        if line > lastLine { return (lastLine, endColumn) }
        var (low, high) = (0, wide.count)
        while low < high {
            let middle = (low + high) / 2
            if (wide[middle].line, wide[middle].scalarColumn) < (line, scalarColumn) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > 0, wide[low - 1].line == line else { return (line, scalarColumn) }
        return (line, scalarColumn + wide[low - 1].extraBytes)
    }
}
