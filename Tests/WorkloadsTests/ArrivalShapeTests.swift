import EventKernel
import Testing
import Workloads

@Suite("Arrivals and lengths as users write them")
struct ArrivalShapeTests {
    @Test(
        "what is written is read, and written again the same",
        arguments: [
            "poisson", "even", "gamma:2", "gamma:0.5", "weibull:0.7", "on-off:10,30.5", "diurnal:1.8",
            "spike:5,10,2,60",
            "minutes:1,2,0,4.5",
        ])
    func roundTrip(text: String) throws {
        let shape = try #require(ArrivalShape(text))
        #expect(shape.text == text)
        let process = try #require(shape.process(rate: 7))
        #expect(process.problem == nil)
        #expect(abs(process.meanRate - 7) < 1e-9)
    }

    @Test(
        "what is no process of any rate is refused",
        arguments: [
            "", "poison", "poisson:", "poisson:1", "gamma", "gamma:", "gamma:0", "gamma:x", "gamma:0x1p3", "gamma:nan",
            "gamma:inf", "weibull:0.01", "on-off:1", "on-off:0,1", "on-off:-1,1", "diurnal:3", "spike:5,10,2,11.5",
            "spike:5,10,2,11", "spike:-1,1,1,10", "minutes:", "minutes:0,0", "minutes:1,-1", "gamma:1,", "recorded",
        ])
    func refused(text: String) { #expect(ArrivalShape(text) == nil) }

    @Test(
        "lengths as written",
        arguments: [
            ("fixed:20", LengthDistribution.fixed(20)), ("zipf:1.5,1,4000", .zipf(exponent: 1.5, lengths: 1...4000)),
            ("lognormal:6,1", .logNormal(mu: 6, sigma: 1, kept: 1...1_000_000)),
            ("lognormal:6,0.5,4,1024", .logNormal(mu: 6, sigma: 0.5, kept: 4...1024)),
            ("quantiles:1,5,9", .quantiles([1, 5, 9])),
        ])
    func lengths(text: String, distribution: LengthDistribution) { #expect(LengthDistribution(text) == distribution) }

    @Test(
        "lengths that nothing can be drawn from are refused",
        arguments: [
            "", "fixed", "fixed:0", "fixed:1.5", "fixed:1,2", "zipf:1,5,4", "zipf:-1,1,9", "lognormal:6",
            "lognormal:6,1,4", "lognormal:1,1,100000,1000000", "quantiles:5", "quantiles:5,4", "fixed:1e99",
            "normal:1,2",
        ])
    func refusedLengths(text: String) { #expect(LengthDistribution(text) == nil) }

    @Test("spells with and without requests have the mean and variation of an interrupted Poisson process")
    func onOff() {
        // Kuczura (1973): the gaps are hyperexponential; their squared variation is 1 + 2·rate·a/(a + b)², with the
        // rate inside spells and the rates a and b at which spells end and begin.
        let (rate, on, off) = (2.0, 5.0, 20.0)
        let inside = rate * (on + off) / on
        let expected = 1 + 2 * inside * (1 / on) / ((1 / on + 1 / off) * (1 / on + 1 / off))
        var (rates, variations) = (0.0, 0.0)
        let seeds = 20
        for seed in 0..<seeds {
            let made = WorkloadGenerator.trace(
                WorkloadModel(
                    name: "", arrivals: .onOff(rate: rate, on: on, off: off), promptTokens: .fixed(1),
                    outputTokens: .fixed(1)), requests: 40_000, streams: RandomStreams(seed: UInt64(seed)))
            let statistics = TraceStatistics(made)
            rates += (statistics.rate ?? 0) / Double(seeds)
            let variation = statistics.gapCoefficientOfVariation ?? 0
            variations += variation * variation / Double(seeds)
        }
        // Of 20 seeds with about 4,000 spells each.
        #expect(abs(rates / rate - 1) < 0.02)
        #expect(abs(variations / expected - 1) < 0.04)
    }

    @Test("a spike has its factor of the usual requests, and the mean rate is kept")
    func spike() throws {
        let process = try #require(ArrivalShape("spike:10,5,1,10")?.process(rate: 20))
        let made = WorkloadGenerator.trace(
            WorkloadModel(name: "", arrivals: process, promptTokens: .fixed(1), outputTokens: .fixed(1)),
            requests: 100_000, streams: RandomStreams(seed: 1))
        var minutes = [Double](repeating: 0, count: 10)
        // Whole cycles only.
        let counted = made.requests.filter { $0.arrival.seconds < 4800 }
        for request in counted { minutes[Int(request.arrival.seconds / 60) % 10] += 1 }
        let usual = (minutes.reduce(0, +) - minutes[5]) / 9
        #expect(abs(minutes[5] / usual - 10) < 0.3)
        #expect(abs(Double(counted.count) / 4800 / 20 - 1) < 0.02)
    }

    @Test("requests drawn from a trace have its pairs of lengths, and its dependence")
    func resampled() throws {
        let trace = WorkloadGenerator.trace(
            WorkloadModel(
                name: "", arrivals: .poisson(rate: 5), promptTokens: .logNormal(mu: 5, sigma: 1, kept: 1...100_000),
                outputTokens: .logNormal(mu: 4, sigma: 1, kept: 1...100_000), correlation: 0.8),
            requests: 5_000, streams: RandomStreams(seed: 1))
        let made = TraceResampler.trace(
            from: trace, arrivals: .poisson(rate: 9), requests: 50_000, streams: RandomStreams(seed: 2))
        let pairs = Set(trace.requests.map { [$0.promptTokens, $0.outputTokens] })
        #expect(made.requests.allSatisfy { pairs.contains([$0.promptTokens, $0.outputTokens]) })
        let (real, drawn) = (TraceStatistics(trace), TraceStatistics(made))
        #expect(abs((real.rankCorrelation ?? 0) - (drawn.rankCorrelation ?? 9)) < 0.01)
        #expect(abs(made.rate / 9 - 1) < 0.02)
        // 1.36/√n bounds the distance of a sample of n at 5 %.
        let distance = largestDistance(trace.requests.map(\.promptTokens), made.requests.map(\.promptTokens))
        #expect(distance < 1.36 / 50_000.0.squareRoot())
        let fewer = TraceResampler.trace(
            from: trace, arrivals: .poisson(rate: 9), requests: 10, streams: RandomStreams(seed: 2))
        #expect(fewer.requests == Array(made.requests.prefix(10)))
    }
}
