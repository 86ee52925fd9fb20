import EventKernel
import Testing

@testable import Metrics

@Suite("Sums of the parts of latency")
struct PartTotalsTests {
    @Test("sums are exact where 64 bits are not enough", arguments: 0..<50 as Range<UInt64>)
    func exactness(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "durations")
        var (totals, expected) = (PartTotals(), Array(repeating: Int128(0), count: 8))
        let inOrder: [WritableKeyPath<LatencyParts, SimulationDuration>] = [
            \.queue, \.prefillRun, \.prefillStalled, \.transfer, \.decodeWait, \.decodeRun, \.decodeStalled,
            \.preempted,
        ]
        for _ in 0..<100 {
            // Of all lengths, none negative; together they fit into 63 bits.
            let durations = (0..<8).map { _ in Int64(random.next() >> UInt64(4 + random.index(below: 60))) }
            var parts = LatencyParts()
            for (part, duration) in zip(inOrder, durations) { parts[keyPath: part].nanoseconds = duration }
            totals.add(parts, of: parts.total)
            for part in durations.indices { expected[part] += Int128(durations[part]) }
            #expect(totals.inOrder == expected)
        }
    }
}
