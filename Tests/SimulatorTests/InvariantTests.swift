import CostModels
import EventKernel
import Metrics
import Simulator
import Testing
import Workloads

@Suite("What holds in every run")
struct InvariantTests {
    @Test(
        "jumping over iterations gives the same records, gaps and samples as stepping through them",
        arguments: System.allCases, 0..<250 as Range<UInt64>)
    func macroEqualsStep(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "\(system)")
        var configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 60, &random)
        let (jumped, jumpedOutcome) = try simulate(configuration, trace)
        configuration.stepByStep = true
        let (stepped, steppedOutcome) = try simulate(configuration, trace)
        #expect(jumped.requests == stepped.requests)
        #expect(jumped.gaps == stepped.gaps)
        #expect(jumped.intervals == stepped.intervals)
        #expect(jumped.transfers == stepped.transfers)
        #expect(jumped.partitionChanges == stepped.partitionChanges)
        #expect(jumpedOutcome.fingerprint == steppedOutcome.fingerprint)
        #expect(jumpedOutcome.iterations == steppedOutcome.iterations)
        #expect(jumpedOutcome.instances == steppedOutcome.instances)
        #expect(jumpedOutcome.requestNanoseconds == steppedOutcome.requestNanoseconds)
    }

    @Test(
        "requests are conserved, live in order, and their parts sum to their latency",
        arguments: System.allCases, 0..<200 as Range<UInt64>)
    func conservation(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "conservation \(system)")
        let configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 80, &random)
        let (recorder, outcome) = try simulate(configuration, trace)

        #expect(outcome.arrived == trace.requests.count)
        #expect(outcome.completed + outcome.rejected == outcome.arrived)
        #expect(Set(recorder.requests.map(\.request)).count == trace.requests.count)
        var sojourns = Int128(0)
        for record in recorder.requests where record.outcome == .completed {
            let scheduled = try #require(record.scheduled)
            let firstToken = try #require(record.firstToken)
            let completion = try #require(record.completion)
            #expect(record.arrival <= scheduled && scheduled <= firstToken && firstToken <= completion)
            #expect(record.parts.total == completion - record.arrival)
            for part in record.parts.all { #expect(part >= .zero) }
            #expect((record.outputTokens == 1) == (firstToken == completion) || record.outputTokens > 1)
            sojourns += Int128((completion - record.arrival).nanoseconds)
        }
        #expect(outcome.requestNanoseconds == sojourns, "Little's law, exactly")
        let tokens = recorder.requests.filter { $0.outcome == .completed }.map { $0.outputTokens - 1 }.reduce(0, +)
        #expect(recorder.gaps.values.reduce(0, +) == tokens, "one gap per token after the first")
        let gapTime = recorder.gaps.map { Int128($0.key) * Int128($0.value) }.reduce(0, +)
        let decodeTime = recorder.requests.compactMap { record in
            record.completion.flatMap { end in record.firstToken.map { Int128((end - $0).nanoseconds) } }
        }.reduce(0, +)
        // Each gap is rounded up on its own, and begins up to a nanosecond before its token is seen.
        #expect(abs(gapTime - decodeTime) <= tokens, "gaps sum to the time between first and last token")
    }

    @Test(
        "what is recorded of iterations covers the busy time of each lane once, jumping or stepping",
        arguments: System.allCases, 0..<100 as Range<UInt64>)
    func iterationRecords(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "iterations \(system)")
        var configuration = randomConfiguration(system, &random)
        let trace = randomTrace(count: 60, &random)
        for stepByStep in [false, true] {
            configuration.stepByStep = stepByStep
            let (recorder, outcome) = try simulate(configuration, trace)
            for instance in outcome.instances {
                for lane in 0..<2 {
                    let records = recorder.iterations.filter { $0.instance == instance.instance && $0.lane == lane }
                    let busy = records.reduce(SimulationDuration.zero) { $0 + ($1.end - $1.start) }
                    #expect(busy == (lane == 0 ? instance.prefillBusy : instance.decodeBusy))
                    let iterations = records.reduce(0) { $0 + $1.iterations }
                    #expect(iterations == (lane == 0 ? instance.prefillIterations : instance.decodeIterations))
                    for (before, after) in zip(records, records.dropFirst()) { #expect(before.end <= after.start) }
                    #expect(records.allSatisfy { $0.prefillTokens + $0.decodeSequences > 0 })
                }
            }
            let prompts = recorder.iterations.reduce(0) { $0 + $1.prefillTokens }
            let served = recorder.requests.filter { $0.outcome == .completed }
            #expect(prompts >= served.reduce(0) { $0 + $1.promptTokens }, "preempted prompts are computed again")
        }
    }

    @Test(
        "blocks of requests that do not decode are all blocks or none where nobody decodes or everybody",
        arguments: System.allCases, 0..<100 as Range<UInt64>)
    func prefillBlocks(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "prefill blocks \(system)")
        var configuration = randomConfiguration(system, &random)
        configuration.sampleInterval = SimulationDuration(nanoseconds: 20_000)
        let (recorder, _) = try simulate(configuration, randomTrace(count: 60, &random))
        // Virtual engines with one scheduler have their blocks together.
        let stages = configuration.pools[0].pipeline
        let together = stages?.scheduling == .shared ? stages?.count ?? 1 : 1
        for first in stride(from: 0, to: recorder.intervals.count, by: together) {
            let samples = recorder.intervals[first..<first + together]
            func sum(_ value: (IntervalRecord) -> Int) -> Int { samples.reduce(0) { $0 + value($1) } }
            let (undecodedBlocks, usedBlocks) = (sum(\.prefillBlocks), sum(\.usedBlocks))
            #expect(0 <= undecodedBlocks && undecodedBlocks <= usedBlocks)
            if sum(\.decoding) == 0 { #expect(undecodedBlocks == usedBlocks) }
            let undecoded = sum { $0.prefilling + $0.decodeWaiting }
            if undecoded == 0, configuration.transfer == nil { #expect(undecodedBlocks == 0) }
        }
    }

    @Test("memory is empty at the end and never over-committed", arguments: System.allCases, 0..<200 as Range<UInt64>)
    func memory(system: System, seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "memory \(system)")
        var configuration = randomConfiguration(system, &random)
        configuration.sampleInterval = SimulationDuration(nanoseconds: 20_000)
        let trace = randomTrace(count: 60, &random)
        let (recorder, outcome) = try simulate(configuration, trace)
        for sample in recorder.intervals { #expect((0...sample.totalBlocks).contains(sample.usedBlocks)) }
        for instance in outcome.instances { #expect(instance.peakBlocks <= instance.totalBlocks) }
        let last = recorder.intervals.suffix(outcome.instances.count)
        if let time = last.first?.time,
            time > outcome.end || recorder.requests.allSatisfy({ ($0.completion ?? .zero) < time })
        {
            #expect(last.allSatisfy { $0.usedBlocks == 0 })
        }
    }

    @Test("the same run twice gives the same bytes; another trace does not")
    func reproducible() throws {
        var random = RandomStreams(seed: 7).stream(named: "reproducible")
        let configuration = randomConfiguration(.mixed, &random)
        let trace = randomTrace(count: 100, &random)
        let other = randomTrace(count: 100, &random)
        let first = try simulate(configuration, trace)
        let second = try simulate(configuration, trace)
        #expect(first.0.requests == second.0.requests && first.1 == second.1)
        #expect(try simulate(configuration, other).1.fingerprint != first.1.fingerprint)
    }
}

extension LatencyParts {
    var all: [SimulationDuration] {
        [queue, prefillRun, prefillStalled, transfer, decodeWait, decodeRun, decodeStalled, preempted]
    }
}
