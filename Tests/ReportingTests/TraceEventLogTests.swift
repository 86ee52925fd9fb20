import EventKernel
import Foundation
import Metrics
import Testing

@testable import Reporting

@Suite("Trace events")
struct TraceEventLogTests {
    private func time(_ nanoseconds: Int64) -> SimulationTime { SimulationTime(nanoseconds: nanoseconds) }

    private func log(
        window: ClosedRange<SimulationTime> = .zero ... .never, every: Int = 1, bytes: Int = 1_000_000,
        title: String = "run 1", requests: TraceEventLog.Requests = .whereTheyFit
    ) -> TraceEventLog {
        TraceEventLog(
            title: title,
            processes: [
                .init(name: "prefill 0", lanes: ["prefill"]), .init(name: "decode 0", lanes: [nil, "decode"]),
            ],
            limits: .init(window: window, every: every, bytes: bytes, requests: requests))
    }

    private func iteration(_ start: Int64, _ end: Int64, instance: Int = 0, prefill: Int = 5) -> IterationRecord {
        IterationRecord(
            instance: instance, lane: instance, start: time(start), end: time(end), iterations: 1, sms: 132,
            prefillTokens: prefill, prefillSequences: prefill > 0 ? 1 : 0, decodeSequences: prefill > 0 ? 0 : 3,
            decodeContextTokens: 0)
    }

    private func events(_ log: consuming TraceEventLog) throws -> [[String: Any]] { try events(log.finished()) }

    private func events(_ log: TraceEventLog.Finished) throws -> [[String: Any]] {
        let object = try JSONSerialization.jsonObject(with: Data(log.bytes)) as? [String: Any]
        return try #require(object?["traceEvents"] as? [[String: Any]]).filter { $0["ph"] as? String != "M" }
    }

    @Test("times are microseconds that keep every nanosecond")
    func exactTimes() {
        var log = log()
        log.record(iteration(1_000_001, 2_003_040))
        let text = String(decoding: log.finished().bytes, as: UTF8.self)
        #expect(text.contains("\"ts\":1000.001,\"dur\":1003.039,"))
    }

    @Test("iterations, transfers, changes and samples each become what viewers draw them as")
    func kinds() throws {
        var log = log()
        log.record(iteration(0, 10))
        log.record(iteration(5, 10, instance: 1, prefill: 0))
        log.record(
            TransferRecord(
                request: 4, source: 0, destination: 1, bytes: 99, requested: time(1), started: time(2),
                finished: time(9)))
        log.record(PartitionChangeRecord(time: time(3), instance: 0, prefillSMs: 60, decodeSMs: 72, reason: "a\"b"))
        log.record(
            IntervalRecord(
                time: time(4), instance: 0, waiting: 1, prefilling: 2, decodeWaiting: 3, decoding: 4, usedBlocks: 9,
                totalBlocks: 10, prefillBlocks: 5, prefillSMs: 60, decodeSMs: 72, prefillBusy: .zero,
                decodeBusy: .zero))
        let events = try events(log)
        #expect(events.map { $0["ph"] as? String } == ["X", "X", "X", "i", "C", "C", "C", "C"])
        #expect(
            events.map { $0["name"] as? String } == [
                "prefill", "decode", "request 4", "partition 60 / 72 SMs", "SM caps", "requests", "KV blocks",
                "SMs held",
            ])
        #expect((events[3]["args"] as? [String: String])?["reason"] == "a\"b")
        #expect((events[6]["args"] as? [String: Int]) == ["not decoding yet": 5, "decoding": 4])
        #expect(events[2]["tid"] as? Int == 2 && events[2]["pid"] as? Int == 1)
    }

    @Test("what reaches into the window is kept, and what only touches its outside is not")
    func window() throws {
        var log = log(window: time(100)...time(200))
        for (start, end) in [(0, 99), (50, 100), (150, 160), (200, 300), (201, 300)] as [(Int64, Int64)] {
            log.record(iteration(start, end))
        }
        #expect(try events(log).map { $0["ts"] as? Double } == [0.05, 0.15, 0.2])
    }

    @Test("sampling keeps the first of so many spans of each lane", arguments: 1...7)
    func sampling(every: Int) throws {
        var log = log(every: every)
        for index in 0..<20 as Range<Int64> {
            log.record(iteration(index * 10, index * 10 + 5))
            if index < 10 { log.record(iteration(index * 10, index * 10 + 5, instance: 1)) }
        }
        let lanes = try events(log).map { $0["pid"] as? Int }
        #expect(lanes.count { $0 == 0 } == (20 + every - 1) / every)
        #expect(lanes.count { $0 == 1 } == (10 + every - 1) / every)
    }

    @Test("a full log says from when on it is missing spans, and stays whole")
    func truncation() throws {
        var log = log(bytes: 3_000)
        for index in 0..<1_000 as Range<Int64> { log.record(iteration(index * 10, index * 10 + 5)) }
        let finished = log.finished()
        let missing = try #require(finished.truncation)
        let events = try events(finished)
        #expect(Int64(events.count * 10) == missing.nanoseconds)
        #expect(events.count < 1_000 && !events.isEmpty)
    }

    /// Completed, with 10 ns in each part that it has but its decoding.
    private func request(_ index: Int, at arrival: Int64, decoding: Int64 = 10) -> RequestRecord {
        var parts = LatencyParts()
        let ten = SimulationDuration(nanoseconds: 10)
        (parts.queue, parts.prefillRun, parts.transfer, parts.decodeWait) = (ten, ten, ten, ten)
        parts.decodeRun = SimulationDuration(nanoseconds: decoding)
        return RequestRecord(
            request: index, classIndex: 0, outcome: .completed, arrival: time(arrival), promptTokens: 7,
            outputTokens: 2, scheduled: time(arrival + 10), firstToken: time(arrival + 20),
            completion: time(arrival + 40 + decoding), parts: parts)
    }

    @Test("a request is a span with its parts inside, one after the other, in a process of its own")
    func requestParts() throws {
        var log = log()
        // Asked for 4 ns after the first token, there 10 ns later; the other 6 of its wait come after that.
        log.record(
            TransferRecord(
                request: 3, source: 0, destination: 1, bytes: 1, requested: time(1024), started: time(1024),
                finished: time(1034)))
        log.record(request(3, at: 1000))
        let spans = try events(log).filter { ["request", "part"].contains($0["cat"] as? String) }
        #expect(
            spans.map { $0["name"] as? String } == [
                "request 3", "queue", "prefill", "decode wait", "KV transfer", "decode wait", "decode",
            ])
        #expect(spans.allSatisfy { $0["pid"] as? Int == 2 && $0["tid"] as? Int == 0 })
        #expect(spans.map { $0["ts"] as? Double } == [1, 1, 1.01, 1.02, 1.024, 1.034, 1.04])
        #expect(spans.map { $0["dur"] as? Double } == [0.05, 0.01, 0.01, 0.004, 0.01, 0.006, 0.01])
    }

    @Test(
        "requests of a track follow each other, on as many tracks as there are requests at a time", arguments: 0..<100)
    func tracks(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "requests")
        let requests = (0..<200).map { index in
            request(index, at: Int64(random.index(below: 5000)), decoding: 1 + Int64(random.index(below: 600)))
        }.sorted { $0.completion! < $1.completion! }
        var tracks = RequestTracks()
        var ends: [Int: SimulationTime] = [:]
        for request in requests {
            let span = try #require(tracks.take(request)?.first)
            #expect(ends[span.track] ?? .zero <= span.start)
            ends[span.track] = span.end
        }
        let most = requests.map { one in
            requests.count { $0.arrival <= one.arrival && $0.completion! > one.arrival }
        }.max()
        #expect(ends.count == most)
    }

    @Test("requests are there if all of them fit, or if they are asked for")
    func requestsThatFit() throws {
        func log(_ requests: TraceEventLog.Requests, bytes: Int) -> TraceEventLog.Finished {
            var log = self.log(bytes: bytes, requests: requests)
            log.record(iteration(0, 10))
            for index in 0..<20 { log.record(request(index, at: Int64(index * 100))) }
            return log.finished()
        }
        let all = log(.whereTheyFit, bytes: 100_000)
        #expect(try events(all).count == 1 + 20 * 5 && !all.lacksRequests && all.truncation == nil)
        #expect(try events(log(.always, bytes: 100_000)).count == 1 + 20 * 5)
        #expect(try events(log(.never, bytes: 100_000)).count == 1)
        let tight = log(.whereTheyFit, bytes: 4_000)
        #expect(try events(tight).count == 1 && tight.lacksRequests && tight.truncation == nil)
        let cut = log(.always, bytes: 4_000)
        #expect(try events(cut).count > 5 && cut.truncation != nil)
    }
}
