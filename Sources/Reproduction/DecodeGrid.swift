/// How far decode alone is from the paper's at all points of a grid of its cost, for each pull and each length of outputs that
/// the results compare: what their costs are the best of.
public struct DecodeGrid: Sendable {
    public static let file = "decode-grid.csv"

    /// A row for each point: pull and outputs, milliseconds an iteration, milliseconds a sequence, rms of the logarithm.
    public let csv: String

    /// - Parameter progress: Called with how many points of how many are done.
    public init(_ setup: Setup, progress: (Int, Int) -> Void = { _, _ in }) {
        let points = (DecodeAlone.pulls + DecodeAlone.lengths).flatMap { reading in
            (16...21).flatMap { constant in
                (16...27).map { reading.costing(Double(constant), Double($0) / 100) }
            }
        }
        var text = "reading,ms,ms_per_sequence,rms\n"
        for (done, point) in points.enumerated() {
            progress(done, points.count)
            text +=
                "\"\(point.kind)\",\(decimal(point.constantMilliseconds, 0)),\(decimal(point.millisecondsPerSequence, 2)),"
                + "\(decimal(point.distance(setup), 3))\n"
        }
        csv = text
    }
}
