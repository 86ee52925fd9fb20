import CostModels
import EventKernel
import Testing

@Suite("Two lanes on a device with measured sharing")
struct CoRunSharingTests {
    static let sharing = CoRunSharing(
        waitSecondsPerLayer: 0.0004, decodeBandwidthLoss: 0.45, prefillLossShared: 0.7, prefillLossApart: 0.34)

    private func costs() throws -> RooflineCostModel {
        try RooflineCostModel(
            model: Fixture.llama8B, device: Fixture.h200, efficiency: try Fixture.efficiency("h200-sxm"),
            runtime: .ideal, sharing: Self.sharing, smCounts: [66, 104])
    }

    private func slowdowns(
        tokens: Int = 512, sequences: Int = 32, _ prefill: Int, _ decode: Int
    ) throws -> (prefill: Double, decode: Double) {
        let slowdowns = try costs().slowdowns(
            prefill: .prefill(tokens: tokens), decode: .decode(sequences: sequences, contextTokens: sequences * 512),
            partition: SMPartition(prefill: prefill, decode: decode, total: 132))
        return (slowdowns.prefill.factor, slowdowns.decode.factor)
    }

    @Test("no lane is faster beside the other than alone", arguments: 0..<200 as Range<UInt64>)
    func bounds(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "lanes")
        let sequences = 1 + random.index(below: 256)
        let slowdowns = try costs().slowdowns(
            prefill: .prefill(tokens: 1 + random.index(below: 8192)),
            decode: .decode(sequences: sequences, contextTokens: sequences * (1 + random.index(below: 4000))),
            partition: SMPartition(
                prefill: 1 + random.index(below: 132), decode: 1 + random.index(below: 132), total: 132))
        #expect(slowdowns.prefill.factor >= 1 && slowdowns.decode.factor >= 1)
        // Where decode shares every SM with kernels of 8,192 tokens it waits for them; prefill keeps a twentieth at least.
        #expect(slowdowns.prefill.factor <= 20 && slowdowns.decode.factor < 20)
    }

    @Test("on all SMs decode waits in proportion to the kernels of the prefill, whatever its own size")
    func waiting() throws {
        let costs = try costs()
        for tokens in [64, 512, 2048] {
            let kernels = costs.kernels(of: .prefill(tokens: tokens), sms: 132).seconds
            let expected = 1 + kernels / 32 / Self.sharing.waitSecondsPerLayer
            for sequences in [1, 32, 200] {
                let decode = try slowdowns(tokens: tokens, sequences: sequences, 132, 132).decode
                #expect(abs(decode / expected - 1) < 1e-3)
            }
        }
    }

    @Test("a cap on prefill spares decode, and the longer the prompt the more")
    func cap() throws {
        var last = 0.0
        for tokens in [128, 512, 1024, 2048] {
            let spared = try slowdowns(tokens: tokens, 132, 132).decode - slowdowns(tokens: tokens, 104, 132).decode
            #expect(spared > last)
            last = spared
        }
    }

    @Test("a hard split slows decode by bandwidth alone, in proportion to the prefill's SMs")
    func hardSplit() throws {
        for prefill in [16, 66, 100] {
            let decode = try slowdowns(prefill, 132 - prefill).decode
            #expect(abs(decode - (1 + 0.45 * Double(prefill) / 132)) < 1e-3)
        }
        // As measured in green contexts (64, 68): prefill 1.3 to 1.4 times, decode 1.16 to 1.25 times slower.
        let half = try slowdowns(64, 68)
        #expect((1.2...1.45).contains(half.prefill) && (1.1...1.3).contains(half.decode))
    }

    @Test("prefill loses what decode gets")
    func exchange() throws {
        let (short, long) = (try slowdowns(tokens: 512, 132, 132), try slowdowns(tokens: 2048, 132, 132))
        #expect(long.decode > short.decode && long.prefill < short.prefill)
    }

    @Test("a prefill that waits for its host loses less")
    func hostBound() throws {
        func prefill(hidden: Double) throws -> Double {
            var runtime = RuntimeProfile.ideal
            runtime.prefill.hiddenSeconds = hidden
            let costs = try RooflineCostModel(
                model: Fixture.llama8B, device: Fixture.h200, efficiency: try Fixture.efficiency("h200-sxm"),
                runtime: runtime, sharing: Self.sharing)
            return costs.slowdowns(
                prefill: .prefill(tokens: 64), decode: .decode(sequences: 32, contextTokens: 16_384),
                partition: .unpartitioned(132)
            ).prefill.factor
        }
        let (bound, free) = (try prefill(hidden: 0.008), try prefill(hidden: 0))
        #expect(bound < free && bound > 1)
        #expect(try prefill(hidden: 0.05) == 1)
    }
}
