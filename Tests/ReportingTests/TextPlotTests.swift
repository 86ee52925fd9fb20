import EventKernel
import Foundation
import Metrics
import Testing

@testable import Reporting

@Suite("Text plots")
struct TextPlotTests {
    /// The cells between the axis and the frame, from the top.
    private func cells(_ plot: TextPlot) -> [[Character]] {
        plot.text.split(separator: "\n").compactMap { line in
            line.firstIndex(of: "|").map { bar in
                let cells = Array(line[line.index(after: bar)...])
                return cells + Array(repeating: " ", count: 72 - cells.count)
            }
        }
    }

    @Test("a straight line goes from one corner to the other, one cell of every column")
    func line() {
        let cells = cells(TextPlot(title: "t", xTitle: "x", lines: [.init(name: "a", points: [(0, 0), (10, 5)])]))
        #expect(cells.count == 14)
        #expect(cells[13][0] == "o" && cells[0][71] == "o")
        for column in 0..<72 { #expect(cells.count { $0[column] != " " } == 1) }
    }

    @Test("a power is straight where both axes are logarithmic", arguments: [0.5, 1, 2, 3])
    func powers(exponent: Double) {
        let points = (0...40).map { index in
            let x = pow(2, Double(index) / 4)
            return (x: x, y: pow(x, exponent))
        }
        let curve = cells(
            TextPlot(title: "", xTitle: "", lines: [.init(name: "", points: points)], isLogX: true, isLogY: true))
        let straight = cells(TextPlot(title: "", xTitle: "", lines: [.init(name: "", points: [(0, 0), (1, 1)])]))
        #expect(curve == straight)
    }

    @Test("a step keeps its value until the next point")
    func steps() {
        let plot = TextPlot(
            title: "", xTitle: "", lines: [.init(name: "a", points: [(0, 0), (5, 10), (10, 10)])], isStepped: true)
        let cells = cells(plot)
        #expect(cells[13][35] == "o" && cells[0][36] == "o")
    }

    @Test("nothing, one point, and points that no logarithm has, are no trouble")
    func degenerate() {
        #expect(TextPlot(title: "t", xTitle: "x", lines: []).text == "t\n  (nothing to plot)\n")
        let log = TextPlot(title: "t", xTitle: "x", lines: [.init(name: "a", points: [(0, 1), (-1, 2)])], isLogX: true)
        #expect(log.text.contains("nothing to plot"))
        let one = TextPlot(title: "t", xTitle: "x", lines: [.init(name: "a", points: [(3, 4)])])
        #expect(cells(one).joined().count { $0 == "o" } == 1)
    }

    @Test("names that would move the cursor do not", arguments: ["\u{1B}[2J", "a\nb", "\u{202E}x"])
    func hostileNames(name: String) {
        let text = TextPlot(title: name, xTitle: "x", lines: [.init(name: name, points: [(0, 0), (1, 1)])]).text
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || $0.value == 0x202E })
        #expect(text.split(separator: "\n").count == 18)
    }

    @Test("a distribution ends at all requests")
    func distribution() {
        let line = TextPlot.Line(
            name: "a",
            distribution: [(1_000_000, 1), (3_000_000, 3)].map {
                .init(upperBound: SimulationDuration(nanoseconds: $0.0), count: $0.1)
            })
        #expect(line.points.map(\.x) == [1, 3] && line.points.map(\.y) == [25, 100])
    }
}
