import CostModels
import EventKernel
import Testing

@Suite("Slowdowns under caps of MPS")
struct CoRunCapsTests {
    static let count = CoRunSurface.Features.count

    /// Weights that are zero but for the constant feature of some terms, and a pair at all SMs that says nothing more.
    private static func surface(prefill: [Int: Double], decode: [Int: Double]) -> CoRunSurface {
        func weights(_ terms: [Int: Double]) -> [Double] {
            (0..<CoRunSurface.Caps.termCount * count).map { $0 % count == 0 ? terms[$0 / count] ?? 0 : 0 }
        }
        let zero = [Double](repeating: 0, count: count)
        let pair = CoRunSurface.Partition(
            mechanism: .mps, prefillSMs: 100, decodeSMs: 100, prefillWeights: zero, decodeWeights: zero,
            prefillLayerSeconds: 1e-4...1e-2, decodeLayerSeconds: 1e-4...1e-3, decodeKeyValueShare: 0.1...0.9)
        return CoRunSurface(
            partitions: [pair],
            caps: CoRunSurface.Caps(
                prefillSMs: 20...100, decodeSMs: 30...100, prefillWeights: weights(prefill),
                decodeWeights: weights(decode)))
    }

    private static let lanes = CoRunSurface.Lanes(
        prefillLayerSeconds: 1e-3, decodeLayerSeconds: 2e-4, decodeKeyValueShare: 0.5)

    @Test(
        "the terms of the two caps, by hand",
        arguments: [(100, 100, 0.0), (50, 70, 2.321928094887362), (75, 100, 1.584962500721156)])
    func terms(prefill: Int, decode: Int, logarithm: Double) throws {
        // x = log2(9 − 8·share) − 1.5 and y = 3·(share − 0.7): log2 1 = 0, log2 5 = 2.32…, log2 3 = 1.58….
        let (x, y) = (logarithm - 1.5, 3 * (Double(decode) / 100 - 0.7))
        let terms = CoRunSurface.Caps.terms(prefillShare: Double(prefill) / 100, decodeShare: Double(decode) / 100)
        for (term, expected) in zip(terms, [1, x, y, x * x, x * y, y * y]) { #expect(abs(term - expected) < 1e-12) }
    }

    @Test("a term of the prefill's weights moves the prefill alone, by what it is multiplied with")
    func sides() throws {
        let surface = Self.surface(prefill: [0: 0.1, 2: 0.2], decode: [0: 0.7])
        let slowdowns = try #require(
            surface.slowdowns(Self.lanes, prefillSMs: 60, decodeSMs: 100, mechanism: .mps))
        #expect(abs(slowdowns.prefill / 1.32312981233743693 - 1) < 1e-12)  // exp(0.1 + 0.2·0.9)
        #expect(abs(slowdowns.decode / 2.01375270747047652 - 1) < 1e-12)  // exp(0.7)
        #expect(surface.slowdowns(Self.lanes, prefillSMs: 60, decodeSMs: 40, mechanism: .green) == nil)
    }

    @Test("caps beyond those measured are held, and SMs that nobody may use are shared out")
    func held() throws {
        let surface = Self.surface(prefill: [0: 1, 1: 0.1, 2: 0.2], decode: [0: 1, 3: 0.1, 5: 0.1])
        func at(_ prefill: Int, _ decode: Int) throws -> [Double] {
            let own = try #require(
                surface.slowdowns(Self.lanes, prefillSMs: prefill, decodeSMs: decode, mechanism: .mps))
            return [own.prefill, own.decode]
        }
        #expect(try at(10, 100) == at(20, 100))
        #expect(try at(90, 20) == at(90, 30))
        #expect(try at(40, 30) == at(55, 45))
        // Held at the pair that was measured, from either side.
        for (a, b) in zip(try at(100, 100), try at(120, 120)) { #expect(abs(a / b - 1) < 1e-9) }
        #expect(try at(60, 60) != at(60, 70))
    }

    @Test("more SMs for prefill make decode wait longer, whatever runs", arguments: 0..<50)
    func monotone(seed: UInt64) throws {
        var random = RandomStreams(seed: seed, run: 0).stream(named: "lanes")
        let surface = try #require(TableFixture.tables.coRun)
        let tokens = [256, 512, 1024, 2048, 4096, 8192][random.index(below: 6)]
        let prefill = IterationShape.prefill(tokens: tokens)
        let decode = IterationShape.decode(sequences: 8 << random.index(below: 5), contextTokens: 65536)
        let model = try TableFixture.model(state: .sustained)
        let layers = 32.0
        func decodeSlowdown(_ sms: Int) throws -> Double {
            let lanes = CoRunSurface.Lanes(
                prefillLayerSeconds: model.kernelSeconds(of: prefill, sms: sms) / layers,
                decodeLayerSeconds: model.kernelSeconds(of: decode, sms: 132) / layers, decodeKeyValueShare: 0.4)
            return try #require(surface.slowdowns(lanes, prefillSMs: sms, decodeSMs: 132, mechanism: .mps)).decode
        }
        let slowdowns = try [26, 52, 78, 104, 132].map(decodeSlowdown)
        for (less, more) in zip(slowdowns, slowdowns.dropFirst()) { #expect(more > less * 0.97) }
        #expect(slowdowns[4] > slowdowns[0])
    }
}
