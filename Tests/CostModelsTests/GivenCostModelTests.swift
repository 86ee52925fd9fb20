import CostModels
import EventKernel
import Testing

@Suite("Costs given by formula")
struct GivenCostModelTests {
    private let affine = AffineCostModel(
        streamingMultiprocessors: 100,
        prefill: .init(constantSeconds: 0.02, secondsPerToken: 8e-5, secondsPerSquaredToken: 1e-9),
        decode: .init(constantSeconds: 0.02, secondsPerContextToken: 5e-8, secondsPerSequence: 2e-4))

    @Test("prefill is affine in tokens and their squares, decode in context and sequences")
    func formula() {
        var two = IterationShape.prefill(tokens: 100)
        two.addPrefill(tokens: 300, cached: 0, completes: true)
        #expect(affine.work(of: two, sms: 100) == Work(rounding: 0.02 + 400 * 8e-5 + 100_000 * 1e-9))
        let decode = affine.work(of: .decode(sequences: 10, contextTokens: 5000), sms: 100)
        #expect(abs(decode.seconds - (0.02 + 5000 * 5e-8 + 10 * 2e-4)) < 1e-10)
    }

    @Test("chunks of a prompt cost its square together")
    func chunks() {
        let first = affine.work(of: .prefill(tokens: 400, completes: false), sms: 100)
        let second = affine.work(of: .prefill(tokens: 600, cached: 400), sms: 100)
        let whole = affine.work(of: .prefill(tokens: 1000), sms: 100)
        #expect(abs((first + second).seconds - whole.seconds - 0.02) < 1e-11)
    }

    @Test("a partition stretches a phase by its response to SMs")
    func response() {
        var costs = affine
        costs.decode.smResponse = .init(scaling: 0.6284, fixed: 0.3818)
        let shape = IterationShape.decode(sequences: 4, contextTokens: 1000)
        let ratio = costs.work(of: shape, sms: 50).seconds / costs.work(of: shape, sms: 100).seconds
        #expect(abs(ratio - (0.6284 / 0.5 + 0.3818) / (0.6284 + 0.3818)) < 1e-6)
        #expect(costs.work(of: .prefill(tokens: 64), sms: 50) == costs.work(of: .prefill(tokens: 64), sms: 100))
    }

    @Test("constant costs are constant, and given")
    func constant() {
        let costs = ConstantCostModel(prefill: Work(rounding: 0.01), decode: Work(rounding: 0.002))
        #expect(costs.work(of: .prefill(tokens: 5000), sms: 1) == Work(rounding: 0.01))
        let line = costs.decodeLine(sequences: 99, contextTokens: 12_345, sms: 1)
        #expect(line.work(contextTokens: 12_345) == Work(rounding: 0.002))
        #expect(costs.provenance(of: .prefill(tokens: 1), sms: 1)[.given] == 0.01)
    }
}
