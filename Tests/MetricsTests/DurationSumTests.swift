import EventKernel
import Testing

@testable import Metrics

@Suite("Sums of durations")
struct DurationSumTests {
    @Test("sums are exact where 64 bits are not enough", arguments: 0..<50 as Range<UInt64>)
    func exactness(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "durations")
        var (sum, expected) = (DurationSum(), Int128(0))
        for _ in 0..<100 {
            // Of all lengths, some of them negative.
            let nanoseconds = Int64(bitPattern: random.next()) >> Int64(random.index(below: 60))
            sum.add(SimulationDuration(nanoseconds: nanoseconds))
            expected += Int128(nanoseconds)
            #expect(sum.nanoseconds == expected)
        }
    }
}
