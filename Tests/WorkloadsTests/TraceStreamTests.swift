import Diagnostics
import EventKernel
import Foundation
import Testing
import Workloads

@Suite("Traces that are read twice instead of held")
struct TraceStreamTests {
    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "phasewise-\(UUID().uuidString)").path()
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private func randomTrace(_ random: inout RandomStream) -> Trace {
        let classes = random.index(below: 2) == 0 ? [] : ["chat", "a,b", "say \"hi\""]
        var hashes = BlockHashes(dialect: .blockContent, blockTokens: 16)
        var time = SimulationTime.zero
        let requests = (0..<200).map { index in
            time += SimulationDuration(nanoseconds: Int64(random.index(below: 5)) * 400_000_000)
            let prompt = 1 + random.index(below: 500)
            let blocks = random.index(below: (prompt - 1) / 16 + 2)
            hashes.append((0..<blocks).map { _ in UInt32(random.index(below: 9)) })
            return Request(
                index: index, arrival: time, promptTokens: prompt,
                outputTokens: 1 + random.index(below: 100),
                classIndex: classes.isEmpty ? 0 : index < 3 ? index : random.index(below: 3))
        }
        return Trace(
            requests: requests, classNames: classes, blockHashes: random.index(below: 2) == 0 ? hashes : nil,
            provenance: .init(source: "", format: ""))
    }

    private func randomSelection(of trace: Trace, _ random: inout RandomStream) -> TraceSelection {
        func sometimes<Value>(_ value: Value) -> Value? { random.index(below: 3) == 0 ? value : nil }
        var selection = TraceSelection()
        selection.from = sometimes(SimulationTime(nanoseconds: 10_500_000_000))
        selection.to = sometimes(SimulationTime(nanoseconds: 100_000_000_000))
        selection.promptTokens.least = sometimes(40)
        selection.outputTokens.most = sometimes(80)
        selection.totalTokens.most = sometimes(400)
        selection.share = sometimes(0.5)
        selection.skipped = sometimes(7) ?? 0
        selection.requests = sometimes(20)
        selection.clockSpeed = sometimes(3) ?? 1
        if trace.classNames.count > 1 { selection.classes = sometimes(Array(trace.classNames.prefix(2))) ?? [] }
        return selection
    }

    @Test("what they write is what is written of a trace that is held", arguments: 0..<200 as Range<UInt64>)
    func sameText(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "stream")
        let (trace, streams) = (randomTrace(&random), RandomStreams(seed: seed))
        let selection = randomSelection(of: trace, &random)
        let layouts = TraceWriter.Layout.allCases
        let (layout, timing) = (layouts[random.index(below: 2)], random.index(below: 3))
        let text = TraceWriter.text(trace, as: trace.blockHashes == nil ? layouts[random.index(below: 2)] : .jsonLines)
        try withFile(text) { path in
            var held = try TraceReader.read(path: path).trace.selecting(selection, streams: streams)
            let opened = try TraceStream(path: path, selection: selection, streams: streams)
            var stream = try #require(opened)
            #expect(stream.requests == held.requests.count && stream.rate == held.rate)
            switch timing {
            case 0: break
            case 1:
                let rescaled = held.rescaled(toRate: 12.5)
                let isRescaled = stream.rescale(toRate: 12.5)
                #expect(isRescaled == (rescaled != nil))
                held = rescaled ?? held
            default:
                held = try #require(held.withArrivals(.poisson(rate: 3), streams: streams))
                let isDrawn = stream.drawArrivals(.poisson(rate: 3), streams: streams)
                #expect(isDrawn)
            }
            var written: [UInt8] = []
            try stream.write(as: layout) { written += $0 }
            #expect(written == TraceWriter.text(held, as: layout))
        }
    }

    @Test("dates begin at the first request that is kept, as when they are held")
    func dates() throws {
        let text =
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-01-01 00:00:00,5,0\n2024-01-01 00:00:01,5,1\n2024-01-01 00:00:03,6,2\n"
        try withFile(Array(text.utf8)) { path in
            let opened = try TraceStream(path: path, selection: TraceSelection(), streams: RandomStreams(seed: 1))
            let stream = try #require(opened)
            var written = ""
            try stream.write(as: .csv) { written += String(decoding: $0, as: UTF8.self) }
            #expect(written == "arrival_s,prompt_tokens,output_tokens\n0,5,1\n2,6,2\n")
            #expect(
                stream.warnings.map(\.description) == (try TraceReader.read(path: path).warnings.map(\.description)))
        }
    }

    @Test("rows out of order and turns of sessions have to be held")
    func held() throws {
        let sessions =
            #"{"session_id": "a", "arrival_time_ns": 0, "sub_requests": [{"input_toks": 5, "output_toks": 3}]}"#
        for text in ["arrival_s,prompt_tokens,output_tokens\n1,5,5\n0.5,5,5\n", sessions + "\n"] {
            try withFile(Array(text.utf8)) { path in
                let stream = try TraceStream(path: path, selection: TraceSelection(), streams: RandomStreams(seed: 1))
                #expect(stream == nil)
            }
        }
    }

    @Test("what is wrong with a file is said before anything is written, as when it is held")
    func errors() throws {
        for text in [
            "arrival_s,prompt_tokens,output_tokens\n1,5,5\n2,x,5\n3,5,-1\n", "arrival_s,prompt_tokens,output_tokens\n",
        ] {
            try withFile(Array(text.utf8)) { path in
                func message(_ body: () throws -> Void) -> String {
                    do { try body() } catch { return "\(error)" }
                    return "nothing"
                }
                let held = message { _ = try TraceReader.read(path: path) }
                let streamed = message {
                    _ = try TraceStream(path: path, selection: TraceSelection(), streams: RandomStreams(seed: 1))
                }
                #expect(streamed == held && held != "nothing")
            }
        }
    }

    @Test("only a plain file that is not being written can be read again")
    func again() throws {
        try withFile([]) { path in
            #expect(TraceFile.canBeReadAgain(path, writing: nil))
            #expect(TraceFile.canBeReadAgain(path, writing: path + ".new"))
            #expect(!TraceFile.canBeReadAgain(path, writing: path))
            let link = path + ".link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            defer { try? FileManager.default.removeItem(atPath: link) }
            #expect(!TraceFile.canBeReadAgain(path, writing: link))
            #expect(!TraceFile.canBeReadAgain("/dev/null", writing: nil))
        }
    }
}
