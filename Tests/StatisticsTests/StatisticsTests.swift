import EventKernel
import Statistics
import Testing

@Suite("Student's t and means")
struct StatisticsTests {
    /// Tables of the t distribution, as in any textbook (for example NIST's e-Handbook, section 1.3.6.7.2).
    @Test(
        "quantiles are those of the printed tables",
        arguments: [
            (0.95, 1, 6.314), (0.95, 10, 1.812), (0.975, 2, 4.303), (0.975, 5, 2.571), (0.975, 30, 2.042),
            (0.99, 7, 2.998), (0.999, 4, 7.173), (0.999, 15, 3.733), (0.025, 5, -2.571), (0.5, 3, 0),
        ])
    func quantiles(level: Double, freedom: Int, expected: Double) {
        #expect(abs(StudentT.quantile(level, degreesOfFreedom: freedom) - expected) < 6e-4)
    }

    @Test("with one degree of freedom the distribution is Cauchy's, with two it has a closed form")
    func closedForms() {
        for t in stride(from: -20.0, through: 20, by: 0.7) {
            let algebraic = 0.5 + t / (2 * (2 + t * t).squareRoot())
            #expect(abs(StudentT.cumulative(t, degreesOfFreedom: 2) - algebraic) < 1e-12)
        }
        // tan(π/8) has the level 1/2 + 1/8 under Cauchy's distribution.
        #expect(abs(StudentT.cumulative(2.0.squareRoot() - 1, degreesOfFreedom: 1) - 0.625) < 1e-12)
        #expect(abs(StudentT.cumulative(1, degreesOfFreedom: 1) - 0.75) < 1e-12)
    }

    @Test("a quantile has the level that it was asked for", arguments: [1, 2, 3, 7, 11, 60])
    func inverse(freedom: Int) {
        for level in [1e-6, 1e-3, 0.2, 0.5, 0.7, 0.999, 1 - 1e-6] {
            let t = StudentT.quantile(level, degreesOfFreedom: freedom)
            #expect(abs(StudentT.cumulative(t, degreesOfFreedom: freedom) - level) < 1e-9 * max(1, level))
        }
    }

    @Test("the interval of a few values is the textbook's")
    func interval() throws {
        let interval = MeanInterval(of: [4, 5, 6, 7, 8])
        #expect(interval.mean == 6)
        #expect(interval.standardError == (2.5 / 5).squareRoot())
        // t(0.975, 4) = 2.776
        #expect(abs(try #require(interval.halfWidth(confidence: 0.95)) - 2.776 * 0.5.squareRoot()) < 1e-3)
        #expect(MeanInterval(of: [3]).halfWidth(confidence: 0.9) == nil)
        #expect(MeanInterval(of: [3, 3]).probabilityAtMost(2.9) == 0)
        #expect(MeanInterval(of: [3, 3]).probabilityAtMost(3) == 1)
    }

    @Test("an interval of 95 % misses the true mean in about one of twenty samples", arguments: [UInt64(1), 2, 3])
    func coverage(seed: UInt64) {
        var stream = RandomStreams(seed: seed).stream(named: "coverage")
        let misses = (0..<2000).count { _ in
            let interval = MeanInterval(of: (0..<6).map { _ in stream.normal() })
            return abs(interval.mean) > interval.halfWidth(confidence: 0.95) ?? 0
        }
        // 100 expected; five standard deviations are 49.
        #expect((51...149).contains(misses))
    }

    @Test("a Latin hypercube has one point in every stratum of every axis", arguments: [1, 2, 7, 100])
    func strata(count: Int) {
        let points = LatinHypercube.points(count, axes: ["a", "b", "c"], streams: RandomStreams(seed: 5))
        for axis in 0..<3 {
            #expect(points.map { Int($0[axis] * Double(count)) }.sorted() == Array(0..<count))
        }
        #expect(points == LatinHypercube.points(count, axes: ["a", "b", "c"], streams: RandomStreams(seed: 5)))
    }

    @Test("an axis keeps its draws when another is added, random points too")
    func streamsByName() {
        let streams = RandomStreams(seed: 9)
        for draw in [LatinHypercube.points, LatinHypercube.independentPoints] {
            #expect(draw(20, ["a"], streams).map { $0[0] } == draw(20, ["b", "a"], streams).map { $0[1] })
        }
    }
}
