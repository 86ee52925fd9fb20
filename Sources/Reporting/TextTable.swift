/// A table of text in columns as wide as their longest cell. No colour: it reads the same in a terminal and in a file.
public struct TextTable: Hashable, Sendable {
    public enum Alignment: Hashable, Sendable { case left, right }

    private enum Line: Hashable, Sendable {
        case cells([String])
        case blank
    }

    private let alignments: [Alignment]
    private var lines: [Line]

    /// A table with these headings, underlined.
    public init(headings: [String], alignments: [Alignment]) {
        precondition(headings.count == alignments.count, "\(headings.count) headings, \(alignments.count) alignments")
        self.alignments = alignments
        lines = [.cells(headings.map(printable))]
    }

    /// - Precondition: one cell for each column.
    public mutating func append(_ cells: [String]) {
        precondition(cells.count == alignments.count, "\(cells.count) cells for \(alignments.count) columns")
        lines.append(.cells(cells.map(printable)))
    }

    /// An empty line, to set groups of rows apart.
    public mutating func appendBlankLine() { lines.append(.blank) }

    /// Lines end with a newline and have no trailing spaces.
    public var text: String {
        var widths = alignments.map { _ in 0 }
        for case .cells(let cells) in lines {
            for (column, cell) in cells.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        var result = ""
        for (index, line) in lines.enumerated() {
            if case .cells(let cells) = line {
                let padded = cells.indices.map { pad(cells[$0], to: widths[$0], alignments[$0]) }
                result += trimmingTrailingSpaces(padded.joined(separator: "  "))
            }
            result += "\n"
            if index == 0 {
                result += widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ") + "\n"
            }
        }
        return result
    }
}

func pad(_ text: String, to width: Int, _ alignment: TextTable.Alignment) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return alignment == .left ? text + space : space + text
}

func trimmingTrailingSpaces(_ text: String) -> String {
    var text = text[...]
    while text.last == " " { text.removeLast() }
    return String(text)
}

/// `text` with everything that would move a terminal's cursor, colour it or reverse its direction replaced: names come
/// from files that anyone may have written.
func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        let isHarmful =
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: true
            // Marks that turn the direction of text around.
            case .format: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            default: false
            }
        result.append(isHarmful ? "?" : scalar)
    }
    return String(result)
}

/// `text` in at most `width` characters. The middle goes, since names of one family differ at their ends.
func shortened(_ text: String, to width: Int) -> String {
    guard text.count > width else { return text }
    let tail = (width - 1) / 2
    return text.prefix(width - 1 - tail) + "…" + text.suffix(tail)
}

/// `text` broken at spaces into lines of at most `width` characters, where its words allow it.
func wrapped(_ text: String, to width: Int) -> String {
    var result = ""
    var column = 0
    for word in text.split(separator: " ") {
        if column > 0 && column + 1 + word.count > width {
            result += "\n"
            column = 0
        } else if column > 0 {
            result += " "
            column += 1
        }
        result += word
        column += word.count
    }
    return result + "\n"
}
