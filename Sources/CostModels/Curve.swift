/// A function given at knots: linear between them, constant beyond them.
public struct Curve: Hashable, Sendable {
    public let knots: [Double]
    public let values: [Double]

    /// - Precondition: as many values as knots, at least one; knots ascend.
    public init(knots: [Double], values: [Double]) {
        precondition(knots.count == values.count && !knots.isEmpty, "\(knots.count) knots, \(values.count) values")
        precondition(zip(knots, knots.dropFirst()).allSatisfy { $0 < $1 }, "knots must ascend: \(knots)")
        self.knots = knots
        self.values = values
    }

    public static func constant(_ value: Double) -> Curve { Curve(knots: [0], values: [value]) }

    public func value(at x: Double) -> Double { CurvePosition(of: x, in: knots).interpolate(values) }

    public func mapValues(_ transform: (Double) -> Double) -> Curve {
        Curve(knots: knots, values: values.map(transform))
    }
}

/// Where a number lies among ascending knots, so that many curves with the same knots are read with one search.
package struct CurvePosition: BitwiseCopyable {
    /// The knot at or below, and the share of the way to the next one; 0 at and beyond the ends.
    package let index: Int
    package let fraction: Double

    /// O(knots): curves have about ten, where a scan is faster than bisection.
    package init(of x: Double, in knots: [Double]) {
        let last = knots.count - 1
        var i = 0
        while i < last, knots[i + 1] <= x { i += 1 }
        index = i
        fraction = i == last || x <= knots[i] ? 0 : (x - knots[i]) / (knots[i + 1] - knots[i])
    }

    package func interpolate(_ values: [Double]) -> Double {
        fraction == 0 ? values[index] : values[index] * (1 - fraction) + values[index + 1] * fraction
    }
}
