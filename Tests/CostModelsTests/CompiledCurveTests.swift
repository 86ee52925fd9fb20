import EventKernel
import Testing

@testable import CostModels

@Suite("Curves compiled for many prices")
struct CompiledCurveTests {
    /// Points at whole sizes and between them, times in any order, the first and the last anywhere.
    private func curve(_ random: inout RandomStream) -> MeasuredCurve {
        var (sizes, seconds): ([Double], [Double]) = ([], [])
        var size = random.uniform() * 40
        for _ in 0...random.index(below: 12) {
            size += 1 + (random.index(below: 2) == 0 ? Double(random.index(below: 300)) : random.uniform() * 300)
            sizes.append(random.index(below: 3) == 0 ? size : size.rounded())
            seconds.append(1e-6 * (1 + random.uniform()))
        }
        sizes = Array(Set(sizes)).sorted()
        let origins: [CostProvenance] = [.measured, .interpolated, .heldUtilisation, .analytic]
        return MeasuredCurve(
            sizes: sizes, seconds: Array(seconds.prefix(sizes.count)), origin: origins[random.index(below: 4)])
    }

    @Test("a stack prices every curve as the curve itself, to the bit", arguments: 0..<100 as Range<UInt64>)
    func stack(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "curves")
        let curves = (0..<(1 + random.index(below: 6))).map { _ in curve(&random) }
        let stack = CurveStack(curves)
        for size in Array(0...5000) + [16_383, 16_384, 16_385, 1 << 22, 1 << 40] {
            let place = stack.place(of: size)
            for (number, curve) in curves.enumerated() {
                #expect(stack.price(number, at: place) == curve.price(at: Double(size)))
            }
        }
    }

    @Test("shares of a stack are the sums of its prices", arguments: 0..<30 as Range<UInt64>)
    func shares(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "curves")
        let curves = (0..<6).map { _ in curve(&random) }
        let counts = curves.map { _ in Double(1 + random.index(below: 64)) }
        let stack = CurveStack(curves)
        let shares = CurveStack.Shares(of: stack, curves: 1..<5, counts: counts)
        for size in 0...5000 {
            var sums = ProvenanceShares()
            for number in 1..<5 {
                let price = curves[number].price(at: Double(size))
                sums[price.provenance] += price.seconds * counts[number]
            }
            let found = shares[stack.place(of: size)]
            for provenance in CostProvenance.allCases {
                #expect(abs(found[provenance] - sums[provenance]) <= 1e-13 * sums.total)
            }
        }
    }

    @Test("a fan prices every curve as the curve itself, to the bit", arguments: 0..<100 as Range<UInt64>)
    func fan(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "curves")
        let curves = (0..<(1 + random.index(below: 6))).map { _ in curve(&random) }
        let fan = CurveFan(knots: curves.indices.map(Double.init), curves: curves)
        for (number, curve) in curves.enumerated() {
            let sizes = curve.sizes + curve.sizes.map { $0 * 1.5 } + (0..<200).map { _ in random.uniform() * 4000 }
            for size in sizes { #expect(fan.price(number, at: size) == curve.price(at: size)) }
        }
    }

    /// The split of `provenance(of:sms:)` comes from sums over stretches; that of the parts, from each kernel.
    @Test(
        "what prices rest on, in steps of 2⁻²⁰, is what their parts say, at every number of rows",
        arguments: [132, 104, 57], [PowerState.burst, .sustained])
    func splits(sms: Int, state: PowerState) throws {
        let model = try TableFixture.model(state: state)
        func check(_ shape: IterationShape) {
            var shares = ProvenanceShares()
            for part in model.parts(of: shape, sms: sms) { shares[part.price.provenance] += part.price.seconds }
            let sum = shares.seconds.reduce(0, +)
            shares[.analytic] += max(0, model.work(of: shape, sms: sms).seconds - sum)
            #expect(model.provenance(of: shape, sms: sms).split == shares.split, "\(shape)")
        }
        for rows in 1...16_400 {
            var shape = IterationShape.prefill(tokens: rows, completes: rows % 3 > 0)
            if rows % 2 == 0 {
                (shape.decodeSequences, shape.decodeContextTokens) = (1 + rows % 251, 1000 * (1 + rows % 251))
            }
            check(shape)
        }
        for sequences in 1...300 {
            for context in [17, 700, 1024, 9_000] {
                check(.decode(sequences: sequences, contextTokens: sequences * context))
            }
        }
    }
}
