import EventKernel
import Simulator
import Testing

@Suite("Timers")
struct TimersTests {
    @Test("subjects come due in order of time, then of number, as sorting says", arguments: 0..<100 as Range<UInt64>)
    func matchesSorting(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "timers")
        let subjects = 1 + random.index(below: 40)
        var timers = Timers(subjects: subjects)
        var naive = [SimulationTime](repeating: .never, count: subjects)
        for _ in 0..<500 {
            let subject = random.index(below: subjects)
            // Few times, so that many coincide; now and then one is cleared.
            let time = random.index(below: 8)
            naive[subject] = time == 0 ? .never : SimulationTime(nanoseconds: Int64(time))
            timers.set(subject, to: naive[subject])
            #expect(timers.earliest == naive.min())
            let due = naive.indices.filter { naive[$0] == naive.min() }
            #expect(timers.onlyEarliest == (due.count == 1 ? due[0] : nil))
            guard random.index(below: 3) == 0, let earliest = naive.min(), earliest != .never else { continue }
            #expect(timers.take(at: earliest + SimulationDuration(nanoseconds: 1)) == nil)
            let first = naive.firstIndex(of: earliest)
            #expect(timers.take(at: earliest) == first)
            if let first { naive[first] = .never }
        }
    }
}
