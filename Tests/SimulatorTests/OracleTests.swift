import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

/// One server, one request at a time, one token out: a queue whose waiting times are known in closed form. The service
/// time of a request is its prompt length in nanoseconds.
@Suite("Closed forms of queueing theory")
struct OracleTests {
    private static let seeds: Range<UInt64> = 0..<40
    private static let jobs = 20_000

    /// Mean time in system and its standard error over replications, in units of `meanService`.
    private func replicate(
        load: Double, servers: Int = 1, service: (inout RandomStream) -> Double
    ) throws -> (mean: Double, error: Double) {
        let meanService = 100_000.0
        var means: [Double] = []
        for seed in Self.seeds {
            let streams = RandomStreams(seed: seed)
            var arrivals = streams.stream(named: "arrivals")
            var services = streams.stream(named: "services")
            var time = 0.0
            let requests = (0..<Self.jobs).map { index in
                time += arrivals.exponential(mean: meanService / load / Double(servers))
                return Request(
                    index: index, arrival: SimulationTime(nanoseconds: Int64(time)),
                    promptTokens: max(1, Int((service(&services) * meanService).rounded())), outputTokens: 1)
            }
            let model = TestCostModel(fixed: 0, perPrefillToken: 1, perSequence: 0, perContext: 0)
            let configuration = SimulationConfiguration(
                pools: [
                    pool(
                        .prefill, instances: servers, model: model, blocks: 100_000_000, maxSequences: 1,
                        maxBatchedTokens: 1),
                    pool(.decode, model: model, blocks: 100_000_000),
                ], transfer: testLink)
            let trace = Trace(requests: requests, provenance: .init(source: "queue", format: "generated"))
            let (recorder, outcome) = try simulate(configuration, trace)
            var sojourn = Int128(0)
            for record in recorder.requests { sojourn += Int128(try #require(record.endToEnd).nanoseconds) }
            #expect(outcome.requestNanoseconds == sojourn, "Little's law, exactly")
            means.append(Double(sojourn) / Double(Self.jobs) / meanService)
        }
        let count = Double(means.count)
        let mean = means.reduce(0, +) / count
        let variance = means.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / (count - 1)
        return (mean, (variance / count).squareRoot())
    }

    @Test("M/D/1: mean time in system 1 + ρ/(2(1−ρ))", arguments: [0.5, 0.8, 0.9])
    func deterministicService(load: Double) throws {
        let (mean, error) = try replicate(load: load) { _ in 1 }
        let expected = 1 + load / (2 * (1 - load))
        #expect(abs(mean - expected) <= 3 * error, "\(mean) ± \(error), expected \(expected)")
    }

    @Test("M/M/1: mean time in system 1/(1−ρ)", arguments: [0.5, 0.8])
    func exponentialService(load: Double) throws {
        let (mean, error) = try replicate(load: load) { $0.exponential(mean: 1) }
        let expected = 1 / (1 - load)
        #expect(abs(mean - expected) <= 3 * error, "\(mean) ± \(error), expected \(expected)")
    }

    @Test("M/G/1 with two prompt lengths: Pollaczek and Khinchine's formula", arguments: [0.5, 0.8])
    func twoLengths(load: Double) throws {
        // 0.4 with probability 0.8, else 3.4: mean 1, second moment 0.8·0.16 + 0.2·11.56.
        let (mean, error) = try replicate(load: load) { $0.uniform() < 0.8 ? 0.4 : 3.4 }
        let expected = 1 + load * (0.8 * 0.16 + 0.2 * 11.56) / (2 * (1 - load))
        #expect(abs(mean - expected) <= 3 * error, "\(mean) ± \(error), expected \(expected)")
    }

    @Test("below capacity, evenly spaced requests never wait")
    func noWaiting() throws {
        let requests = (0..<500).map {
            Request(
                index: $0, arrival: SimulationTime(nanoseconds: Int64($0) * 1_000), promptTokens: 999, outputTokens: 1)
        }
        let model = TestCostModel(fixed: 0, perPrefillToken: 1, perSequence: 0, perContext: 0)
        let configuration = SimulationConfiguration(pools: [pool(.unified, model: model)])
        let trace = Trace(requests: requests, provenance: .init(source: "D/D/1", format: "generated"))
        let (recorder, _) = try simulate(configuration, trace)
        #expect(recorder.requests.allSatisfy { $0.parts.queue == .zero })
    }
}
