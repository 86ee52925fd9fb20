import CostModels
import EventKernel
import Testing

@Suite("Costs given by table")
struct MeasuredBatchCostModelTests {
    private let costs = MeasuredBatchCostModel(
        tokens: MeasuredGrid([1, 8, 64], seconds: [1e-3, 2e-3, 9e-3]),
        outputs: MeasuredGrid([1, 64], seconds: [1e-4, 2e-4]),
        attention: .init(
            decode: MeasuredGrid(
                axes: [[0], [0], [1, 4], [16, 64, 256]], seconds: [1, 2, 6, 3, 6, 20].map { $0 * 1e-4 }),
            prefill: MeasuredGrid(axes: [[8, 64], [0, 64], [0], [0]], seconds: [1, 3, 6, 20].map { $0 * 1e-4 }),
            mixed: MeasuredGrid(
                axes: [[8, 64], [0, 64], [1, 4], [16, 64]], seconds: (1...16).map { Double($0) * 1e-4 })),
        runtime: .ideal)

    private func isClose(_ work: Work, _ seconds: Double) -> Bool { abs(work.seconds - seconds) < 1e-9 }

    @Test("measured points come back as measured")
    func points() {
        #expect(isClose(costs.work(of: .prefill(tokens: 8), sms: 100), 2e-3 + 1e-4 + 1e-4))
        #expect(isClose(costs.work(of: .prefill(tokens: 64, cached: 64, completes: false), sms: 100), 9e-3 + 20e-4))
        #expect(isClose(costs.work(of: .decode(sequences: 1, contextTokens: 64), sms: 100), 1e-3 + 1e-4 + 2e-4))
        var mixed = IterationShape.prefill(tokens: 8, completes: false)
        (mixed.decodeSequences, mixed.decodeContextTokens) = (4, 64)
        let tokens = 2e-3 + 4 * 7e-3 / 56
        #expect(isClose(costs.work(of: mixed, sms: 100), tokens + 1e-4 + 3 * 1e-4 / 63 + 3e-4))
    }

    @Test("chunks that together have the pairs of one chunk cost what it does")
    func chunks() {
        var two = IterationShape.prefill(tokens: 32, completes: false)
        two.addPrefill(tokens: 32, cached: 32, completes: false)
        #expect(costs.work(of: two, sms: 100) == costs.work(of: .prefill(tokens: 64, completes: false), sms: 100))
    }

    @Test(
        "decode lines hold between the knots of the context axis", arguments: [1, 2, 3, 4, 7], [16, 40, 64, 100, 300])
    func lines(sequences: Int, mean: Int) {
        let context = sequences * mean
        let line = costs.decodeLine(sequences: sequences, contextTokens: context, sms: 100)
        #expect(line.firstContext <= context && context <= line.lastContext)
        let attention = costs.attention.decode.value(0, 0, Double(sequences), Double(mean))
        let rest = costs.tokens.value(Double(sequences)) + costs.outputs.value(Double(sequences))
        #expect(isClose(line.work(contextTokens: context), attention + rest))
    }

    @Test("below the first knot a value holds, beyond the last its slope goes on")
    func ends() {
        let grid = MeasuredGrid([2, 4, 8], seconds: [1, 2, 6])
        #expect([0, 2, 3, 4, 6, 8, 10].map { grid.value($0) } == [1, 1, 1.5, 2, 4, 6, 8])
    }
}
