import EventKernel
import Testing
import Workloads

@Suite("Changes to traces, and their statistics")
struct TraceChangesTests {
    private func randomTrace(seed: UInt64, count: Int = 300) -> Trace {
        var random = RandomStreams(seed: seed).stream(named: "changes")
        var time: Int64 = Int64(random.index(below: 1_000_000_000))
        return Trace(
            requests: (0..<count).map { index in
                time += Int64(random.index(below: [1, 3, 1_000_000_000, 20_000_000_000][random.index(below: 4)]))
                return Request(
                    index: index, arrival: SimulationTime(nanoseconds: time), promptTokens: 1 + random.index(below: 50),
                    outputTokens: 1 + random.index(below: 50))
            }, provenance: .init(source: "random", format: "generated"))
    }

    @Test(
        "a rescaled trace has the rate asked for, the same order and the same ties", arguments: 0..<200 as Range<UInt64>
    )
    func rescaled(seed: UInt64) throws {
        let trace = randomTrace(seed: seed)
        for rate in [0.001, 0.3, 8, 12_345.678] {
            let scaled = try #require(trace.rescaled(toRate: rate))
            #expect(abs(scaled.rate / rate - 1) < 1e-6)
            #expect(scaled.requests.map(\.promptTokens) == trace.requests.map(\.promptTokens))
            for (a, b) in zip(trace.requests, trace.requests.dropFirst()) where a.arrival == b.arrival {
                #expect(scaled.requests[a.index].arrival == scaled.requests[b.index].arrival)
            }
            #expect(scaled.provenance.changes == ["rescaled to \(rate) requests/s"])
        }
        #expect(trace.rescaled(toRate: trace.rate)?.requests == trace.requests)
    }

    @Test(
        "drawn arrivals keep lengths and order, and the first do not depend on how many",
        arguments: 0..<50 as Range<UInt64>)
    func drawnArrivals(seed: UInt64) throws {
        let trace = randomTrace(seed: seed)
        for process in [ArrivalProcess.poisson(rate: 8), .gamma(rate: 8, coefficientOfVariation: 2)] {
            let drawn = try #require(trace.withArrivals(process, streams: RandomStreams(seed: seed)))
            #expect(drawn.requests.map(\.promptTokens) == trace.requests.map(\.promptTokens))
            #expect(drawn.requests.map(\.outputTokens) == trace.requests.map(\.outputTokens))
            let fewer = trace.prefix(20).withArrivals(process, streams: RandomStreams(seed: seed))
            #expect(fewer?.requests == Array(drawn.requests.prefix(20)))
            let other = trace.withArrivals(process, streams: RandomStreams(seed: seed, run: 1))
            #expect(other?.requests != drawn.requests)
        }
    }

    @Test("arrivals drawn for a generated Poisson workload at its own rate are those it was generated with")
    func drawnAsGenerated() {
        let streams = RandomStreams(seed: 5)
        let trace = WorkloadGenerator.trace(WorkloadPreset.shareGPTPaper.model, requests: 500, streams: streams)
        let drawn = trace.withArrivals(.poisson(rate: 10.5), streams: streams)
        #expect(drawn?.requests == trace.requests)
    }

    @Test("arrivals that do not fit into simulated time are not drawn", arguments: 0..<50 as Range<UInt64>)
    func drawnTooFar(seed: UInt64) {
        let trace = randomTrace(seed: seed, count: 5_000)
        let streams = RandomStreams(seed: seed)
        #expect(trace.withArrivals(.poisson(rate: 1e-6), streams: streams)?.requests == nil)
        #expect(trace.withArrivals(.gamma(rate: 1e-6, coefficientOfVariation: 100), streams: streams)?.requests == nil)
        #expect(trace.prefix(100).withArrivals(.poisson(rate: 1e-6), streams: streams)?.requests != nil)
    }

    @Test("a trace without duration has no rate to rescale")
    func noDuration() {
        #expect(randomTrace(seed: 1, count: 1).rescaled(toRate: 1) == nil)
        #expect(randomTrace(seed: 1, count: 0).rescaled(toRate: 1) == nil)
    }

    @Test("windows that touch part the requests between them", arguments: 0..<50 as Range<UInt64>)
    func windows(seed: UInt64) {
        let trace = randomTrace(seed: seed)
        let cut = trace.requests[100].arrival
        let end = trace.requests[299].arrival + SimulationDuration(nanoseconds: 1)
        let (first, second) = (trace.window(from: .zero, to: cut), trace.window(from: cut, to: end))
        #expect(first.requests.count + second.requests.count == 300)
        #expect(second.requests.first?.arrival == .zero)
        #expect(second.requests.first?.index == 0)
        #expect(
            (first.requests + second.requests).map(\.promptTokens) == trace.requests.map(\.promptTokens))
    }

    @Test("the first requests of a trace are its first requests")
    func prefix() {
        let trace = randomTrace(seed: 3)
        #expect(trace.prefix(10).requests == Array(trace.requests[..<10]))
        #expect(trace.prefix(1000).requests == trace.requests)
        #expect(trace.prefix(10).provenance.changes == ["first 10 requests"])
    }

    @Test("statistics agree with naive ones", arguments: 0..<100 as Range<UInt64>)
    func naiveStatistics(seed: UInt64) throws {
        let trace = randomTrace(seed: seed)
        let statistics = TraceStatistics(trace)
        for dispersion in statistics.dispersion {
            let bins = Int(trace.duration.nanoseconds) / (dispersion.binSeconds * 1_000_000_000) + 1
            var counts = [Int](repeating: 0, count: bins)
            for request in trace.requests {
                let offset = (request.arrival - trace.requests[0].arrival).nanoseconds
                counts[Int(offset) / (dispersion.binSeconds * 1_000_000_000)] += 1
            }
            let mean = Double(counts.reduce(0, +)) / Double(bins)
            let variance = counts.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(bins)
            #expect(abs(dispersion.index - variance / mean) < 1e-9 * max(1, dispersion.index))
            #expect(dispersion.most == counts.max())
        }
        // Spearman's correlation from pairs: ranks by counting smaller and equal values.
        let (prompts, outputs) = (trace.requests.map(\.promptTokens), trace.requests.map(\.outputTokens))
        let rank = { (values: [Int], value: Int) in
            Double(values.count { $0 < value }) + Double(values.count { $0 == value } + 1) / 2
        }
        let (a, b) = (prompts.map { rank(prompts, $0) - 150.5 }, outputs.map { rank(outputs, $0) - 150.5 })
        let dot = { (x: [Double], y: [Double]) in zip(x, y).reduce(0.0) { $0 + $1.0 * $1.1 } }
        let expected = dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
        #expect(abs((statistics.rankCorrelation ?? 9) - expected) < 1e-12)
    }

    @Test("statistics that do not exist are absent")
    func absent() {
        let trace = Trace(
            requests: [Request(index: 0, arrival: .zero, promptTokens: 5, outputTokens: 6)],
            provenance: .init(source: "", format: ""))
        let statistics = TraceStatistics(trace)
        #expect(statistics.rate == nil)
        #expect(statistics.gapCoefficientOfVariation == nil)
        #expect(statistics.dispersion.isEmpty)
        #expect(statistics.rankCorrelation == nil)
        #expect(statistics.totalTokens.p50 == 11)
    }
}
