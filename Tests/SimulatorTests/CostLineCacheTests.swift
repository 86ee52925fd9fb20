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

@Suite("Cost lines that are used again")
struct CostLineCacheTests {
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
