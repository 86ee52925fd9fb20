import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

/// The same prices, in lines that hold nowhere but where they were asked for, so that no line can be used twice.
private struct NarrowLines: CostModel {
    let base: any CostModel

    func work(of shape: IterationShape, sms: Int) -> Work { base.work(of: shape, sms: sms) }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        var line = base.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
        (line.firstContext, line.lastContext) = (contextTokens, contextTokens)
        return line
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns { .none }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares { base.provenance(of: shape, sms: sms) }
}

/// Lines of an eighth of an octave, and how often each was asked for. One run asks at a time.
private final class CountedLines: CostModel, @unchecked Sendable {
    struct Segment: Hashable {
        var sequences: Int
        var first: Int
    }

    let base = TestCostModel()
    private(set) var asked: [Segment: Int] = [:]

    func work(of shape: IterationShape, sms: Int) -> Work { base.work(of: shape, sms: sms) }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        var line = base.decodeLine(sequences: sequences, contextTokens: 0, sms: sms)
        var width = 1
        while contextTokens / width >= 16 { width *= 2 }
        line.firstContext = contextTokens / width * width
        line.lastContext = line.firstContext + width - 1
        asked[Segment(sequences: sequences, first: line.firstContext), default: 0] += 1
        return line
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns { .none }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares { base.provenance(of: shape, sms: sms) }
}

@Suite("Cost lines that are used again")
struct CostLineCacheTests {
    @Test(
        "no line of an eighth of an octave is asked for twice where contexts stay within four octaves",
        arguments: 0..<20 as Range<UInt64>)
    func asksOnce(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "octaves")
        var arrival = 0
        let requests = (0..<400).map { index in
            arrival += random.index(below: 40_000)
            return Request(
                index: index, arrival: SimulationTime(nanoseconds: Int64(arrival)),
                promptTokens: 200 + random.index(below: 1_000), outputTokens: 2 + random.index(below: 600))
        }
        let model = CountedLines()
        let configuration = SimulationConfiguration(pools: [
            pool(.unified, instances: 2, model: model, blocks: 100_000)
        ])
        _ = try simulate(
            configuration, Trace(requests: requests, provenance: .init(source: "octaves", format: "generated")))
        #expect(model.asked.count > 50)
        #expect(model.asked.values.allSatisfy { $0 == 1 })
    }

    @Test(
        "a run is the same whether lines are used again or asked for at every iteration",
        arguments: [System.unified, .sglang, .disaggregated, .semiPD, .mixed], 0..<50 as Range<UInt64>)
    func changesNothing(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "lines \(system)")
        var configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 60, &random)
        // Without interference, which depends on where a line's segment ends.
        for index in configuration.pools.indices {
            var model = configuration.pools[index].costModel as? TestCostModel ?? TestCostModel()
            model.contention = 0
            configuration.pools[index].costModel = model
        }
        let (kept, keptOutcome) = try simulate(configuration, trace)
        for index in configuration.pools.indices {
            configuration.pools[index].costModel = NarrowLines(base: configuration.pools[index].costModel)
        }
        let (asked, askedOutcome) = try simulate(configuration, trace)
        #expect(kept.requests == asked.requests && kept.gaps == asked.gaps)
        #expect(keptOutcome.fingerprint == askedOutcome.fingerprint)
        #expect(keptOutcome.instances == askedOutcome.instances)
    }
}
