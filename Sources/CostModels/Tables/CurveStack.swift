/// Curves that are read at whole sizes, such as the rows of an iteration, cut at the points of all of them: between two
/// cuts each is one straight line. The cut at or below a size is looked up, and prices are those of the curves to the bit.
struct CurveStack: Sendable {
    /// One curve from one cut to the next.
    private struct Line: BitwiseCopyable {
        /// The point of the curve at or below the cut.
        let start: Double
        let seconds: Double
        /// From that point to the next one of the curve; no width where the time stays, or grows in proportion.
        let width: Double
        let rise: Double
        let atStart: CostProvenance
        let beyond: CostProvenance

        var secondsPerSize: Double {
            if width > 0 { return rise / width }
            return seconds / start
        }
    }

    /// Where a size stands among the cuts, for all curves.
    struct Place: BitwiseCopyable {
        let size: Double
        /// How many cuts are not above it.
        fileprivate let cuts: Int
    }

    /// Several runs of each of some curves by what they rest on, from one cut to the next.
    private struct SharesLine: BitwiseCopyable {
        let start: Double
        let atStart: ProvenanceShares
        /// Right behind the start, and for each further size.
        let shares: ProvenanceShares
        let rise: ProvenanceShares
    }

    /// Sums of some curves of a stack by what they rest on, read at its places.
    struct Shares: Sendable {
        private let lines: [SharesLine]

        /// - Parameters:
        ///   - curves: numbers of those that are added up.
        ///   - counts: of runs, by number.
        init(of stack: CurveStack, curves: Range<Int>, counts: [Double]) {
            lines = ([-1] + stack.cuts).enumerated().map { cuts, start in
                let place = Place(size: start, cuts: cuts)
                var (atStart, shares, rise) = (ProvenanceShares(), ProvenanceShares(), ProvenanceShares())
                for curve in curves {
                    let (price, line) = (stack.price(curve, at: place), stack.line(curve, at: place))
                    atStart[price.provenance] += counts[curve] * price.seconds
                    shares[line.beyond] += counts[curve] * price.seconds
                    rise[line.beyond] += counts[curve] * line.secondsPerSize
                }
                return SharesLine(start: start, atStart: atStart, shares: shares, rise: rise)
            }
        }

        @inline(__always)
        subscript(place: Place) -> ProvenanceShares {
            let line = lines[place.cuts]
            return place.size == line.start ? line.atStart : line.shares + line.rise * (place.size - line.start)
        }
    }

    /// Sizes below are looked up, larger ones searched; above what engines batch, and far above any sequence count.
    private static let nearSizes = 1 << 14

    private let curves: Int
    private let cuts: [Double]
    /// By size: how many cuts are not above it.
    private let cutsUpTo: [UInt16]
    /// Of all curves below the first cut, then from each cut on.
    private let lines: [Line]

    init(_ curves: [MeasuredCurve]) {
        let cuts = curves.reduce([]) { union($0, $1.sizes) }
        precondition(cuts.count <= UInt16.max, "\(cuts.count) sizes")
        let near = min(Self.nearSizes, Int(cuts.last ?? 0) + 1)
        var cutsUpTo: [UInt16] = []
        cutsUpTo.reserveCapacity(near)
        for (count, cut) in cuts.enumerated() {
            let first = min(near, Int(cut.rounded(.up)))
            if first > cutsUpTo.count {
                cutsUpTo.append(contentsOf: repeatElement(UInt16(count), count: first - cutsUpTo.count))
            }
        }
        cutsUpTo.append(contentsOf: repeatElement(UInt16(cuts.count), count: near - cutsUpTo.count))
        self.curves = curves.count
        self.cuts = cuts
        self.cutsUpTo = cutsUpTo
        lines = ([-Double.infinity] + cuts).flatMap { cut in curves.map { Self.line(of: $0, from: cut) } }
    }

    private static func line(of curve: MeasuredCurve, from cut: Double) -> Line {
        let last = curve.sizes.count - 1
        let outside = curve.origin.worse(.heldUtilisation)
        if cut < curve.sizes[0] {
            return Line(
                start: -1, seconds: curve.seconds[0], width: 1, rise: 0, atStart: outside, beyond: outside)
        }
        let i = cut >= curve.sizes[last] ? last : curve.index(atOrBelow: cut)
        return Line(
            start: curve.sizes[i], seconds: curve.seconds[i], width: i < last ? curve.sizes[i + 1] - curve.sizes[i] : 0,
            rise: i < last ? curve.seconds[i + 1] - curve.seconds[i] : 0, atStart: curve.origin,
            beyond: i < last ? curve.origin.worse(.interpolated) : outside)
    }

    /// O(1) for sizes that occur, O(log points) above.
    @inline(__always)
    func place(of size: Int) -> Place {
        Place(size: Double(size), cuts: size < cutsUpTo.count ? Int(cutsUpTo[size]) : cutsNotAbove(size))
    }

    private func cutsNotAbove(_ size: Int) -> Int {
        var (low, high) = (0, cuts.count)
        while low < high {
            let middle = (low + high) / 2
            if cuts[middle] <= Double(size) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    @inline(__always)
    private func line(_ curve: Int, at place: Place) -> Line { lines[place.cuts * curves + curve] }

    /// The price of a curve, as `MeasuredCurve.price(at:)` gives it.
    @inline(__always)
    func price(_ curve: Int, at place: Place) -> KernelPrice {
        let line = line(curve, at: place)
        if place.size == line.start { return KernelPrice(seconds: line.seconds, provenance: line.atStart) }
        let seconds =
            line.width == 0
            ? line.seconds * place.size / line.start
            : line.seconds + line.rise * ((place.size - line.start) / line.width)
        return KernelPrice(seconds: seconds, provenance: line.beyond)
    }
}
