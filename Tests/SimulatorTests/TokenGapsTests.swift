import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("Gaps between tokens")
struct TokenGapsTests {
    @Test(
        "what is counted during a run is what counting every gap comes to",
        arguments: System.allCases, 0..<60 as Range<UInt64>)
    func counting(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "gaps \(system)")
        let configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 60, &random)
        let (each, eachOutcome) = try simulate(configuration, trace)
        var expected = LatencyHistogram()
        for (gap, count) in each.gaps { expected.record(SimulationDuration(nanoseconds: gap), count: count) }

        var (source, counter) = (trace.source, GapCounter())
        let outcome = try Simulation(configuration).run(&source, into: &counter)
        #expect(counter.told == 1)
        #expect(counter.gaps.buckets == expected.buckets)
        #expect(outcome.fingerprint == eachOutcome.fingerprint)

        var (again, deaf) = (trace.source, DeafRecorder())
        #expect(try Simulation(configuration).run(&again, into: &deaf).fingerprint == outcome.fingerprint)
    }
}

private struct GapCounter: Recorder {
    var gaps = LatencyHistogram()
    var told = 0

    mutating func record(_ request: RequestRecord) {}
    var tokenGaps: TokenGapRecording { .counted }
    mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) { Issue.record("told of one gap") }
    mutating func recordTokenGaps(_ gaps: LatencyHistogram) {
        self.gaps.add(gaps)
        told += 1
    }
}

private struct DeafRecorder: Recorder {
    mutating func record(_ request: RequestRecord) {}
    var tokenGaps: TokenGapRecording { .ignored }
    mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) { Issue.record("told of one gap") }
    mutating func recordTokenGaps(_ gaps: LatencyHistogram) { Issue.record("told of all gaps") }
}
