/// The straight line through points by least squares.
public struct LineFit: Hashable, Sendable {
    public let slope: Double
    public let intercept: Double
    /// Share of the variance that the line explains.
    public let rSquared: Double

    /// - Precondition: at least two points of different x.
    init(_ points: [(x: Double, y: Double)]) {
        precondition(points.count > 1, "no line through \(points.count) points")
        let n = Double(points.count)
        let meanX = points.reduce(0) { $0 + $1.x } / n
        let meanY = points.reduce(0) { $0 + $1.y } / n
        let xx = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        let xy = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        let yy = points.reduce(0) { $0 + ($1.y - meanY) * ($1.y - meanY) }
        precondition(xx > 0 && yy > 0, "points of one x or one y")
        slope = xy / xx
        intercept = meanY - slope * meanX
        rSquared = xy * xy / (xx * yy)
    }
}
