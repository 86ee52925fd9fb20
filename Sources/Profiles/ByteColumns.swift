/// Columns in bytes from the columns in Unicode scalars that the YAML parser counts.
struct ByteColumns {
    /// Non-ASCII scalars in the order of the text: where each is and how many bytes more than scalars its line has had
    /// by its end.
    private var wide: [(line: Int, scalarColumn: Int, extraBytes: Int)] = []

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
    }

    /// O(log n) in the number of non-ASCII scalars.
    func byteColumn(line: Int, scalarColumn: Int) -> Int {
        var (low, high) = (0, wide.count)
        while low < high {
            let middle = (low + high) / 2
            if (wide[middle].line, wide[middle].scalarColumn) < (line, scalarColumn) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > 0, wide[low - 1].line == line else { return scalarColumn }
        return scalarColumn + wide[low - 1].extraBytes
    }
}
