import EventKernel
import Testing

@Suite("Iteration runs in closed form")
struct IterationRunTests {
    private func randomRun(_ random: inout RandomStream) -> IterationRun {
        IterationRun(
            first: Work(units: Int64(random.index(below: 1 << [8, 20, 34, 44][random.index(below: 4)]))),
            increment: Work(units: Int64(random.index(below: 1 << [1, 12, 26, 34][random.index(below: 4)]))),
            slowdown: random.index(below: 3) == 0 ? .none : Slowdown(rounding: 1 + 4 * random.uniform()))
    }

    @Test("the closed-form duration is the sum of the iterations' own durations", arguments: 0..<200 as Range<UInt64>)
    func durationIsSum(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "runs")
        let run = randomRun(&random)
        var sum = SimulationDuration.zero
        var work = Work.zero
        for k in 0..<300 {
            #expect(run.duration(count: k) == sum)
            #expect(run.totalWork(count: k) == work)
            sum += run.duration(at: k)
            work += run.work(at: k)
        }
    }

    @Test("the iterations completed in a time are those whose ends lie within it", arguments: 0..<200 as Range<UInt64>)
    func completedMatchesSearch(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "elapsed")
        let run = randomRun(&random)
        let total = run.duration(count: 200).nanoseconds
        for _ in 0..<50 {
            let elapsed = SimulationDuration(nanoseconds: Int64(random.index(below: Int(total) + 2)))
            var expected = 0
            while expected < 150, run.duration(count: expected + 1) <= elapsed { expected += 1 }
            #expect(run.iterationsCompleted(in: elapsed, limit: 150) == expected)
        }
    }

    @Test("work done and time taken agree to the unit", arguments: 0..<100 as Range<UInt64>)
    func slowdownRoundTrip(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "slowdown")
        let slowdown = Slowdown(rounding: 1 + 10 * random.uniform())
        let work = Work(units: Int64(random.index(below: 1 << 40)))
        let duration = slowdown.duration(of: work)
        #expect(slowdown.work(in: duration) >= work)
        #expect(duration >= work.wholeNanoseconds)
        if duration.nanoseconds > 0 {
            #expect(slowdown.work(in: duration - SimulationDuration(nanoseconds: 1)) < work)
        }
    }
}
