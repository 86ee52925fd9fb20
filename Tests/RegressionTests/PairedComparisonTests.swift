import EventKernel
import Metrics
import Regression
import Reporting
import Testing

@Suite("Paired comparisons")
struct PairedComparisonTests {
    private func compare(
        _ baseline: [Double], _ candidate: [Double], metric: MetricSelection = .init(.ttft, .mean),
        absolute: Double = 0.5, relative: Double = 0.01
    ) -> PairedComparison {
        PairedComparison(
            caseName: "case", limit: RegressionLimit(metric, absolute: absolute, relative: relative),
            baseline: baseline, candidate: candidate, allowedError: 0.001)
    }

    private let base = [100.0, 130, 80, 110, 95, 120, 105, 90]

    @Test("equal values are the same, whatever their spread")
    func same() {
        let comparison = compare(base, base)
        #expect(comparison.verdict == .same && comparison.difference == 0 && comparison.halfWidth == 0)
    }

    @Test("a shift that is small beside the spread is found because draws are paired")
    func paired() {
        // 2 % of 100 with a standard deviation of 16: unpaired, eight draws would not tell.
        let worse = compare(base, base.map { $0 * 1.02 })
        #expect(worse.verdict == .worse)
        #expect(abs((worse.relativeDifference ?? 0) - 0.02) < 1e-12)
        #expect(compare(base, base.map { $0 * 0.98 }).verdict == .better)
    }

    @Test("more of a throughput is better, more of a latency worse")
    func direction() {
        let more = base.map { $0 * 1.1 }
        #expect(compare(base, more, metric: .init(.goodput, .value)).verdict == .better)
        #expect(compare(base, more, metric: .init(.tpot, .p99)).verdict == .worse)
    }

    @Test("a factor is found although draws differ by far more than it changes")
    func factor() {
        let tails = [0.2, 15, 1.1, 40, 0.4, 3, 90, 7].map { $0 * 100 }
        let factors = [1.5, 2.2, 1.8, 1.3, 2.4, 1.6, 1.9, 1.4]
        #expect(compare(tails, zip(tails, factors).map { $0 * $1 }).verdict == .worse)
    }

    @Test("both limits must be exceeded: otherwise a sure difference is a drift")
    func limits() {
        let shifted = base.map { $0 + 2 }
        #expect(compare(base, shifted).verdict == .worse)
        #expect(compare(base, shifted, absolute: 3).verdict == .drift)
        #expect(compare(base, shifted, relative: 0.05).verdict == .drift)
    }

    @Test("a difference within chance is the same, however large")
    func chance() {
        let candidate = zip(base, [30.0, -20, 25, -30, 20, -15, 28, -10]).map { $0 + $1 }
        #expect(compare(base, candidate, absolute: 0, relative: 0).verdict == .same)
    }

    @Test("one replication is of a case without chance: any difference beyond the limits counts")
    func single() {
        #expect(compare([100], [102]).verdict == .worse)
        #expect(compare([100], [100.4]).verdict == .drift)
        #expect(compare([100], [100]).verdict == .same)
    }

    @Test("equal sides are called different about as often as is allowed", arguments: [UInt64(1), 2])
    func falseAlarms(seed: UInt64) {
        var stream = RandomStreams(seed: seed).stream(named: "no change")
        let limit = RegressionLimit(.init(.ttft, .mean), absolute: 0, relative: 0)
        let alarms = (0..<4000).count { _ in
            let values = (0..<16).map { _ in 10 + stream.normal() }
            let comparison = PairedComparison(
                caseName: "", limit: limit, baseline: Array(values.prefix(8)), candidate: Array(values.suffix(8)),
                allowedError: 0.01)
            return comparison.verdict == .worse
        }
        // 40 expected, one side; four standard deviations are 25.
        #expect((15...65).contains(alarms))
    }
}
