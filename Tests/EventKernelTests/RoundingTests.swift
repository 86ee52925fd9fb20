import EventKernel
import Testing

@Suite("Seconds as nanoseconds")
struct RoundingTests {
    @Test("durations are the nearest nanosecond, halves up, as the library rounds", arguments: 0..<200 as Range<UInt64>)
    func nearest(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "rounding")
        for _ in 0..<100 {
            let magnitude = [1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 9e9][random.index(below: 7)]
            let seconds = magnitude * random.uniform()
            let expected = Int64((seconds * 1e9).rounded())
            #expect(SimulationDuration(rounding: seconds).nanoseconds == expected)
            // On a half and its neighbours.
            let half = (Double(random.index(below: 1_000_000)) + 0.5) / 1e9
            for near in [half, half.nextUp, half.nextDown] {
                #expect(SimulationDuration(rounding: near).nanoseconds == Int64((near * 1e9).rounded()))
            }
        }
    }

    @Test("nothing, a half, and the most")
    func edges() {
        #expect(SimulationDuration(rounding: 0) == .zero)
        #expect(SimulationDuration(rounding: 0.5e-9).nanoseconds == 1)
        let most = 9.2e9.nextDown
        #expect(SimulationDuration(rounding: most).nanoseconds == Int64((most * 1e9).rounded()))
    }
}
