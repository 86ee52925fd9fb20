import Diagnostics
import EventKernel
import Testing
import Workloads

@Suite("Readers against damaged inputs")
struct ReaderFuzzTests {
    private static let seeds: [[UInt8]] = [
        "arrival_s,prompt_tokens,output_tokens\n0.5,10,20\n1.25,30,40\n1e1,50,60\n",
        "id,arrival_s,class,prompt_tokens,output_tokens\r\na,0,\"x,y\",10,20\r\nb,1.000000001,chat,30,40",
        "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109",
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-12 00:00:00.001163+00:00,1452,3\n2024-05-12 00:00:01+00:00,584,31\n",
    ].map { Array($0.utf8) }

    private static let pieces: [[UInt8]] = [
        "\"", ",", "\r", "\n", ".", "e9", "-", "\0", "9999999999", "\u{FEFF}", "+00:00", " ",
    ].map {
        Array($0.utf8)
    }

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

    /// 200,000 inputs in all. What is checked is what holds for every input: a trace that keeps its invariants, or
    /// errors that all have a place inside the input.
    @Test("a damaged input gives a valid trace or errors with places in it", arguments: 0..<100 as Range<UInt64>)
    func damaged(seed: UInt64) {
        var random = RandomStreams(seed: seed).stream(named: "mutations")
        for _ in 0..<2000 {
            let input = mutate(Self.seeds[random.index(below: Self.seeds.count)], &random)
            if let fault = fault(input, chunkSize: 1 + random.index(below: 200)) {
                Issue.record("\(fault) for \(String(decoding: input, as: UTF8.self).debugDescription)")
            }
        }
    }

    private func fault(_ input: [UInt8], chunkSize: Int) -> String? {
        do throws(InputError) {
            let trace = try TraceReader.read(bytes: input, name: "fuzz", chunkSize: chunkSize).trace
            if trace.requests.isEmpty || trace.requests.count > input.count {
                return "\(trace.requests.count) requests"
            }
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
