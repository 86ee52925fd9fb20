/// Our values of one figure beside the paper's, as a CSV file.
struct FigureTable: Sendable {
    struct Row: Sendable {
        var key: DigitisedFigures.Key
        /// What the series is called here; the key has the paper's name.
        var series: String
        var x: Double
        var ours: Spread
        var paper: DigitisedFigures.Point?
    }

    let file: String
    private(set) var rows: [Row] = []
    private let digitised: DigitisedFigures

    init(file: String, beside digitised: DigitisedFigures) {
        self.file = file
        self.digitised = digitised
    }

    mutating func add(_ curve: Curve, as series: String, of key: DigitisedFigures.Key) {
        for point in curve.points {
            rows.append(
                Row(key: key, series: series, x: point.x, ours: point.y, paper: digitised.point(key, x: point.x)))
        }
    }

    /// A curve whose x the paper does not print: its points are those of the paper in their order.
    mutating func add(_ curve: Curve, as series: String, inOrderOf key: DigitisedFigures.Key) {
        let paper = digitised.series(key)
        for (index, point) in curve.points.enumerated() {
            rows.append(
                Row(
                    key: key, series: series, x: point.x, ours: point.y, paper: index < paper.count ? paper[index] : nil
                ))
        }
    }

    var csv: String {
        var text = "figure,panel,metric,series,x,ours,lowest,highest,paper,ours_to_paper,paper_point\n"
        for row in rows {
            let paper = row.paper
            let ratio = paper.map { $0.value != 0 ? decimal(row.ours.median / $0.value, 3) : "" } ?? ""
            let cells = [
                row.key.figure, row.key.panel, row.key.metric, row.series, decimal(row.x, 2), figures(row.ours.median),
                figures(row.ours.low), figures(row.ours.high), paper.map { figures($0.value) } ?? "", ratio,
                paper?.status ?? "",
            ]
            text += cells.map { $0.contains(",") ? "\"\($0)\"" : $0 }.joined(separator: ",") + "\n"
        }
        return text
    }
}

/// A number with so many places, without a locale.
func decimal(_ value: Double, _ places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let rounded = Int((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && rounded != 0 ? "-" : ""
    if places == 0 { return "\(sign)\(rounded)" }
    let fraction = String(rounded % scale)
    return "\(sign)\(rounded / scale).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
}

/// About four significant figures.
func figures(_ value: Double) -> String {
    switch value.magnitude {
    case ..<10: decimal(value, 4)
    case ..<1000: decimal(value, 1)
    default: decimal(value, 0)
    }
}
