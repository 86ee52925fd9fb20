import EventKernel
import Testing
import Workloads

/// The digits are those of an independent computation over the same files with NumPy.
@Suite("Real traces", .enabled(if: SharedTraces.areHere, "the real Azure traces are not here"))
struct RealTraceTests {
    private func rounded(_ value: Double?, _ digits: Double) -> Double? {
        value.map { ($0 * digits).rounded() / digits }
    }

    @Test("Azure conv has the known statistics")
    func conv() throws {
        let trace = try SharedTraces.read(SharedTraces.azureConv)
        let statistics = TraceStatistics(trace)
        #expect(statistics.requests == 19_366)
        #expect(trace.duration.nanoseconds == 3_501_721_937_000)
        #expect(rounded(statistics.rate, 1000) == 5.530)
        #expect(rounded(statistics.gapCoefficientOfVariation, 1e4) == 1.0942)
        #expect(statistics.dispersion.map { rounded($0.index, 1000) } == [1.386, 4.003, 20.553])
        #expect(statistics.dispersion.map(\.most) == [16, 98, 507])
        #expect(rounded(statistics.promptTokens.mean, 10) == 1154.7)
        #expect(statistics.promptTokens.p50 == 1020)
        #expect(statistics.promptTokens.p90 == 2734.5)
        #expect(statistics.promptTokens.p99 == 4142)
        #expect(statistics.promptTokens.maximum == 14_050)
        #expect(rounded(statistics.outputTokens.mean, 10) == 211.1)
        #expect(statistics.outputTokens.minimum == 7)
        #expect(statistics.outputTokens.p99 == 601)
        #expect(statistics.totalTokens.p90 == 2819.5)
        #expect(rounded(statistics.rankCorrelation, 1000) == 0.073)
    }

    @Test("Azure code has the known statistics")
    func code() throws {
        let trace = try SharedTraces.read(SharedTraces.azureCode)
        let statistics = TraceStatistics(trace)
        #expect(statistics.requests == 8819)
        #expect(trace.duration.nanoseconds == 3_435_948_056_000)
        #expect(rounded(statistics.gapCoefficientOfVariation, 100) == 13.15)
        #expect(statistics.dispersion.map { rounded($0.index, 10) } == [13.2, 71.3, 160.5])
        #expect(statistics.dispersion.map(\.most) == [67, 327, 632])
        #expect(rounded(statistics.promptTokens.p90, 10) == 5187.6)
        #expect(rounded(statistics.outputTokens.p99, 10) == 251.5)
        #expect(rounded(statistics.rankCorrelation, 1000) == -0.021)
    }

    @Test("a stream of the file gives the requests of the trace in memory")
    func stream() throws {
        let path = try #require(SharedTraces.azureConv)
        let source = try TraceFileSource(path: path)
        var requests: [Request] = []
        while let request = try source.next() { requests.append(request) }
        let trace = try SharedTraces.read(path)
        #expect(requests == trace.requests)
    }

    @Test("the sample of the 2024 traces is read with its zone", arguments: ["code", "conv"])
    func oneWeek(name: String) throws {
        let trace = try SharedTraces.read(SharedTraces.oneWeek(name))
        #expect(trace.requests.count == 10)
        #expect(trace.duration.seconds > 6 * 86_400 && trace.duration.seconds < 7 * 86_400)
    }

    @Test(
        "the tables of a preset are the quantiles of its trace, and its lengths are distributed like the trace's",
        arguments: [WorkloadPreset.azureConv, .azureCode])
    func tables(preset: WorkloadPreset) throws {
        let trace = try SharedTraces.read(preset == .azureConv ? SharedTraces.azureConv : SharedTraces.azureCode)
        let made = WorkloadGenerator.trace(preset.model, requests: 200_000, streams: RandomStreams(seed: 1))
        for (name, table, tokens) in [
            ("prompt", preset.model.promptTokens, \Request.promptTokens),
            ("output", preset.model.outputTokens, \Request.outputTokens),
        ] {
            let values = trace.requests.map { $0[keyPath: tokens] }.sorted()
            let quantiles = (0...200).map {
                Int((TraceStatistics.quantile(Double($0) / 200, ofSorted: values) + 0.5).rounded(.down))
            }
            #expect(table == .quantiles(quantiles))
            let distance = largestDistance(values, made.requests.map { $0[keyPath: tokens] })
            print("\(preset.rawValue) \(name): distance to the real distribution \(distance)")
            #expect(distance < 0.006)
        }
    }

    @Test("the rates of azure-conv are the trace's requests in each whole minute")
    func minutes() throws {
        let trace = try SharedTraces.read(SharedTraces.azureConv)
        var counts = [Double](repeating: 0, count: 59)
        for request in trace.requests { counts[Int(request.arrival.nanoseconds / 60_000_000_000)] += 1 }
        #expect(WorkloadPreset.azureConv.model.arrivals == .poissonByMinute(Array(counts.dropLast())))
    }

    @Test("arrivals of the presets are about as bursty as the traces")
    func burstiness() throws {
        let conv = TraceStatistics(
            WorkloadGenerator.trace(WorkloadPreset.azureConv.model, requests: 19_366, streams: RandomStreams(seed: 1)))
        print(
            "azure-conv: rate \(conv.rate ?? 0), gap CV \(conv.gapCoefficientOfVariation ?? 0)",
            conv.dispersion.map(\.index))
        #expect(abs((conv.gapCoefficientOfVariation ?? 0) - 1.094) < 0.06)
        #expect(abs(conv.dispersion[2].index - 20.6) < 6)
        let code = TraceStatistics(
            WorkloadGenerator.trace(WorkloadPreset.azureCode.model, requests: 100_000, streams: RandomStreams(seed: 1)))
        print(
            "azure-code: rate \(code.rate ?? 0), gap CV \(code.gapCoefficientOfVariation ?? 0)",
            code.dispersion.map(\.index))
        #expect(abs((code.gapCoefficientOfVariation ?? 0) - 13.15) < 2)
        #expect(abs((code.rate ?? 0) - 2.57) < 0.3)
    }
}
