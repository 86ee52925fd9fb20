public import EventKernel

/// Points of the unit cube whose projections on every axis are spread evenly (McKay, Beckman, Conover 1979).
public enum LatinHypercube {
    /// `count` points: on each axis every one of `count` equal strata holds exactly one. O(count · axes).
    ///
    /// Every axis draws from a stream of its own name, so that adding an axis does not move the others.
    public static func points(_ count: Int, axes: [String], streams: RandomStreams) -> [[Double]] {
        let columns = axes.map { axis in
            var stream = streams.stream(named: "latin hypercube \(axis)")
            var strata = Array(0..<count)
            // Fisher and Yates's shuffle with our own draws: the library's may change with its version.
            for last in stride(from: count - 1, to: 0, by: -1) {
                strata.swapAt(last, stream.index(below: last + 1))
            }
            return strata.map { (Double($0) + stream.uniform()) / Double(count) }
        }
        return (0..<count).map { point in columns.map { $0[point] } }
    }

    /// `count` points, each drawn on its own.
    public static func independentPoints(_ count: Int, axes: [String], streams: RandomStreams) -> [[Double]] {
        var columns = axes.map { streams.stream(named: "random \($0)") }
        return (0..<count).map { _ in columns.indices.map { columns[$0].uniform() } }
    }
}
