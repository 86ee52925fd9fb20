import EventKernel
import Testing

@testable import Metrics

@Suite("Distributions")
struct DistributionTests {
    /// Samples of very different sizes, with ties, as latencies have them.
    private func samples(seed: UInt64) -> [Double] {
        var random = RandomStreams(seed: seed).stream(named: "samples")
        let count = 1 + random.index(below: 400)
        return (0..<count).map { _ in
            switch random.index(below: 4) {
            case 0: 0
            case 1: Double(random.index(below: 20)) / 8
            case 2: random.exponential(mean: 1e-4)
            default: random.logNormal(mu: 2, sigma: 5)
            }
        }
    }

    @Test("the radix sort sorts as the standard library does", arguments: 0..<200 as Range<UInt64>)
    func sorting(seed: UInt64) {
        #expect(sortedAscending(samples(seed: seed)) == samples(seed: seed).sorted())
    }

    @Test("chosen ranks are those of the sorted samples", arguments: 0..<200 as Range<UInt64>)
    func orderStatistics(seed: UInt64) {
        let values = samples(seed: seed)
        let sorted = values.sorted()
        var random = RandomStreams(seed: seed).stream(named: "ranks")
        let ranks = (0..<5).map { _ in random.index(below: values.count) }
        let order = OrderStatistics(of: values, ranks: ranks)
        for rank in ranks { #expect(order[rank] == sorted[rank]) }
        #expect(order.largest == sorted.last)
    }

    @Test("a percentile lies where a walk along the sorted samples finds it", arguments: 0..<200 as Range<UInt64>)
    func percentiles(seed: UInt64) {
        let values = samples(seed: seed)
        let sorted = values.sorted()
        let distribution = Distribution(of: values)
        for (statistic, percent) in [(Statistic.p50, 50), (.p90, 90), (.p95, 95), (.p99, 99)] {
            // Rank in hundredths, so that the walk is in integers.
            let rank = percent * (values.count - 1)
            let below = sorted[rank / 100]
            let above = sorted[min(rank / 100 + 1, values.count - 1)]
            let expected = below + (above - below) * Double(rank % 100) / 100
            #expect(abs(distribution[statistic]! - expected) <= 1e-12 * max(1, sorted.last!))
        }
        #expect(distribution.max == sorted.last)
        #expect(distribution.count == values.count)
    }

    @Test("mean, deviation and percentiles are numpy's for a small sample")
    func numpyExample() {
        // numpy.percentile([4, 1, 3, 2], [50, 90, 95, 99]) and numpy.std of the same.
        let distribution = Distribution(of: [4, 1, 3, 2])
        #expect(distribution.mean == 2.5)
        #expect(abs(distribution.standardDeviation! - 1.118033988749895) < 1e-15)
        #expect(distribution.p50 == 2.5)
        #expect(abs(distribution.p90! - 3.7) < 1e-12)
        #expect(abs(distribution.p95! - 3.85) < 1e-12)
        #expect(abs(distribution.p99! - 3.97) < 1e-12)
        #expect(distribution.max == 4)
    }

    @Test("one sample is its own mean and percentiles")
    func oneSample() {
        let distribution = Distribution(of: [7])
        for statistic in Statistic.ofDistributions where statistic != .standardDeviation {
            #expect(distribution[statistic] == 7)
        }
        #expect(distribution.standardDeviation == 0)
    }

    @Test("nothing is said of no samples")
    func noSamples() {
        let distribution = Distribution(of: [])
        #expect(distribution.count == 0)
        for statistic in Statistic.allCases { #expect(distribution[statistic] == nil) }
    }
}

@Suite("Token gaps")
struct LatencyHistogramTests {
    @Test("gaps counted together may be recorded together", arguments: 0..<50 as Range<UInt64>)
    func grouping(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "gaps")
        var single = LatencyHistogram()
        var grouped = LatencyHistogram()
        for _ in 0..<200 {
            let gap = SimulationDuration(rounding: random.logNormal(mu: -4, sigma: 2))
            let longest = GapClass(of: gap).longest
            #expect(longest >= gap)
            #expect(GapClass(of: longest).longest == longest)
            single.record(gap, count: 1)
            single.record(longest, count: 2)
            grouped.record(gap, count: 3)
            // The next nanosecond belongs to the next class.
            let next = longest + SimulationDuration(nanoseconds: 1)
            #expect(GapClass(of: next).longest > longest)
        }
        #expect(single.buckets == grouped.buckets)
        #expect(single.distribution == grouped.distribution)
    }

    @Test("statistics of classes lie within half a percent of those of the gaps", arguments: 0..<50 as Range<UInt64>)
    func accuracy(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "gaps")
        var histogram = LatencyHistogram()
        var gaps: [Double] = []
        for _ in 0..<1000 {
            let gap = SimulationDuration(rounding: 0.005 + random.exponential(mean: 0.02))
            let count = 1 + random.index(below: 5)
            histogram.record(gap, count: count)
            gaps += Array(repeating: gap.seconds, count: count)
        }
        gaps.sort()
        let distribution = histogram.distribution
        #expect(distribution.count == gaps.count)
        func isClose(_ value: Double?, _ expected: Double) -> Bool { abs(value! - expected) <= 0.005 * expected }
        #expect(isClose(distribution.mean, gaps.reduce(0, +) / Double(gaps.count)))
        for (statistic, percent) in [(Statistic.p50, 50), (.p90, 90), (.p95, 95), (.p99, 99)] {
            let rank = (percent * gaps.count + 99) / 100
            #expect(isClose(distribution[statistic], gaps[rank - 1]))
        }
        #expect(isClose(distribution.max, gaps.last!))
        #expect(histogram.buckets.reduce(0) { $0 + $1.count } == gaps.count)
    }

    @Test(
        "classes are those of a histogram of two significant digits: 256 of one nanosecond, then 128 to an octave",
        arguments: [
            (0, 0), (255, 255), (256, 257), (511, 511), (512, 515), (1_000, 1_003), (1_000_000_000, 1_002_438_655),
        ] as [(Int64, Int64)])
    func classes(gap: Int64, last: Int64) {
        let longest = GapClass(of: SimulationDuration(nanoseconds: gap)).longest
        #expect(longest.nanoseconds == last)
    }

    @Test("every class begins where the one before it ends, and is found by its number")
    func adjacency() {
        var next = SimulationDuration.zero
        for index in 0..<GapClass.count {
            let gaps = GapClass(index: index)
            #expect(gaps.shortest == next && gaps.longest >= next)
            for gap in [gaps.shortest, gaps.longest] {
                #expect(GapClass.index(of: gap) == index)
                #expect(GapClass(of: gap).shortest == gaps.shortest && GapClass(of: gap).longest == gaps.longest)
            }
            next = gaps.longest + SimulationDuration(nanoseconds: 1)
        }
        #expect(next.nanoseconds == 1 << 62)
        for gap in [-1, Int64.min, 1 << 62, .max] {
            #expect(GapClass.index(of: SimulationDuration(nanoseconds: gap)) >= GapClass.count, "no class")
        }
    }

    @Test("what two have counted is added class by class", arguments: 0..<20 as Range<UInt64>)
    func addition(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "gaps")
        var (one, other, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for step in 0..<100 {
            let gap = SimulationDuration(rounding: random.exponential(mean: 0.02))
            if step % 2 == 0 { one.record(gap, count: step) } else { other.record(gap, count: step) }
            both.record(gap, count: step)
        }
        one.add(other)
        #expect(one.buckets == both.buckets)
    }

    @Test("gaps of zero and of years are counted")
    func extremes() {
        var histogram = LatencyHistogram()
        histogram.record(.zero, count: 1)
        histogram.record(SimulationDuration(rounding: 3e9), count: 1)
        #expect(histogram.distribution.count == 2)
        #expect(histogram.buckets.first?.upperBound == .zero)
    }

    @Test("nothing is said of no gaps")
    func noGaps() { #expect(LatencyHistogram().distribution == Distribution()) }
}
