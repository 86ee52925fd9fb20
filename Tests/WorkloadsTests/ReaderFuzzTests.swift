import Diagnostics
import EventKernel
import Testing
import Workloads

@Suite("Readers against damaged inputs")
struct ReaderFuzzTests {
    private static let pieces: [[UInt8]] = [
        "\"", ",", "\r", "\n", ".", "e9", "-", "\0", "9999999999", "\u{FEFF}", "+00:00", " ", "{", "}", "[", "]", ":",
        "\\", "\\u", "null", "[[[[[[[[", "{\"a\":",
    ].map { Array($0.utf8) }

    private func mutate(_ bytes: [UInt8], _ random: inout RandomStream) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.index(below: 4) {
            let place = random.index(below: bytes.count + 1)
            switch random.index(below: 4) {
            case 0 where place < bytes.count: bytes[place] = UInt8(random.index(below: 256))
            case 1: bytes.insert(contentsOf: Self.pieces[random.index(below: Self.pieces.count)], at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.index(below: 12)))
            default:
                let end = min(bytes.count, place + random.index(below: 30))
                bytes.insert(contentsOf: bytes[place..<end], at: random.index(below: bytes.count + 1))
            }
        }
        return bytes
    }

    #if DEBUG
        private static let inputsOfFormat = 40
    #else
        private static let inputsOfFormat = 900
    #endif

    /// 100,800 inputs of each format in a release build, a sample of them in a debug build, which is slow. What is checked is what holds for every input: a trace that keeps its
    /// invariants, or errors that all have a place inside the input.
    @Test("a damaged input gives a valid trace or errors with places in it", arguments: 0..<112 as Range<UInt64>)
    func damaged(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "mutations")
        for format in TraceFormat.allCases {
            let inputs = fuzzSeeds.filter { $0.format == format }.map { Array($0.text.utf8) }
            for _ in 0..<Self.inputsOfFormat {
                let input = mutate(inputs[random.index(below: inputs.count)], &random)
                // Now and then as what it looks like by now.
                let asked = random.index(below: 4) == 0 ? nil : format
                if let fault = fault(input, asked, chunkSize: 1 + random.index(below: 200)) {
                    Issue.record("\(fault) for \(String(decoding: input, as: UTF8.self).debugDescription)")
                }
            }
        }
    }

    @Test("every format is damaged")
    func allCovered() { #expect(Set(fuzzSeeds.map(\.format)) == Set(TraceFormat.allCases)) }

    @Test("nesting is bounded", arguments: ["[{\"a\":[", "{\"a\":", "[{\"conversations\":[{\"value\":"])
    func nesting(opening: String) throws {
        let input = Array(String(repeating: opening, count: 1_000_000).utf8)
        let error = try #require(throws: InputError.self) {
            try TraceReader.read(bytes: input, name: "deep", format: .shareGPT)
        }
        #expect(error.diagnostics.contains { $0.message.contains("nested more than 60 deep") })
    }

    /// Every request comes once if each is answered at once.
    private func faultOfSessions(_ trace: Trace) -> String? {
        var source = FollowUpSource(trace)
        var count = 0
        while let request = source.next() {
            source.finished(request.index, at: request.arrival)
            count += 1
        }
        return count == trace.requests.count ? nil : "\(count) of \(trace.requests.count) requests of sessions"
    }

    private func fault(_ input: [UInt8], _ format: TraceFormat?, chunkSize: Int) -> String? {
        do throws(InputError) {
            let arrivals = GivenArrivals(.evenlySpaced(rate: 1), streams: RandomStreams(seed: 0))
            let trace = try TraceReader.read(
                bytes: input, name: "fuzz", format: format, arrivals: arrivals, keepsFollowUps: true,
                chunkSize: chunkSize
            ).trace
            if trace.blockHashes.map({ $0.requests != trace.requests.count }) == true { return "ids of other requests" }
            if trace.requests.isEmpty || trace.requests.count > input.count {
                return "\(trace.requests.count) requests"
            }
            if trace.followUps != nil, let fault = faultOfSessions(trace) { return fault }
            return trace.requests[0].arrival >= .zero ? nil : "an arrival before the start"
        } catch {
            let lines = input.count { $0 == 0x0A } + 1
            for diagnostic in error.diagnostics {
                guard let place = diagnostic.location, 1...lines ~= place.line, 1...(input.count + 1) ~= place.column
                else {
                    return "a place outside: \(diagnostic)"
                }
            }
            return error.diagnostics.count <= 2 * DiagnosticCollector.limit ? nil : "\(error.diagnostics.count) errors"
        }
    }
}
