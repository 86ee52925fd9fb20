import EventKernel
import Metrics
import Testing

@Suite("Run summaries")
struct RunSummaryTests {
    private let slo = SLO(timeToFirstToken: 0.5, timePerOutputToken: 0.05)

    /// Two GPUs, 10 s from the first arrival to the last completion, four completed requests and two others.
    private func exampleSummary() -> RunSummary {
        var builder = RunSummaryBuilder(slo: slo, pricePerHour: 7.2)
        let second: Int64 = 1_000_000_000
        // TTFT 0.4 s, TPOT 0.04 s: meets both limits.
        builder.record(
            completedRequest(
                0, arrival: second, queue: second / 10, prefill: 3 * second / 10, decode: 4 * second / 10, output: 11))
        // TTFT 0.6 s: too late.
        builder.record(
            completedRequest(1, arrival: 2 * second, queue: second / 2, prefill: second / 10, decode: 10, output: 2))
        // TPOT 0.1 s: too slow.
        builder.record(completedRequest(2, arrival: 3 * second, queue: 0, prefill: 5, decode: second, output: 11))
        // One token: judged by its first alone. The last to complete, at 11 s.
        builder.record(
            completedRequest(3, arrival: 11 * second - second / 2, queue: 0, prefill: second / 2, decode: 0, output: 1))
        var preempted = unfinishedRequest(arrival: 4 * second)
        preempted.preemptions = 3
        builder.record(preempted)
        builder.record(
            RequestRecord(
                request: 9, classIndex: 0, outcome: .rejected, arrival: SimulationTime(nanoseconds: 5 * second),
                promptTokens: 1_000_000, outputTokens: 1))
        builder.recordTokenGaps(SimulationDuration(rounding: 0.04), count: 10)
        builder.recordTokenGaps(SimulationDuration(rounding: 0.1), count: 10)
        let instances = [
            instance(peak: 250, prefillBusy: 9, decodeBusy: 2), instance(peak: 750, prefillBusy: 1, decodeBusy: 4),
        ]
        return builder.summary(
            of: outcome(end: 11 * second, instances: instances, provenanceSeconds: [1, 0, 0, 3, 0]))
    }

    @Test("throughputs count completed requests over first arrival to last completion")
    func throughputs() {
        let summary = exampleSummary()
        #expect(summary[.duration] == 10)
        #expect(summary[.requestThroughput] == 0.4)
        #expect(summary[.outputTokenThroughput] == 2.5)
        #expect(summary[.totalTokenThroughput] == 42.5)
        #expect(summary[.outputTokenThroughputPerGPU] == 1.25)
    }

    @Test("attainment divides by all that arrived, goodput by time")
    func attainment() {
        let summary = exampleSummary()
        #expect(summary[.sloAttainment] == 2.0 / 6)
        #expect(summary[.goodput] == 0.2)
        #expect(summary.meetsSLO == false)
    }

    @Test("a request of one token is counted apart and has no time per output token")
    func singleToken() {
        let summary = exampleSummary()
        #expect(summary.count(.singleToken) == 1)
        #expect(summary.samples(of: .tpot) == 3)
        #expect(summary.samples(of: .ttft) == 4)
    }

    @Test("requests are counted by what became of them")
    func counts() {
        let summary = exampleSummary()
        let counted = [Metric.arrived, .completed, .rejected, .unfinished, .lost, .preempted, .preemptions]
        #expect(counted.map(summary.count) == [6, 4, 1, 1, 0, 1, 3])
        #expect(summary.samples(of: .itl) == 20)
    }

    @Test("cost is the price of all GPUs over the run's duration")
    func cost() {
        // $7.20 an hour for 10 s is 2 cents: for 25 output tokens and 425 tokens in all.
        let summary = exampleSummary()
        #expect(abs(summary[.costPerMillionOutputTokens]! - 800) < 1e-9)
        #expect(abs(summary[.costPerMillionTokens]! - 0.02 / 425 * 1e6) < 1e-9)
    }

    @Test("busy takes each instance's busier lane, and the KV peak the fullest instance")
    func instances() {
        let summary = exampleSummary()
        #expect(abs(summary[.busyFraction]! - (0.9 + 0.4) / 2) < 1e-12)
        #expect(summary[.kvPeakFraction] == 0.75)
        #expect(summary[.gpus] == 2)
    }

    @Test("the mean parts add up to the mean end-to-end latency")
    func parts() {
        let summary = exampleSummary()
        let sum = Metric.latencyParts.reduce(0) { $0 + summary[$1, .mean]! }
        #expect(abs(sum - summary[.endToEnd, .mean]!) < 1e-9)
    }

    @Test("provenance is a share of the iterations' time")
    func provenance() {
        #expect(Metric.provenanceShares.map { exampleSummary()[$0] } == [0.25, 0, 0, 0.75, 0])
    }

    @Test("a run in which nothing was completed has counts and no latencies")
    func nothingCompleted() {
        var builder = RunSummaryBuilder(slo: slo, pricePerHour: 3)
        builder.record(unfinishedRequest(arrival: 5))
        let summary = builder.summary(of: outcome(end: 100, instances: [instance()]))
        #expect(summary[.ttft, .mean] == nil)
        #expect(summary[.requestThroughput] == nil)
        #expect(summary[.costPerMillionOutputTokens] == nil)
        #expect(summary[.duration] == nil)
        #expect(summary[.sloAttainment] == 0)
        #expect(summary.count(.unfinished) == 1)
    }

    @Test("an empty run has no attainment, and none without an SLO")
    func emptyRun() {
        let empty = RunSummaryBuilder(slo: slo, pricePerHour: nil).summary(of: outcome())
        #expect(empty[.sloAttainment] == nil)
        #expect(empty.meetsSLO == nil)
        #expect(empty.saturation == nil)
        var builder = RunSummaryBuilder(slo: nil, pricePerHour: nil)
        builder.record(completedRequest(arrival: 0, queue: 1, prefill: 1, decode: 1, output: 2))
        #expect(builder.summary(of: outcome(end: 3))[.goodput] == nil)
    }

    @Test("every summary has the same metrics in the same order")
    func order() {
        let empty = RunSummaryBuilder(slo: nil, pricePerHour: nil).summary(of: outcome())
        let example = exampleSummary()
        #expect(empty.entries.map(\.metric) == example.entries.map(\.metric))
        var seen: [Metric] = []
        for entry in example.entries where seen.last != entry.metric { seen.append(entry.metric) }
        // Hit rates are of runs with a prefix cache only, fairness of workloads of several classes or tenants, starvation of
        // instances with a lane for each phase.
        let others: [Metric] = [
            .prefixHitRate, .prefixHitRateCumulative, .attainmentFairness, .tokenFairness, .prefillStarved,
            .prefillStarvedLongest, .decodeStarved, .decodeStarvedLongest,
        ]
        #expect(seen == Metric.allCases.filter { !others.contains($0) })
    }

    @Test("starvation is summed over instances, with the longest spell of any of them")
    func starvation() {
        func record(_ spells: Int64...) -> StarvationRecord {
            var record = StarvationRecord()
            for spell in spells { record.add(SimulationDuration(nanoseconds: spell * 1_000_000_000)) }
            return record
        }
        var ended = outcome(end: 60)
        let instance = InstanceRecord(
            instance: 0, pool: "semi-pd", gpus: 1, totalBlocks: 1, peakBlocks: 1, prefillBusy: .zero, decodeBusy: .zero,
            prefillIterations: 0, decodeIterations: 0, preemptions: 0, prefillStarvation: record(2, 5),
            decodeStarvation: record())
        var other = instance
        (other.prefillStarvation, other.decodeStarvation) = (record(3), nil)
        ended.instances = [instance, other]
        let summary = RunSummaryBuilder(slo: nil, pricePerHour: nil).summary(of: ended)
        #expect(summary[.prefillStarved] == 10 && summary[.prefillStarvedLongest] == 5)
        #expect(summary.samples(of: .prefillStarved) == 3)
        #expect(summary[.decodeStarved] == 0 && summary[.decodeStarvedLongest] == 0)
    }

    @Test("sums of parts do not overflow where nanoseconds in 64 bits would")
    func longRuns() {
        var builder = RunSummaryBuilder(slo: nil, pricePerHour: nil)
        let century: Int64 = 3_000_000_000_000_000_000
        for _ in 0..<8 {
            builder.record(completedRequest(arrival: 0, queue: century, prefill: 1, decode: 1, output: 2))
        }
        #expect(builder.summary(of: outcome(end: century + 2))[.queuePart, .mean] == 3e9)
    }
}
