import EventKernel
import Testing
import Workloads

@Suite("Sessions of a trace that wait for answers")
struct FollowUpTests {
    private func read(_ text: String, format: TraceFormat? = nil, arrivals: GivenArrivals? = nil) throws -> Trace {
        try TraceReader.read(
            bytes: Array(text.utf8), name: "a", format: format, arrivals: arrivals, keepsFollowUps: true
        ).trace
    }

    private func milliseconds(_ trace: Trace) -> [Int64?] {
        (trace.followUps ?? []).map { followUp in
            followUp.after.map { _ in followUp.pause.nanoseconds / 1_000_000 }
        }
    }

    @Test("a call of LLMServingSim waits for the one before it and its tool")
    func llmServingSim() throws {
        let trace = try read(
            #"""
            {"session_id": "s1", "arrival_time_ns": 0, "sub_requests": [{"input_toks": 9, "output_toks": 4, "tool_duration_ns": 120000000}, {"input_toks": 10, "output_toks": 3, "tool_duration_ns": 7000000}, {"input_toks": 11, "output_toks": 3}]}
            {"input_toks": 5, "output_toks": 2, "arrival_time_ns": 60000000}
            """#)
        #expect(trace.requests.map(\.promptTokens) == [9, 5, 10, 11])
        #expect(trace.followUps?.map(\.after) == [nil, nil, 0, 2])
        #expect(milliseconds(trace) == [nil, nil, 120, 7])
    }

    @Test("a turn of AIPerf without a time waits for the one before it, with or without times for the first")
    func aiPerf() throws {
        let turns = #"""
            {"session_id": "a", FIRST"input_length": 10, "output_length": 1}
            {"session_id": "b", FIRST"input_length": 20, "output_length": 1}
            {"session_id": "a", "delay": 2000, "input_length": 11, "output_length": 1}
            {"session_id": "a", "delay": 500, "input_length": 12, "output_length": 1}
            {"session_id": "b", "delay": 1, "input_length": 21, "output_length": 1}
            """#
        let timed = try read(turns.replacing("FIRST", with: "\"timestamp\": 5, "), format: .aiPerf)
        #expect(timed.requests.map(\.promptTokens) == [10, 20, 21, 11, 12])
        #expect(timed.followUps?.map(\.after) == [nil, nil, 1, 0, 3])
        #expect(milliseconds(timed) == [nil, nil, 1, 2000, 500])
        // Starts are drawn, one a second; pauses are not.
        let arrivals = GivenArrivals(.evenlySpaced(rate: 1), streams: RandomStreams(seed: 1))
        let untimed = try read(turns.replacing("FIRST", with: ""), format: .aiPerf, arrivals: arrivals)
        #expect(untimed.requests.map(\.promptTokens) == [10, 20, 21, 11, 12])
        #expect(untimed.requests.map { $0.arrival.nanoseconds / 1_000_000 } == [0, 1000, 1001, 2000, 2500])
        #expect(untimed.followUps == timed.followUps)
        let redrawn = try #require(
            timed.withArrivals(.evenlySpaced(rate: 0.1), streams: RandomStreams(seed: 1)))
        #expect(redrawn.requests.map(\.promptTokens) == [10, 11, 12, 20, 21])
        #expect(redrawn.followUps?.map(\.after) == [nil, 0, 1, nil, 3])
    }

    @Test("a coding agent pauses from the end of the recorded answer on, and its subagents begin behind the last call")
    func kvCacheTester() throws {
        let trace = try read(
            #"""
            {"id": "a", "block_size": 64, "hash_id_scope": "local", "requests": [
              {"t": 0, "in": 10, "out": 1, "api_time": 4},
              {"t": 5, "type": "subagent", "requests": [{"t": 1, "in": 20, "out": 1, "api_time": 2}, {"t": 9.5, "in": 21, "out": 1}]},
              {"t": 30, "in": 11, "out": 1},
              {"t": 31, "in": 12, "out": 1}]}
            """#)
        #expect(trace.requests.map(\.promptTokens) == [10, 20, 21, 11, 12])
        #expect(trace.requests.map(\.arrival.seconds) == [0, 6, 14.5, 30, 31])
        // The last one: nothing says when the call before it was answered.
        #expect(trace.followUps?.map(\.after) == [nil, 0, 1, 0, nil])
        #expect(milliseconds(trace) == [nil, 2000, 6500, 26000, nil])
    }

    @Test("traces without sessions have nothing to wait for, and what selects drops it")
    func nothing() throws {
        #expect(try read("arrival_s,prompt_tokens,output_tokens\n0,1,1\n").followUps == nil)
        let trace = Trace(
            requests: (0..<4).map {
                Request(index: $0, arrival: SimulationTime(nanoseconds: Int64($0)), promptTokens: 1, outputTokens: 1)
            }, followUps: [nil, 0, 1, 0].map { FollowUp(after: $0) }, provenance: .init(source: "", format: ""))
        #expect(trace.prefix(2).followUps?.map(\.after) == [nil, 0])
        #expect(trace.window(from: .zero, to: .never).followUps == nil)
    }

    @Test(
        "each request comes its pause after the answer it waits for, others at their time",
        arguments: 0..<100 as Range<UInt64>)
    func source(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "sessions")
        let count = 1 + random.index(below: 60)
        func time(_ nanoseconds: Int) -> SimulationTime { SimulationTime(nanoseconds: Int64(nanoseconds)) }
        let arrivals = (0..<count).map { _ in random.index(below: 1000) }.sorted()
        let followUps = (0..<count).map { index in
            index > 0 && random.index(below: 3) > 0
                ? FollowUp(
                    after: random.index(below: index),
                    pause: SimulationDuration(nanoseconds: Int64(random.index(below: 300)))) : FollowUp(after: nil)
        }
        // Named by their prompts: numbers are given as they come.
        let trace = Trace(
            requests: (0..<count).map {
                Request(index: $0, arrival: time(arrivals[$0]), promptTokens: 1 + $0, outputTokens: 1)
            }, followUps: followUps, provenance: .init(source: "", format: ""))
        var source = FollowUpSource(trace)
        var finishes: [Int: SimulationTime] = [:]
        var running: [(end: SimulationTime, number: Int, request: Int)] = []
        var latest = SimulationTime.zero
        while finishes.count < count {
            // Of what comes next and what ends next, the earlier happens; a request that was looked at goes back.
            let next = source.next()
            let end = running.min { ($0.end, $0.number) < ($1.end, $1.number) }
            if let next, end.map({ next.arrival <= $0.end }) ?? true {
                let place = next.promptTokens - 1
                let expected =
                    followUps[place].after.map { finishes[$0]! + followUps[place].pause } ?? time(arrivals[place])
                #expect(next.arrival == expected && next.arrival >= latest)
                latest = next.arrival
                running.append(
                    (next.arrival + SimulationDuration(nanoseconds: Int64(random.index(below: 400))), next.index, place)
                )
            } else {
                if let next { source.takeBack(next) }
                let done = try #require(end)
                running.removeAll { $0.number == done.number }
                finishes[done.request] = done.end
                source.finished(done.number, at: done.end)
            }
        }
        #expect(source.next() == nil)
    }
}
