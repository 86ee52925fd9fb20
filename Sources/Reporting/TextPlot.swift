internal import EventKernel
public import Metrics

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Lines in characters, for a terminal: the same bytes everywhere, without colour. Each line has a letter of its own;
/// where lines meet, the later one covers the earlier.
public struct TextPlot: Sendable {
    public struct Line: Sendable {
        public var name: String
        public var points: [(x: Double, y: Double)]

        public init(name: String, points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    private static let height = 14
    private static let width = 72
    /// More lines than letters use them again.
    private static let letters = Array("oxz*#abcdefgh")

    private let title: String
    private let xTitle: String
    private let lines: [Line]
    private let isLogX: Bool
    private let isLogY: Bool
    private let isStepped: Bool

    /// - Parameters:
    ///   - isLogX: whether x is logarithmic; points at or below zero are then left out. The same of y.
    ///   - isStepped: whether a line keeps its value up to its next point.
    public init(
        title: String, xTitle: String, lines: [Line], isLogX: Bool = false, isLogY: Bool = false,
        isStepped: Bool = false
    ) {
        self.title = title
        self.xTitle = xTitle
        self.isLogX = isLogX
        self.isLogY = isLogY
        self.isStepped = isStepped
        self.lines = lines.map { line in
            let points = line.points.filter { (!isLogX || $0.x > 0) && (!isLogY || $0.y > 0) }
            return Line(name: line.name, points: points.sorted { $0.x < $1.x })
        }
    }

    /// The plot with its axes and a line that says which letter is whose.
    public var text: String {
        let points = lines.flatMap(\.points)
        guard let x = Axis(points.map(\.x), isLog: isLogX, fromZero: false),
            let y = Axis(points.map(\.y), isLog: isLogY, fromZero: !isLogY)
        else { return "\(printable(title))\n  (nothing to plot)\n" }
        var cells = [[Character]](repeating: Array(repeating: " ", count: Self.width), count: Self.height)
        for (index, line) in lines.enumerated() {
            let letter = Self.letters[index % Self.letters.count]
            for column in 0..<Self.width {
                guard let value = value(of: line, at: x.value(at: Double(column) / Double(Self.width - 1)), x, y) else {
                    continue
                }
                let row = Int((Double(Self.height - 1) * (1 - y.share(of: value))).rounded())
                cells[min(max(row, 0), Self.height - 1)][column] = letter
            }
        }
        let labels = [0: y.last, (Self.height - 1) / 2: y.value(at: 0.5), Self.height - 1: y.first].mapValues(readable)
        let margin = labels.values.map(\.count).max() ?? 0
        var text = printable(title) + "\n"
        for (row, cells) in cells.enumerated() {
            text += trimmingTrailingSpaces(pad(labels[row] ?? "", to: margin, .right) + " |" + String(cells)) + "\n"
        }
        text += String(repeating: " ", count: margin) + " +" + String(repeating: "-", count: Self.width) + "\n"
        let (first, last) = (readable(x.first), readable(x.last))
        let middle = shortened(xTitle, to: Self.width - first.count - last.count - 2)
        let space = Self.width - first.count - middle.count - last.count
        text += String(repeating: " ", count: margin + 2) + first + String(repeating: " ", count: space / 2) + middle
        text += String(repeating: " ", count: space - space / 2) + last + "\n"
        let names = lines.enumerated().map { index, line in
            "\(Self.letters[index % Self.letters.count]) = \(printable(line.name))"
        }
        return text + wrapped(names.joined(separator: ", "), to: pageWidth)
    }

    /// Between points a straight line on the axes as they are drawn, or a step; `nil` outside.
    private func value(of line: Line, at x: Double, _ xAxis: Axis, _ yAxis: Axis) -> Double? {
        guard let next = line.points.firstIndex(where: { $0.x >= x * (1 - 1e-12) }) else {
            return isStepped ? line.points.last?.y : nil
        }
        if next == 0 { return line.points[0].x <= x * (1 + 1e-12) ? line.points[0].y : nil }
        let (before, after) = (line.points[next - 1], line.points[next])
        if isStepped { return after.x <= x * (1 + 1e-12) ? after.y : before.y }
        let from = xAxis.share(of: before.x)
        let share = (xAxis.share(of: x) - from) / (xAxis.share(of: after.x) - from)
        let (low, high) = (yAxis.share(of: before.y), yAxis.share(of: after.y))
        return yAxis.value(at: low + (high - low) * (share.isFinite ? share : 1))
    }
}

/// The extent of numbers, linear or logarithmic.
private struct Axis {
    let first: Double
    let last: Double
    private let isLog: Bool

    /// `nil` without numbers.
    init?(_ values: [Double], isLog: Bool, fromZero: Bool) {
        guard let least = values.min(), let most = values.max() else { return nil }
        self.isLog = isLog
        first = fromZero ? min(0, least) : least
        // An axis of one number needs some extent.
        last = most > first ? most : isLog ? first * 2 : first + 1
    }

    func share(of value: Double) -> Double {
        isLog ? log(value / first) / log(last / first) : (value - first) / (last - first)
    }

    func value(at share: Double) -> Double {
        isLog ? first * exp(share * log(last / first)) : first + share * (last - first)
    }
}

extension TextPlot.Line {
    /// The percentage of a distribution up to each of its classes, in milliseconds.
    public init(name: String, distribution: [LatencyHistogram.Bucket]) {
        let total = distribution.reduce(0) { $0 + $1.count }
        var upTo = 0
        let points = distribution.map { bucket in
            upTo += bucket.count
            return (x: bucket.upperBound.seconds * 1000, y: 100 * Double(upTo) / Double(total))
        }
        self.init(name: name, points: points)
    }
}
