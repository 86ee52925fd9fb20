import EventKernel
import Metrics
import Planning
import Testing

@Suite("The search for the highest rate")
struct GoodputSearchTests {
    /// A system whose attainment falls on a straight line through the target of 90 % at `capacity`.
    private func sample(rate: Double, capacity: Double, noise: Double = 0) -> AttainmentSample {
        let requests = 100_000
        let share = min(1, max(0, 0.9 + 0.5 * (1 - rate / capacity) + noise))
        let met = Int(share * Double(requests))
        return AttainmentSample(
            requests: requests, metTTFT: met, metTPOT: requests, met: met, metLate: met - met / 2, saturation: .stable)
    }

    private func search(from start: Double, replications: Int = 12, tolerance: Double = 0.02) -> GoodputSearch {
        GoodputSearch(
            test: AttainmentTest(
                target: 0.9, confidence: 0.95,
                looks: replications == 1 ? [1] : AttainmentTest.looks(from: 3, to: replications), points: 24),
            startRate: start, tolerance: tolerance)
    }

    @Test(
        "without chance the interval holds the capacity and is as narrow as asked, wherever the search starts",
        arguments: [0.01, 1, 12.3, 900], [0.3, 7.77, 250])
    func deterministic(start: Double, capacity: Double) throws {
        let answer = search(from: start, replications: 1, tolerance: 0.01)
            .run { rate, replications in replications.map { _ in sample(rate: rate, capacity: capacity) } }
        let lower = try #require(answer.lower)
        let upper = try #require(answer.upper)
        #expect(lower <= capacity * 1.0001 && capacity <= upper)
        #expect(upper / lower <= 1.01)
        #expect(answer.shortage == nil)
        #expect(answer.points.map(\.rate) == answer.points.map(\.rate).sorted())
    }

    @Test("with noise the interval holds the capacity in at least the share of searches that it claims")
    func confidence() {
        var misses = 0
        for seed in UInt64(1)...200 {
            var stream = RandomStreams(seed: seed).stream(named: "noise")
            let noise = (0..<12).map { _ in stream.normal() * 0.02 }
            let answer = search(from: 4, tolerance: 0.005).run { rate, replications in
                replications.map { sample(rate: rate, capacity: 10, noise: noise[$0]) }
            }
            if answer.lower ?? 0 > 10 || answer.upper ?? .infinity < 10 { misses += 1 }
        }
        #expect(misses <= 10)
    }

    @Test("replications stop as soon as a point is clear")
    func earlyStop() {
        var counts: [Int] = []
        let test = AttainmentTest(target: 0.9, confidence: 0.95, looks: [3, 6, 12], points: 24)
        let clear = test.decide { replications in
            counts.append(replications.count)
            return replications.map { sample(rate: 5, capacity: 10, noise: Double($0) * 1e-4) }
        }
        #expect(clear.verdict == .meets && counts == [3])
        let unclear = test.decide { replications in
            replications.map { sample(rate: 10, capacity: 10, noise: $0.isMultiple(of: 2) ? 0.05 : -0.05) }
        }
        #expect(unclear.verdict == .undecided && unclear.samples.count == 12)
    }

    @Test("looks double up to the last one")
    func looks() {
        #expect(AttainmentTest.looks(from: 3, to: 16) == [3, 6, 12, 16])
        #expect(AttainmentTest.looks(from: 2, to: 2) == [2])
    }

    @Test("a system that never meets the target has no lower end, and one that always does is said to lack requests")
    func unbracketed() {
        let never = search(from: 1, replications: 1).run { rate, replications in
            replications.map { _ in AttainmentSample(requests: 100, metTTFT: 0, metTPOT: 0, met: 0, metLate: 0) }
        }
        #expect(never.lower == nil && never.shortage == nil)
        let always = search(from: 1, replications: 1).run { rate, replications in
            replications.map { _ in AttainmentSample(requests: 100, metTTFT: 100, metTPOT: 100, met: 100, metLate: 50) }
        }
        #expect(always.upper == nil && always.lower != nil && always.shortage != nil)
    }

    @Test("a queue that grows to the end, or a later half that misses, is a trace too short")
    func shortage() {
        for (late, saturation) in [(50, "overloaded"), (40, "stable")] {
            let answer = search(from: 1, replications: 1).run { rate, replications in
                replications.map { _ in
                    let met = rate < 8 ? 96 : 10
                    return AttainmentSample(
                        requests: 100, metTTFT: met, metTPOT: met, met: met, metLate: min(late, met),
                        saturation: .init(rawValue: saturation))
                }
            }
            #expect(answer.shortage != nil)
        }
    }
}
