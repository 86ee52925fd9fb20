import CZlib
import Diagnostics
import EventKernel
import Foundation
import Testing
import Workloads

@Suite("Trace files")
struct TraceFileTests {
    private let text = "arrival_s,prompt_tokens,output_tokens\n0.5,10,20\n1.25,30,40\n1.25,50,60\n"

    /// Runs `body` with the path of a file that holds `bytes` and is gone afterwards.
    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "phasewise-\(UUID().uuidString).csv").path()
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private func gzip(_ text: String) throws -> [UInt8] {
        try withFile([]) { path in
            let file = gzopen(path, "wb")
            let bytes = Array(text.utf8)
            #expect(gzwrite(file, bytes, UInt32(bytes.count)) == Int32(bytes.count))
            gzclose(file)
            return try Array(Data(contentsOf: URL(filePath: path)))
        }
    }

    private func all(_ source: TraceFileSource) throws -> [Request] {
        var requests: [Request] = []
        while let request = try source.next() { requests.append(request) }
        return requests
    }

    @Test("a file reads the same whole, streamed, and gzipped in several members")
    func sameRequests() throws {
        let expected = try TraceReader.read(bytes: Array(text.utf8), name: "a.csv").trace.requests
        let half = text.index(text.startIndex, offsetBy: 45)
        let members = try gzip(String(text[..<half])) + gzip(String(text[half...]))
        for bytes in [Array(text.utf8), try gzip(text), members] {
            try withFile(bytes) { path in
                let trace = try TraceReader.read(path: path).trace
                #expect(trace.requests == expected)
                let source = try TraceFileSource(path: path)
                #expect(try all(source) == expected)
                #expect(try source.next() == nil)
                #expect(source.provenance == Trace.Provenance(source: path, format: "csv"))
            }
        }
    }

    @Test("a cut or damaged gzip file is refused with the line it breaks in")
    func damagedGzip() throws {
        let long = text + (2..<5000).map { "\($0),\(1 + $0 * 7919 % 1000),5\n" }.joined()
        let whole = try gzip(long)
        var damaged = whole
        damaged[whole.count / 2] ^= 0x55
        for (bytes, fragment) in [(Array(whole.dropLast(2000)), "ends early"), (damaged, "damaged")] {
            try withFile(bytes) { path in
                let error = try #require(throws: InputError.self) { try TraceReader.read(path: path) }
                #expect(error.diagnostics[0].message.contains(fragment), "\(error)")
                #expect((error.diagnostics[0].location?.line ?? 0) >= 1)
            }
        }
    }

    @Test("a file that cannot be opened or read is said so")
    func unreadable() throws {
        let missing = try #require(throws: InputError.self) { try TraceReader.read(path: "/no/such/trace.csv") }
        #expect(missing.description == "error: /no/such/trace.csv cannot be opened: No such file or directory")
        let directory = try #require(throws: InputError.self) { try TraceReader.read(path: "/") }
        #expect(directory.description.contains("Is a directory"))
    }

    @Test("a stream that goes back is refused at the row, with a way out")
    func streamGoesBack() throws {
        try withFile(Array((text + "1,7,7\n2,8,8\n1.5,x,9\n0,1,1\n").utf8)) { path in
            let source = try TraceFileSource(path: path)
            for _ in 0..<3 { #expect(try source.next() != nil) }
            let error = try #require(throws: InputError.self) { try source.next() }
            #expect(error.diagnostics.map { $0.location?.line } == [5, 7, 8])
            #expect(error.diagnostics.map { $0.location?.column } == [1, 5, 1])
            #expect(error.diagnostics[0].help?.contains("into memory") == true)
        }
    }

    @Test("a stream leaves out what the reader leaves out")
    func streamExcludes() throws {
        try withFile(
            Array("TIMESTAMP,ContextTokens,GeneratedTokens\n2024-01-01 00:00:00,5,0\n2024-01-01 00:00:01,5,1\n".utf8)
        ) {
            let source = try TraceFileSource(path: $0)
            #expect(try all(source) == [Request(index: 0, arrival: .zero, promptTokens: 5, outputTokens: 1)])
            #expect(source.provenance.excluded == [.init(reason: "no output tokens", count: 1)])
            #expect(source.warnings.count == 1)
        }
    }

    @Test("what is written is read back the same, and is written again the same", arguments: 0..<100 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "round trip")
        let classes = ["chat", "a,b", "say \"hi\"", " padded ", "ümlaut"]
        var time = SimulationTime.zero
        let requests = (0..<50).map { index in
            time += SimulationDuration(
                nanoseconds: Int64(random.index(below: [1, 1000, 1 << 40][random.index(below: 3)])))
            return Request(
                index: index, arrival: time, promptTokens: 1 + random.index(below: 100_000),
                outputTokens: 1 + random.index(below: 1000), classIndex: index < 5 ? index : random.index(below: 5))
        }
        let trace = Trace(requests: requests, classNames: classes, provenance: .init(source: "", format: ""))
        let bytes = TraceWriter.csv(trace)
        let (back, warnings) = try TraceReader.read(bytes: bytes, name: "a.csv")
        #expect(back.requests == requests)
        #expect(back.classNames == classes)
        #expect(warnings.isEmpty)
    }
}
