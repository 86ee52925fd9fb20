import CostModels
import EventKernel
import Testing

@Suite("A co-run surface on another device")
struct ScaledCoRunTests {
    /// Slowdowns that grow with both layers' times and with what decode reads, at a pair of caps of a device of 100 SMs.
    private static let surface = CoRunSurface(partitions: [
        CoRunSurface.Partition(
            mechanism: .mps, prefillSMs: 100, decodeSMs: 100, prefillWeights: [0.3, 0, 0.05, 0.1, 0, 0, 0],
            decodeWeights: [0.8, 0.2, -0.1, 0, 0, 0, 0], prefillLayerSeconds: 1e-9...1, decodeLayerSeconds: 1e-9...1,
            decodeKeyValueShare: 0...1)
    ])

    private static func model(
        sms: Int, slower: Double = 1, hostSeconds: Double = 0, hostSecondsPerSequence: Double = 0
    ) -> AffineCostModel {
        AffineCostModel(
            streamingMultiprocessors: sms,
            prefill: .init(constantSeconds: 0, secondsPerToken: 1e-4 * slower, secondsPerSquaredToken: 0),
            decode: .init(
                constantSeconds: 0.01 * slower, secondsPerContextToken: 1e-7 * slower,
                secondsPerSequence: 1e-4 * slower),
            sharing: .scaled(
                ScaledCoRun(
                    surface: surface, mechanism: .mps, streamingMultiprocessors: 100, layers: 10, prefillRatio: slower,
                    decodeRatio: slower, weightBytes: 1e10, keyValueBytesPerToken: 1e5, hostSeconds: hostSeconds,
                    hostSecondsPerSequence: hostSecondsPerSequence)))
    }

    private static let prefill: IterationShape = {
        var shape = IterationShape.empty
        shape.addPrefill(tokens: 1_000, cached: 0, completes: true)
        return shape
    }()
    private static let decode = IterationShape.decode(sequences: 100, contextTokens: 40_000)

    private func slowdowns(_ model: AffineCostModel, sms: Int) -> LaneSlowdowns {
        model.slowdowns(
            prefill: Self.prefill, decode: Self.decode,
            partition: SMPartition(prefill: sms, decode: sms, total: sms))
    }

    @Test("on the device of the surface it is the surface")
    func same() throws {
        // Prefill: 0.1 s in ten layers. Decode: 10 ms + 4 ms + 10 ms. It reads 4 GB of KV beside 10 GB of weights.
        let lanes = CoRunSurface.Lanes(
            prefillLayerSeconds: 0.01, decodeLayerSeconds: 0.0024, decodeKeyValueShare: 4.0 / 14)
        let expected = try #require(Self.surface.slowdowns(lanes, prefillSMs: 100, decodeSMs: 100, mechanism: .mps))
        let found = slowdowns(Self.model(sms: 100), sms: 100)
        #expect(abs(found.prefill.factor - expected.prefill) < 1e-3)
        #expect(abs(found.decode.factor - expected.decode) < 1e-3)
        #expect(found.prefill.factor > 1.1 && found.decode.factor > 1.5)
    }

    @Test("a device that is slower by the ratios, with other SMs, has the same slowdowns", arguments: [0.5, 2, 3.17])
    func scaled(slower: Double) {
        #expect(slowdowns(Self.model(sms: 60, slower: slower), sms: 60) == slowdowns(Self.model(sms: 100), sms: 100))
    }

    @Test("host time of decode is not delayed")
    func host() throws {
        // 2 ms and 60 µs a sequence, 8 ms in all, leave 16 of 24 ms to kernels.
        let lanes = CoRunSurface.Lanes(
            prefillLayerSeconds: 0.01, decodeLayerSeconds: 0.0016, decodeKeyValueShare: 4.0 / 14)
        let kernels = try #require(Self.surface.slowdowns(lanes, prefillSMs: 100, decodeSMs: 100, mechanism: .mps))
        let found = slowdowns(Self.model(sms: 100, hostSeconds: 0.002, hostSecondsPerSequence: 6e-5), sms: 100)
        #expect(abs(found.decode.factor - (1 + (kernels.decode - 1) * 16 / 24)) < 1e-3)
    }

    @Test("a lane is rated at a context near its own")
    func contexts() {
        let line = Self.model(sms: 100).decodeLine(sequences: 10, contextTokens: 80_000, sms: 100)
        #expect(line.firstContext <= 80_000 && line.lastContext >= 80_000)
        #expect(line.lastContext - line.firstContext < 20_000)
    }
}
