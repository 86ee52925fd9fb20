/// Seconds measured at every point of a four-dimensional grid. Multilinear between the points; below the first point of
/// an axis its value holds, beyond the last the slope of the last segment goes on.
///
/// A quantity that depends on fewer numbers has axes of one point.
public struct MeasuredGrid: Hashable, Sendable {
    public let axes: [[Int]]
    /// Row-major: the last axis varies fastest.
    public let seconds: [Double]

    /// - Precondition: four ascending axes, none empty, and a value for each point.
    public init(axes: [[Int]], seconds: [Double]) {
        precondition(axes.count == 4, "\(axes.count) axes, expected 4")
        for axis in axes {
            precondition(!axis.isEmpty && zip(axis, axis.dropFirst()).allSatisfy(<), "axis \(axis) must ascend")
        }
        precondition(
            seconds.count == axes.reduce(1) { $0 * $1.count },
            "\(seconds.count) values for axes of \(axes.map(\.count)) points")
        self.axes = axes
        self.seconds = seconds
    }

    /// One axis: seconds by a count.
    public init(_ counts: [Int], seconds: [Double]) { self.init(axes: [counts, [0], [0], [0]], seconds: seconds) }

    public func value(_ a: Double, _ b: Double = 0, _ c: Double = 0, _ d: Double = 0) -> Double {
        let places = (place(of: a, axis: 0), place(of: b, axis: 1), place(of: c, axis: 2), place(of: d, axis: 3))
        var sum = 0.0
        for corner in 0..<16 {
            let (i, u) = places.0.corner(corner & 1)
            let (j, v) = places.1.corner(corner >> 1 & 1)
            let (k, w) = places.2.corner(corner >> 2 & 1)
            let (l, x) = places.3.corner(corner >> 3)
            let weight = u * v * w * x
            if weight == 0 { continue }
            sum += weight * seconds[((i * axes[1].count + j) * axes[2].count + k) * axes[3].count + l]
        }
        return max(0, sum)
    }

    private struct Place {
        var index: Int
        /// Of the way to the next point; more than one beyond the last.
        var fraction: Double

        func corner(_ side: Int) -> (index: Int, weight: Double) {
            side == 0 ? (index, 1 - fraction) : (index + (fraction == 0 ? 0 : 1), fraction)
        }
    }

    private func place(of x: Double, axis number: Int) -> Place {
        let axis = axes[number]
        if axis.count == 1 || x <= Double(axis[0]) { return Place(index: 0, fraction: 0) }
        var i = 0
        while i < axis.count - 2, Double(axis[i + 1]) <= x { i += 1 }
        return Place(index: i, fraction: (x - Double(axis[i])) / Double(axis[i + 1] - axis[i]))
    }
}
