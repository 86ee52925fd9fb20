import CostModels
import EventKernel
import Testing

@Suite("Two lanes on one GPU")
struct InterferenceTests {
    private func shapes(seed: UInt64) -> (prefill: IterationShape, decode: IterationShape, SMPartition) {
        var random = RandomStreams(seed: seed).stream(named: "lanes")
        let sequences = 1 + random.index(below: 256)
        return (
            .prefill(tokens: 1 + random.index(below: 8192)),
            .decode(sequences: sequences, contextTokens: sequences * (1 + random.index(below: 4000))),
            SMPartition(prefill: 8 + random.index(below: 125), decode: 8 + random.index(below: 125), total: 132)
        )
    }

    @Test(
        "neither lane is faster beside the other than alone, nor more than three times slower",
        arguments: 0..<200 as Range<UInt64>)
    func bounds(seed: UInt64) throws {
        let costs = try Fixture.h200Model()
        let (prefill, decode, partition) = shapes(seed: seed)
        let slowdowns = costs.slowdowns(prefill: prefill, decode: decode, partition: partition)
        #expect(slowdowns.prefill >= 1 && slowdowns.decode >= 1)
        #expect(slowdowns.prefill < 3 && slowdowns.decode < 3)
    }

    @Test("more SMs for a lane never slow that lane", arguments: 0..<60 as Range<UInt64>)
    func monotone(seed: UInt64) throws {
        let costs = try Fixture.h200Model()
        let (prefill, decode, start) = shapes(seed: seed)
        func times(_ partition: SMPartition) -> (prefill: Double, decode: Double) {
            let slowdowns = costs.slowdowns(prefill: prefill, decode: decode, partition: partition)
            return (
                costs.work(of: prefill, sms: partition.prefill).seconds * slowdowns.prefill.factor,
                costs.work(of: decode, sms: partition.decode).seconds * slowdowns.decode.factor
            )
        }
        // Slowdowns are rounded to 2⁻¹².
        let slack = 1 + 1.0 / 2048
        var last = times(start)
        for prefillSMs in start.prefill...132 {
            let next = times(SMPartition(prefill: prefillSMs, decode: start.decode, total: 132))
            #expect(next.prefill <= last.prefill * slack)
            last = next
        }
        last = times(start)
        for decodeSMs in start.decode...132 {
            let next = times(SMPartition(prefill: start.prefill, decode: decodeSMs, total: 132))
            #expect(next.decode <= last.decode * slack)
            last = next
        }
    }

    @Test("a hard split slows by bandwidth only, and small lanes not at all")
    func hardSplit() throws {
        let costs = try Fixture.h200Model()
        let light = costs.slowdowns(
            prefill: .prefill(tokens: 4096), decode: .decode(sequences: 1, contextTokens: 100),
            partition: SMPartition(prefill: 112, decode: 8, total: 132))
        #expect(light == .none)
        let heavy = costs.slowdowns(
            prefill: .prefill(tokens: 64), decode: .decode(sequences: 64, contextTokens: 64_000),
            partition: SMPartition(prefill: 66, decode: 66, total: 132))
        #expect(heavy.prefill.factor > 1.2 && heavy.decode.factor > 1.2)
    }

    @Test("overlapping caps act as shares of the SMs that sum to the gain")
    func overlap() throws {
        let costs = AffineCostModel(
            streamingMultiprocessors: 100,
            prefill: .init(
                constantSeconds: 0.01, secondsPerToken: 1e-5, secondsPerSquaredToken: 0,
                smResponse: .init(scaling: 1, fixed: 0)),
            decode: .init(
                constantSeconds: 0.01, secondsPerContextToken: 1e-8, secondsPerSequence: 1e-5,
                smResponse: .init(scaling: 1, fixed: 0)),
            sharing: .proportional(gain: 1.12))
        let (prefill, decode) = (
            IterationShape.prefill(tokens: 9), IterationShape.decode(sequences: 1, contextTokens: 9)
        )
        func factors(_ x: Int, _ y: Int) -> [Double] {
            let slowdowns = costs.slowdowns(
                prefill: prefill, decode: decode, partition: SMPartition(prefill: x, decode: y, total: 100))
            return [slowdowns.prefill.factor, slowdowns.decode.factor]
        }
        #expect(factors(50, 50) == [1, 1])
        #expect(zip(factors(100, 100), [1 / 0.56, 1 / 0.56]).allSatisfy { abs($0 - $1) < 1e-3 })
        #expect(zip(factors(80, 100), [1.8 / 1.12, 1.8 / 1.12]).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test("affine costs share by what each lane runs: hand-reckoned delays and losses")
    func affineCoRun() {
        let model = AffineCostModel(
            streamingMultiprocessors: 100,
            prefill: .init(constantSeconds: 0, secondsPerToken: 1e-4, secondsPerSquaredToken: 0),
            decode: .init(constantSeconds: 0.01, secondsPerContextToken: 0, secondsPerSequence: 0.001),
            sharing: .coRun(
                AffineCostModel.CoRun(
                    sharing: CoRunSharing(
                        waitSecondsPerLayer: 0.001, decodeBandwidthLoss: 0, prefillLossShared: 0.5,
                        prefillLossApart: 0.25),
                    layers: 10, weightReadSeconds: 0.004, bandwidth: .constant(1))))
        func slowdowns(_ prefill: Int, _ decode: Int) -> LaneSlowdowns {
            model.slowdowns(
                prefill: .prefill(tokens: 100), decode: .decode(sequences: 10, contextTokens: 1_000),
                partition: SMPartition(prefill: prefill, decode: decode, total: 100))
        }
        // Kernels of 1 ms a layer double 14 of 20 ms. Decode uses 10 ms of arithmetic and half of 4 ms of reads.
        let shared = slowdowns(100, 100)
        #expect(abs(shared.decode.factor - 1.7) < 1e-3)
        #expect(abs(shared.prefill.factor - 1 / (1 - 0.6 / 1.7)) < 1e-3)
        // Apart nobody waits, and a quarter of 14 ms is lost through bandwidth.
        let apart = slowdowns(50, 50)
        #expect(abs(apart.decode.factor - 1) < 1e-3)
        #expect(abs(apart.prefill.factor - 1 / (1 - 0.25 * 14 / 20)) < 1e-3)

        // A lane is rated at the middle of what its line holds for: that is to be near the context, and the same whichever
        // context of it is asked for.
        for context in [0, 1, 1_023, 1_024, 9_000, 100_000, 1_000_000] {
            let line = model.decodeLine(sequences: 10, contextTokens: context, sms: 100)
            #expect((line.firstContext...line.lastContext).contains(context))
            #expect(line.lastContext - line.firstContext < max(1_024, context / 8))
            for other in [line.firstContext, line.lastContext] {
                let same = model.decodeLine(sequences: 10, contextTokens: other, sms: 100)
                #expect(same.firstContext == line.firstContext && same.lastContext == line.lastContext)
            }
        }
    }
}

extension Slowdown {
    fileprivate static func >= (a: Slowdown, b: Double) -> Bool { a.factor >= b }
    fileprivate static func < (a: Slowdown, b: Double) -> Bool { a.factor < b }
}
