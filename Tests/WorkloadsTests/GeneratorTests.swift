import EventKernel
import Foundation
import Testing
import Workloads

@Suite("Generated workloads")
struct GeneratorTests {
    private func make(_ model: WorkloadModel, _ count: Int, seed: UInt64) -> Trace {
        WorkloadGenerator.trace(model, requests: count, streams: RandomStreams(seed: seed))
    }

    private func model(_ arrivals: ArrivalProcess) -> WorkloadModel {
        WorkloadModel(name: "test", arrivals: arrivals, promptTokens: .fixed(100), outputTokens: .fixed(10))
    }

    @Test("the same seed gives the same bytes, another seed or run gives others", arguments: WorkloadPreset.allCases)
    func seeds(preset: WorkloadPreset) {
        let bytes = { (seed: UInt64, run: UInt64) in
            TraceWriter.csv(
                WorkloadGenerator.trace(preset.model, requests: 200, streams: RandomStreams(seed: seed, run: run)))
        }
        #expect(bytes(7, 0) == bytes(7, 0))
        #expect(bytes(7, 0) != bytes(8, 0))
        #expect(bytes(7, 0) != bytes(7, 1))
    }

    @Test("the first requests do not depend on how many are made", arguments: WorkloadPreset.allCases)
    func prefixes(preset: WorkloadPreset) {
        #expect(make(preset.model, 1000, seed: 3).prefix(100).requests == make(preset.model, 100, seed: 3).requests)
    }

    @Test("lengths do not depend on the arrivals, nor prompts on the correlation")
    func streamsAreApart() {
        var other = WorkloadPreset.azureConv.model
        other.arrivals = .gamma(rate: 1, coefficientOfVariation: 3)
        other.correlation = -0.9
        let (a, b) = (make(WorkloadPreset.azureConv.model, 500, seed: 5), make(other, 500, seed: 5))
        #expect(a.requests.map(\.promptTokens) == b.requests.map(\.promptTokens))
        #expect(a.requests.map(\.outputTokens) != b.requests.map(\.outputTokens))
        other.correlation = WorkloadPreset.azureConv.model.correlation
        #expect(a.requests.map(\.outputTokens) == make(other, 500, seed: 5).requests.map(\.outputTokens))
    }

    @Test("evenly spaced arrivals do not drift")
    func evenlySpaced() {
        let trace = make(model(.evenlySpaced(rate: 3)), 300_000, seed: 1)
        #expect(trace.requests[2].arrival.nanoseconds == 1_000_000_000)
        #expect(trace.requests[299_999].arrival.nanoseconds == 100_000_000_000_000)
    }

    @Test(
        "gaps have the mean and the variation asked for",
        arguments: [
            (ArrivalProcess.poisson(rate: 8), 1.0), (.gamma(rate: 8, coefficientOfVariation: 0.5), 0.5),
            (.gamma(rate: 8, coefficientOfVariation: 1), 1), (.gamma(rate: 8, coefficientOfVariation: 2), 2),
            (.poissonByMinute([480]), 1),
            // sqrt(Γ(1 + 2/k) / Γ(1 + 1/k)² - 1) for shapes k of 0.7 and 2.
            (.weibull(rate: 8, shape: 0.7), 1.4624), (.weibull(rate: 8, shape: 2), 0.5227),
        ])
    func gaps(process: ArrivalProcess, variation: Double) throws {
        let count = 100_000
        let statistics = TraceStatistics(make(model(process), count, seed: 11))
        let rate = try #require(statistics.rate)
        let found = try #require(statistics.gapCoefficientOfVariation)
        // Three standard errors of the mean; a bound of a few per cent for the variation, heavier with the tail.
        #expect(abs(rate / process.meanRate - 1) < 3 * variation / Double(count).squareRoot())
        #expect(abs(found / variation - 1) < 0.03)
        #expect(process.meanRate == 8)
    }

    @Test("minutes get their share of the arrivals, and idle ones none", arguments: 0..<20 as Range<UInt64>)
    func minutes(seed: UInt64) {
        let means = [600.0, 0, 60, 0, 0, 2400]
        let trace = make(model(.poissonByMinute(means)), 20_000, seed: seed)
        let last = trace.requests[19_999].arrival.nanoseconds / 60_000_000_000
        var counts = [Double](repeating: 0, count: 6)
        for request in trace.requests where request.arrival.nanoseconds / 60_000_000_000 < last / 6 * 6 {
            counts[Int(request.arrival.nanoseconds / 60_000_000_000 % 6)] += 1
        }
        for (count, mean) in zip(counts, means) {
            let expected = mean * Double(last / 6)
            #expect(abs(count - expected) <= 4 * expected.squareRoot())
        }
    }

    @Test("the rate follows the day, and a spike stands out of it")
    func shapes() {
        let counts = { (process: ArrivalProcess, minutes: Int, windows: Int) in
            let trace = self.make(self.model(process), 100_000, seed: 6)
            return (0..<windows).map { window in
                trace.requests.count { Int($0.arrival.nanoseconds / 60_000_000_000) / minutes == window }
            }
        }
        let day = counts(.diurnal(meanRate: 1, peakToMean: 1.5), 360, 4)
        // Quarters of a cosine: 1 ∓ 0.5·2/π of the mean.
        for (count, share) in zip(day, [1 - 1 / Double.pi, 1 + 1 / .pi, 1 + 1 / .pi, 1 - 1 / .pi]) {
            #expect(abs(Double(count) / (21_600 * share) - 1) < 0.03)
        }
        let spike = counts(.spike(rate: 1, spikeRate: 20, minutes: 2..<3, period: 10), 1, 10)
        #expect(abs(spike[2] - 1200) < 140)
        #expect(spike.indices.allSatisfy { $0 == 2 || abs(spike[$0] - 60) < 40 })
        #expect(ArrivalProcess.spike(rate: 1, spikeRate: 20, minutes: 2..<3, period: 10).meanRate == 2.9)
    }

    @Test("Zipf lengths fall off as their power", arguments: [0.5, 1, 1.5, 2.5])
    func zipf(exponent: Double) {
        var model = model(.poisson(rate: 1))
        model.promptTokens = .zipf(exponent: exponent, lengths: 1...1000)
        let made = make(model, 100_000, seed: 8).requests.map(\.promptTokens)
        #expect(made.allSatisfy { 1...1000 ~= $0 })
        // The share of 1…10, from the integral of x^-exponent over 1…11 and 1…1001.
        let integral = { (end: Double) in
            exponent == 1 ? Foundation.log(end) : (pow(end, 1 - exponent) - 1) / (1 - exponent)
        }
        let share = Double(made.count { $0 <= 10 }) / 100_000
        #expect(abs(share - integral(11) / integral(1001)) < 0.006)
    }

    @Test("bursts have the mean rate that the model computes in closed form")
    func bursts() throws {
        let process = ArrivalProcess.bursts(.azureCode)
        let rate = try #require(TraceStatistics(make(model(process), 1_000_000, seed: 2)).rate)
        #expect(abs(rate / process.meanRate - 1) < 0.03)
    }

    @Test("a quantile table gives back its quantiles")
    func quantiles() {
        let table = [10, 20, 20, 100, 1000]
        var model = model(.poisson(rate: 1))
        model.promptTokens = .quantiles(table)
        let made = make(model, 200_000, seed: 1).requests.map(\.promptTokens)
        // Four standard errors of a share, at most.
        let tolerance = 4 * 0.5 / Double(made.count).squareRoot()
        for (index, value) in table.enumerated() {
            let level = Double(index) / 4
            #expect(Double(made.count { $0 < value }) / Double(made.count) <= level + tolerance)
            #expect(Double(made.count { $0 <= value }) / Double(made.count) >= level - tolerance)
        }
    }

    @Test("a filtered lognormal stays within its bounds and has the mean it was solved for")
    func lognormal() {
        let statistics = TraceStatistics(make(WorkloadPreset.shareGPTPaper.model, 200_000, seed: 1))
        #expect(statistics.promptTokens.minimum >= 4 && statistics.promptTokens.maximum <= 1024)
        #expect(abs(statistics.promptTokens.mean - 251) < 2)
        #expect(abs(statistics.promptTokens.p90 - 626) < 10)
        #expect(abs(statistics.outputTokens.mean - 200) < 2)
        let long = TraceStatistics(make(WorkloadPreset.longBenchPaper.model, 200_000, seed: 1))
        #expect(abs(long.promptTokens.mean - 1992) < 10)
        #expect(abs(long.outputTokens.mean - 396.8) < 1.5)
    }

    @Test("turns of either side are a mixture of replies and prompts, scaled", arguments: [0.0, 0.25, 0.6, 1])
    func turns(replies: Double) throws {
        func lengths(_ share: Double) throws -> [Int] {
            let made = LengthDistribution.shareGPTTurns(replies: share, mean: 1_000)
            guard case .resampled(let lengths) = made else { throw TurnsAreNotResampled() }
            return lengths
        }
        // Far above one token, so that rounding does not count. Filtered, the set has prompts with a mean of 108 and replies with 329
        // tokens.
        let (prompts, made, all) = (try lengths(0), try lengths(replies), try lengths(1))
        #expect(abs(Double(made.reduce(0, +)) / Double(made.count) - 1_000) < 1)
        let mean = 108 * (1 - replies) + 329 * replies
        for level in [30.0, 100, 200, 400] {
            func share(_ lengths: [Int], mean: Double) -> Double {
                Double(lengths.count { Double($0) * mean / 1_000 < level }) / Double(lengths.count)
            }
            let expected = (1 - replies) * share(prompts, mean: 108) + replies * share(all, mean: 329)
            #expect(abs(share(made, mean: mean) - expected) < 0.02)
        }
    }

    private struct TurnsAreNotResampled: Error {}

    @Test(
        "the correlation of the normals gives the rank correlation it stands for", arguments: [-0.9, -0.3, 0, 0.5, 1])
    func correlation(rho: Double) throws {
        var model = WorkloadPreset.azureConv.model
        model.promptTokens = .quantiles([1, 1_000_000])
        model.outputTokens = .quantiles([1, 1_000_000])
        model.correlation = rho
        let found = try #require(TraceStatistics(make(model, 50_000, seed: 4)).rankCorrelation)
        #expect(abs(found - 6 / Double.pi * asin(rho / 2)) < 0.015)
    }

    @Test(
        "a model that nothing can be made from says why",
        arguments: [
            (
                WorkloadModel(name: "", arrivals: .poisson(rate: 0), promptTokens: .fixed(1), outputTokens: .fixed(1)),
                "mean rate"
            ),
            (
                .init(name: "", arrivals: .poisson(rate: .nan), promptTokens: .fixed(1), outputTokens: .fixed(1)),
                "mean rate"
            ),
            (
                .init(
                    name: "", arrivals: .weibull(rate: 1, shape: 0), promptTokens: .fixed(1), outputTokens: .fixed(1)),
                "Weibull shape"
            ),
            (
                .init(
                    name: "", arrivals: .poisson(rate: 1), promptTokens: .zipf(exponent: 0, lengths: 1...5),
                    outputTokens: .fixed(1)), "Zipf exponent"
            ),
            (
                .init(name: "", arrivals: .poissonByMinute([]), promptTokens: .fixed(1), outputTokens: .fixed(1)),
                "per minute"
            ),
            (
                .init(
                    name: "", arrivals: .gamma(rate: 1, coefficientOfVariation: 0), promptTokens: .fixed(1),
                    outputTokens: .fixed(1)), "coefficient of variation"
            ),
            (
                .init(name: "", arrivals: .poisson(rate: 1), promptTokens: .fixed(0), outputTokens: .fixed(1)),
                "prompt tokens: length 0"
            ),
            (
                .init(name: "", arrivals: .poisson(rate: 1), promptTokens: .quantiles([3]), outputTokens: .fixed(1)),
                "1 quantiles"
            ),
            (
                .init(
                    name: "", arrivals: .poisson(rate: 1), promptTokens: .quantiles([3, 2]), outputTokens: .fixed(1)),
                "fall from 3 to 2"
            ),
            (
                .init(name: "", arrivals: .poisson(rate: 1), promptTokens: .fixed(1), outputTokens: .resampled([])),
                "output tokens: no lengths"
            ),
            (
                .init(
                    name: "", arrivals: .poisson(rate: 1),
                    promptTokens: .logNormal(mu: 20, sigma: 1, kept: 1...10), outputTokens: .fixed(1)), "less than 1 %"
            ),
            (
                .init(
                    name: "", arrivals: .poisson(rate: 1), promptTokens: .fixed(1), outputTokens: .fixed(1),
                    correlation: 1.5), "correlation 1.5"
            ),
        ])
    func problems(model: WorkloadModel, fragment: String) {
        #expect(model.problem?.contains(fragment) == true, "\(model.problem ?? "none")")
    }

    @Test("presets have no problem", arguments: WorkloadPreset.allCases)
    func presets(preset: WorkloadPreset) {
        #expect(preset.model.problem == nil)
        #expect(preset.model.name == preset.rawValue)
    }

    @Test("the shipped trace is what its command makes")
    func shippedTrace() throws {
        let made = TraceWriter.csv(make(WorkloadPreset.azureConv.model, 10_000, seed: 1))
        let file = URL(filePath: #filePath).appending(path: "../../../Traces/azure-conv-shaped-10k.csv")
            .standardizedFileURL
        let shipped = try Array(Data(contentsOf: file))
        #expect(made == shipped)
    }
}
