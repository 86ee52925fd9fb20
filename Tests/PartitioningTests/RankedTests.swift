import EventKernel
import Testing

@testable import Simulator

@Suite("Samples by rank")
struct RankedTests {
    @Test(
        "the sample of a rank is the one that sorting puts there, first come first of equals",
        arguments: 0..<200 as Range<UInt64>)
    func matchesSorting(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "ranked")
        let count = 1 + random.index(below: 50)
        // Few values, so that many are equal.
        let samples = (0..<count).map { (value: Double(random.index(below: 1 + count / 2)), index: $0) }
        let sorted = samples.sorted { ($0.value, $0.index) < ($1.value, $1.index) }
        for quantile in [0, 0.1, 0.5, 0.9, 0.99, 1] {
            let rank = min(count, Int(quantile * Double(count) + 1))
            #expect(ranked(samples, at: quantile) { $0.value }?.index == sorted[rank - 1].index)
        }
    }

    @Test("of nothing there is none")
    func nothing() { #expect(ranked([Double](), at: 0.9) { $0 } == nil) }
}
