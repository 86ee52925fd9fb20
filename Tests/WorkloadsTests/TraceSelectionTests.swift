import EventKernel
import Testing
import Workloads

@Suite("What is taken of a trace")
struct TraceSelectionTests {
    private func randomTrace(seed: UInt64, count: Int = 300) -> Trace {
        var random = RandomStreams(seed: seed).stream(named: "selection")
        var time: Int64 = 0
        var hashes = BlockHashes(dialect: .wholePrefix, blockTokens: 10)
        let requests = (0..<count).map { index in
            time += Int64(random.index(below: [1, 1_000_000_000][random.index(below: 2)]))
            // The id tells which request it was.
            hashes.append([UInt32(index)])
            return Request(
                index: index, arrival: SimulationTime(nanoseconds: time), promptTokens: 1 + random.index(below: 50),
                outputTokens: 1 + random.index(below: 50), classIndex: random.index(below: 3))
        }
        return Trace(
            requests: requests, classNames: ["a", "b", "c"], blockHashes: hashes,
            provenance: .init(source: "random", format: "generated"))
    }

    private func randomSelection(seed: UInt64, of trace: Trace) -> TraceSelection {
        var random = RandomStreams(seed: seed).stream(named: "choices")
        var selection = TraceSelection()
        func chosen() -> Bool { random.index(below: 2) == 0 }
        if chosen() { selection.from = trace.requests[random.index(below: 100)].arrival }
        if chosen() { selection.to = trace.requests[150 + random.index(below: 100)].arrival }
        if chosen() { selection.classes = [["a"], ["b", "c"], ["c", "a", "b"]][random.index(below: 3)] }
        if chosen() { selection.promptTokens = .init(least: chosen() ? 5 : nil, most: chosen() ? 40 : nil) }
        if chosen() { selection.outputTokens.most = 45 }
        if chosen() { selection.totalTokens.most = 80 }
        if chosen() { selection.share = 0.5 }
        if chosen() { selection.skipped = random.index(below: 30) }
        if chosen() { selection.requests = 1 + random.index(below: 60) }
        return selection
    }

    @Test("a selection keeps what a naive filter keeps, in order, with its ids", arguments: 0..<200 as Range<UInt64>)
    func naive(seed: UInt64) {
        let trace = randomTrace(seed: seed)
        let selection = randomSelection(seed: seed, of: trace)
        let streams = RandomStreams(seed: seed)
        let selected = trace.selecting(selection, streams: streams)
        var sample = streams.stream(named: "sample")
        var kept: [Int] = []
        for request in trace.requests {
            let total = request.promptTokens + request.outputTokens
            if request.arrival < selection.from ?? .zero || request.arrival >= selection.to ?? .never { continue }
            if !selection.classes.isEmpty, !selection.classes.contains(trace.classNames[request.classIndex]) {
                continue
            }
            if request.promptTokens < selection.promptTokens.least ?? 0 { continue }
            if request.promptTokens > selection.promptTokens.most ?? 99 { continue }
            if request.outputTokens > selection.outputTokens.most ?? 99 || total > selection.totalTokens.most ?? 999 {
                continue
            }
            if let share = selection.share, sample.uniform() >= share { continue }
            kept.append(request.index)
        }
        kept = Array(kept.dropFirst(selection.skipped).prefix(selection.requests ?? .max))
        #expect(selected.requests.indices.map { Int(selected.blockHashes?[$0].first ?? 999) } == kept)
        #expect(selected.requests.map(\.promptTokens) == kept.map { trace.requests[$0].promptTokens })
        let start = selection.from == nil && selection.to == nil ? SimulationTime.zero : selection.from ?? .zero
        #expect(
            selected.requests.map(\.arrival) == kept.map { SimulationTime.zero + (trace.requests[$0].arrival - start) })
        #expect(selected.requests.map(\.index) == Array(selected.requests.indices))
    }

    @Test("a sample does not depend on what is done after it, and its size is binomial", arguments: [0.1, 0.5, 0.9])
    func sample(share: Double) {
        let trace = randomTrace(seed: 1, count: 20_000)
        var selection = TraceSelection()
        selection.share = share
        let streams = RandomStreams(seed: 3)
        let all = trace.selecting(selection, streams: streams)
        let deviation = (20_000 * share * (1 - share)).squareRoot()
        #expect(abs(Double(all.requests.count) - 20_000 * share) < 4 * deviation)
        selection.requests = 50
        #expect(trace.selecting(selection, streams: streams).requests == Array(all.requests.prefix(50)))
        #expect(trace.selecting(selection, streams: RandomStreams(seed: 4)).requests != Array(all.requests.prefix(50)))
    }

    @Test("a clock twice as fast halves all times; order and ties are kept", arguments: 0..<50 as Range<UInt64>)
    func clock(seed: UInt64) {
        let trace = randomTrace(seed: seed)
        let fast = trace.withClock(timesAsFast: 2)
        for (slow, fast) in zip(trace.requests, fast.requests) {
            #expect(abs(Double(fast.arrival.nanoseconds) - Double(slow.arrival.nanoseconds) / 2) <= 0.5)
        }
        #expect(zip(fast.requests, fast.requests.dropFirst()).allSatisfy { $0.arrival <= $1.arrival })
        #expect(trace.withClock(timesAsFast: 1).requests == trace.requests)
    }

    @Test("a selection of everything changes nothing")
    func everything() {
        let trace = randomTrace(seed: 5)
        let selected = trace.selecting(TraceSelection(), streams: RandomStreams(seed: 1))
        #expect(selected.requests == trace.requests && selected.provenance == trace.provenance)
    }

    @Test("what cannot be taken of any trace has words")
    func problems() {
        func problem(_ change: (inout TraceSelection) -> Void) -> String? {
            var selection = TraceSelection()
            change(&selection)
            return selection.problem
        }
        #expect(problem { _ in } == nil)
        #expect(problem { ($0.from, $0.to) = (.zero + .init(nanoseconds: 5), .zero) }?.contains("window") == true)
        #expect(problem { $0.promptTokens = .init(least: 5, most: 4) } == "prompt tokens from 5 to 4")
        #expect(problem { $0.share = 0 }?.contains("sample of 0.0") == true)
        #expect(problem { $0.clockSpeed = 0 }?.contains("clock 0.0 times") == true)
        #expect(problem { $0.requests = 0 } != nil && problem { $0.skipped = -1 } != nil)
    }
}
