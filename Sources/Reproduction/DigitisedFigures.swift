public import Diagnostics

/// Points read off the paper's figures, by someone, into a CSV file.
public struct DigitisedFigures: Sendable {
    /// Columns of the file, in this order. A series that contains commas is quoted.
    public static let columns = "figure,panel,model,dataset,metric,series,x,value,status,publication"

    struct Key: Hashable {
        var figure: String
        var panel: String
        var metric: String
        var series: String
    }

    struct Point: Sendable {
        var line: String
        var x: Double
        var value: Double
        /// Whether the point lies inside the window that the figure shows.
        var status: String
    }

    private var points: [Key: [Point]] = [:]

    /// No points: tables then show our values alone.
    public init() {}

    /// - Throws: `InputError` with up to twenty lines that are not points.
    public init(csv: String, file: String) throws(InputError) {
        var problems = DiagnosticCollector()
        for (index, line) in csv.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if problems.isFull { break }
            let place = SourceLocation(file: file, line: index + 1, column: 1)
            if index == 0 {
                if line != Self.columns { problems.error(at: place, "found \"\(line)\", expected \"\(Self.columns)\"") }
                continue
            }
            if line.isEmpty { continue }
            let cells = Self.cells(of: line)
            guard cells.count == 10 else {
                problems.error(at: place, "found \(cells.count) columns, expected 10")
                continue
            }
            guard let x = Double(cells[6]), let value = Double(cells[7]), x.isFinite, value.isFinite else {
                problems.error(at: place, "found x \"\(cells[6])\" and value \"\(cells[7])\", expected two numbers")
                continue
            }
            let key = Key(figure: cells[0], panel: cells[1], metric: cells[4], series: cells[5])
            points[key, default: []].append(Point(line: String(line), x: x, value: value, status: cells[8]))
        }
        try problems.throwIfAny()
    }

    /// The points of a series in the order of the file.
    func series(_ key: Key) -> [Point] { points[key] ?? [] }

    func point(_ key: Key, x: Double) -> Point? { series(key).first { abs($0.x - x) < 1e-6 } }

    /// Cells of a line; a quoted one may contain commas.
    private static func cells(of line: Substring) -> [String] {
        var cells = [""]
        var isQuoted = false
        for character in line {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: cells.append("")
            default: cells[cells.count - 1].append(character)
            }
        }
        return cells
    }
}
