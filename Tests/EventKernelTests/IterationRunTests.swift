import EventKernel
import Testing

@Suite("Iteration runs in closed form")
struct IterationRunTests {
    private func randomRun(_ random: inout RandomStream) -> IterationRun {
        let slowdown = random.index(below: 3) == 0 ? .none : Slowdown(rounding: 1 + 4 * random.uniform())
        // Begins between two nanoseconds.
        let before = Work(units: Int64(random.index(below: 1 << 20)))
        return IterationRun(
            start: LaneTime(SimulationTime(nanoseconds: Int64(random.index(below: 1_000)))).after(before, at: slowdown),
            first: Work(units: Int64(random.index(below: 1 << [8, 20, 34, 44][random.index(below: 4)]))),
            increment: Work(units: Int64(random.index(below: 1 << [1, 12, 26, 34][random.index(below: 4)]))),
            slowdown: slowdown)
    }

    @Test("the end of many iterations is where one after another ends", arguments: 0..<200 as Range<UInt64>)
    func endIsSum(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "runs")
        let run = randomRun(&random)
        var (end, work) = (run.start, Work.zero)
        for k in 0..<300 {
            #expect(run.end(count: k) == end)
            #expect(run.totalWork(count: k) == work)
            let next = end.after(run.work(at: k), at: run.slowdown)
            #expect(next.since(end) == run.duration(at: k), "an iteration is as long wherever it begins")
            end = next
            work += run.work(at: k)
        }
    }

    @Test("a lane's time is exact: rounding is seen, never summed")
    func exact() {
        // A third of a nanosecond, 3,000 times, is a microsecond and what rounding to 2⁻¹⁰ ns adds.
        let third = Work(units: 342)
        var end = LaneTime.zero
        for _ in 0..<3_000 { end = end.after(third, at: .none) }
        #expect(end.time.nanoseconds == (342 * 3_000 + 1_023) / 1_024)
        #expect(end == LaneTime.zero.after(Work(units: 342 * 3_000), at: .none))
    }

    @Test("products beyond 64 bits give the same ends as parts of them", arguments: 0..<50 as Range<UInt64>)
    func longWork(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "long")
        let slowdown = Slowdown(rounding: 1 + 1_000 * random.uniform())
        let part = Work(units: Int64(random.index(below: 1 << 39)))
        var end = LaneTime(SimulationTime(nanoseconds: 7))
        for _ in 0..<(1 << 12) { end = end.after(part, at: slowdown) }
        let whole = LaneTime(SimulationTime(nanoseconds: 7)).after(Work(units: part.units << 12), at: slowdown)
        #expect(whole == end)
        #expect(LaneTime.zero.work(until: whole.time, at: slowdown) >= Work(units: part.units << 12))
    }

    @Test(
        "the iterations completed by a time are those whose ends lie at or before it",
        arguments: 0..<200 as Range<UInt64>)
    func completedMatchesSearch(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "elapsed")
        let run = randomRun(&random)
        let total = (run.end(count: 200).time - run.start.time).nanoseconds
        for _ in 0..<50 {
            let time = run.start.time + SimulationDuration(nanoseconds: Int64(random.index(below: Int(total) + 2)))
            var expected = 0
            while expected < 150, run.end(count: expected + 1).time <= time { expected += 1 }
            #expect(run.iterationsCompleted(by: time, limit: 150) == expected)
            let boundary = run.firstBoundary(after: time, limit: 150)
            #expect(boundary?.iterations == (expected + 1 < 150 ? expected + 1 : nil))
            #expect(boundary?.work == (expected + 1 < 150 ? run.totalWork(count: expected + 1) : nil))
        }
    }

    @Test("a run that goes on at another speed in the middle of an iteration", arguments: 0..<200 as Range<UInt64>)
    func changesSpeed(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "speeds")
        var run = randomRun(&random)
        let length = (run.end(count: 1).time - run.start.time).nanoseconds
        let change = run.start.time + SimulationDuration(nanoseconds: Int64(random.index(below: Int(length) + 1)))
        run.done = min(run.start.work(until: change, at: run.slowdown), run.first)
        run.start = LaneTime(change)
        run.slowdown = Slowdown(rounding: 1 + 4 * random.uniform())

        var end = run.start.after(run.first - run.done, at: run.slowdown)
        for k in 1..<100 {
            #expect(run.end(count: k) == end)
            #expect(run.iterationsCompleted(by: end.time, limit: k) == k)
            if end.time > change {
                let before = SimulationTime(nanoseconds: end.time.nanoseconds - 1)
                #expect(run.iterationsCompleted(by: before, limit: 100) < k)
            }
            end = end.after(run.work(at: k), at: run.slowdown)
        }
    }

    @Test("durations that a threshold separates are found without a search", arguments: 0..<100 as Range<UInt64>)
    func firstLonger(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "longer")
        let run = randomRun(&random)
        for k in stride(from: 0, to: 100, by: 7) {
            let threshold = run.duration(at: k + random.index(below: 60))
            var expected = k + 1
            while expected < 150, run.duration(at: expected) <= threshold { expected += 1 }
            #expect(run.firstIteration(longerThan: threshold, after: k, limit: 150) == expected)
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
