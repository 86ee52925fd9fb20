/// Curves at ascending knots of a second quantity, with all their points in one list, so that a price is found without an
/// array for each of them.
struct CurveFan: Sendable {
    struct Point: BitwiseCopyable {
        let size: Double
        let seconds: Double
    }

    private struct Curve: BitwiseCopyable {
        let knot: Double
        /// Of its points in the list.
        let first: Int
        let last: Int
        let origin: CostProvenance
    }

    private var curves: [Curve] = []
    private var points: [Point] = []
    /// By curve and by the exponent of a size, from 2⁰ to 2³¹: the last point that no such size lies below, from where it
    /// is searched for; few points lie within an octave.
    private var starts: [Int32] = []
    private static let exponents = 32

    /// - Precondition: as many curves as knots, at least one; knots ascend.
    init(knots: [Double], curves: [MeasuredCurve]) {
        precondition(knots.count == curves.count && !knots.isEmpty, "\(knots.count) knots, \(curves.count) curves")
        for (knot, curve) in zip(knots, curves) {
            let first = points.count
            for (size, seconds) in zip(curve.sizes, curve.seconds) {
                points.append(Point(size: size, seconds: seconds))
            }
            self.curves.append(Curve(knot: knot, first: first, last: points.count - 1, origin: curve.origin))
            for exponent in 0..<Self.exponents {
                let least = Double(1 << exponent)
                starts.append(Int32(first + max(0, curve.sizes.count { $0 <= least } - 1)))
            }
        }
    }

    /// Of the last curve.
    var last: Int { curves.count - 1 }

    func knot(_ curve: Int) -> Double { curves[curve].knot }
    func origin(_ curve: Int) -> CostProvenance { curves[curve].origin }
    func firstPoint(_ curve: Int) -> Point { points[curves[curve].first] }
    func lastPoint(_ curve: Int) -> Point { points[curves[curve].last] }
    func sizes(_ curve: Int) -> [Double] { points[curves[curve].first...curves[curve].last].map(\.size) }

    /// `nil` of a curve of one point.
    func secondPoint(_ curve: Int) -> Point? {
        curves[curve].first < curves[curve].last ? points[curves[curve].first + 1] : nil
    }

    /// The first curve above `x`. - Precondition: there is one.
    func firstAbove(_ x: Double) -> Int {
        var i = 0
        while curves[i].knot <= x { i &+= 1 }
        return i
    }

    /// As `MeasuredCurve.price(at:)`. O(points), of which a curve has about ten.
    func price(_ number: Int, at size: Double) -> KernelPrice {
        let curve = curves[number]
        let end = points[curve.last]
        if size >= end.size {
            if size == end.size { return KernelPrice(seconds: end.seconds, provenance: curve.origin) }
            return KernelPrice(
                seconds: end.seconds * size / end.size, provenance: curve.origin.worse(.heldUtilisation))
        }
        let start = points[curve.first]
        if size < start.size {
            return KernelPrice(seconds: start.seconds, provenance: curve.origin.worse(.heldUtilisation))
        }
        // The bits above those of the fraction. A size below one has none of these exponents, nor has a huge one.
        let exponent = Int(size.bitPattern &>> 52) &- 1023
        var i = curve.first
        if UInt(bitPattern: exponent) < UInt(Self.exponents) {
            i = Int(starts[number &* Self.exponents &+ exponent])
        }
        while points[i &+ 1].size <= size { i &+= 1 }
        let (low, high) = (points[i], points[i &+ 1])
        if size == low.size { return KernelPrice(seconds: low.seconds, provenance: curve.origin) }
        let fraction = (size - low.size) / (high.size - low.size)
        return KernelPrice(
            seconds: low.seconds + (high.seconds - low.seconds) * fraction,
            provenance: curve.origin.worse(.interpolated))
    }
}
