import EventKernel
import Testing
import Workloads

@Suite("Fits of gaps, and histograms")
struct GapFitTests {
    private func fits(_ process: ArrivalProcess) -> [GapFit] {
        let model = WorkloadModel(name: "", arrivals: process, promptTokens: .fixed(1), outputTokens: .fixed(1))
        return TraceStatistics(WorkloadGenerator.trace(model, requests: 100_000, streams: RandomStreams(seed: 1)))
            .gapFits
    }

    @Test("gaps drawn from a family are nearest to it, with its parameters", arguments: [0.4, 0.8, 1.7])
    func recovered(shape: Double) throws {
        guard case .weibull(let fitted, _)? = fits(.weibull(rate: 3, shape: shape)).first?.family else {
            Issue.record("Weibull gaps are nearest to another family")
            return
        }
        #expect(abs(fitted / shape - 1) < 0.02)
        let variation = 1 / shape.squareRoot()
        let gamma = fits(.gamma(rate: 3, coefficientOfVariation: variation))[0]
        guard case .gamma(let fitted, let scale) = gamma.family else {
            Issue.record("Gamma gaps are nearest to another family")
            return
        }
        #expect(abs(fitted / shape - 1) < 0.02)
        #expect(abs(fitted * scale * 3 - 1) < 0.02)
        // 1.63/√n bounds the distance of a sample of n from its own distribution at 1 %.
        #expect(gamma.distance < 1.63 / 100_000.0.squareRoot())
    }

    @Test("exponential gaps are as near to each family that contains them")
    func exponential() throws {
        let fits = fits(.poisson(rate: 3))
        for fit in fits.prefix(3) { #expect(fit.distance < 0.006) }
        let mean = fits.compactMap { if case .exponential(let mean) = $0.family { mean } else { nil } }
        #expect(abs(try #require(mean.first) * 3 - 1) < 0.02)
    }

    @Test("gaps that are mostly zero, or all equal, are fitted by nothing")
    func nothing() {
        let times: [[Int64]] = [[0, 0, 0, 0, 0, 5, 9], [0, 5, 10, 15], [7], [0, 5]]
        for times in times {
            let trace = Trace(
                requests: times.enumerated().map {
                    Request(
                        index: $0, arrival: SimulationTime(nanoseconds: $1 * 1_000_000_000), promptTokens: 1,
                        outputTokens: 1)
                }, provenance: .init(source: "", format: ""))
            #expect(TraceStatistics(trace).gapFits.isEmpty, "\(times)")
        }
    }

    @Test("every value is in one bin, and bins follow one another", arguments: 0..<50 as Range<UInt64>)
    func histogram(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "histogram")
        let values = (0..<random.index(below: 200)).map { _ in random.index(below: 1 << random.index(below: 20)) }
        for histogram in [ValueHistogram(doubling: values), ValueHistogram(even: values, atMost: 30)] {
            #expect(histogram.bins.reduce(0) { $0 + $1.count } == values.count)
            for bin in histogram.bins { #expect(bin.count == values.count { bin.values.contains($0) }) }
            for (bin, next) in zip(histogram.bins, histogram.bins.dropFirst()) {
                #expect(next.values.lowerBound == bin.values.upperBound + 1)
            }
        }
        #expect(ValueHistogram(even: values, atMost: 30).bins.count <= 30)
    }
}
