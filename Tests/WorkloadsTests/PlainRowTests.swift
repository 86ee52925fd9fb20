import Diagnostics
import EventKernel
import Testing
import Workloads

/// Plain rows are read in one pass; what is quoted is read field by field. Both have to say the same.
@Suite("Rows of digits and commas")
struct PlainRowTests {
    private struct Row {
        var fields: [String]

        var plain: String { fields.joined(separator: ",") }
        var quoted: String { fields.map { "\"\($0)\"" }.joined(separator: ",") }
        var blanks: String { fields.map { "  \($0)\t" }.joined(separator: ",") }
    }

    private func digits(_ most: Int, _ random: inout RandomStream) -> String {
        (0...random.index(below: most)).map { _ in "\(random.index(below: 10))" }.joined()
    }

    private func seconds(_ random: inout RandomStream) -> String {
        switch random.index(below: 6) {
        case 0: digits(9, &random)
        case 1: digits(4, &random) + "."
        case 2: digits(4, &random) + "." + digits(12, &random)
        default: digits(4, &random) + "." + digits(9, &random)
        }
    }

    private func read(_ header: String, _ lines: [String], end: String, chunkSize: Int) throws -> [Request] {
        let text = ([header] + lines).joined(separator: end) + end
        return try TraceReader.read(bytes: Array(text.utf8), name: "t.csv", chunkSize: chunkSize).trace.requests
    }

    @Test("are read as the same rows in quotes and with blanks", arguments: 0..<60 as Range<UInt64>)
    func own(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "rows")
        let rows = (0..<200).map { _ in
            Row(fields: [
                seconds(&random), digits(9, &random), "\(1 + random.index(below: 5000))",
                ["chat", "code", "ünï"][random.index(below: 3)], ["a", "b c"][random.index(below: 2)], "x\(seed)",
            ])
        }
        let header = "arrival_s,prompt_tokens,output_tokens,class,tenant,id"
        let expected = try read(header, rows.map(\.quoted), end: "\n", chunkSize: 1 << 16)
        #expect(expected.count > 100)
        for chunkSize in [1, 37, 1 << 16] {
            for end in ["\n", "\r\n"] {
                #expect(try read(header, rows.map(\.plain), end: end, chunkSize: chunkSize) == expected)
                #expect(try read(header, rows.map(\.blanks), end: end, chunkSize: chunkSize) == expected)
            }
        }
    }

    @Test("of every number of decimals say the same nanoseconds", arguments: 0...9)
    func decimals(count: Int) throws {
        let fraction = "123456789".prefix(count)
        let text = "arrival_s,prompt_tokens,output_tokens\n12.\(fraction),3,4\n"
        let request = try TraceReader.read(bytes: Array(text.utf8), name: "t.csv").trace.requests[0]
        var expected = Int64(fraction) ?? 0
        for _ in count..<9 { expected *= 10 }
        #expect(request.arrival.nanoseconds == 12_000_000_000 + expected)
        #expect(request.promptTokens == 3 && request.outputTokens == 4)
    }

    @Test("with calendar times are read as the same rows in quotes", arguments: 0..<20 as Range<UInt64>)
    func calendar(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "rows")
        func two(_ below: Int) -> String { String("0\(random.index(below: below))".suffix(2)) }
        let rows = (0..<100).map { _ in
            let fraction = ["", ".5", ".1234567", ".123456789"][random.index(below: 4)]
            let zone = ["", "Z", "+01:30"][random.index(below: 3)]
            return Row(fields: [
                "2024-05-1\(random.index(below: 10)) \(two(24)):\(two(60)):\(two(60))\(fraction)\(zone)",
                digits(5, &random), "7",
            ])
        }
        let header = "TIMESTAMP,ContextTokens,GeneratedTokens"
        let expected = try read(header, rows.map(\.quoted), end: "\n", chunkSize: 1 << 16)
        for chunkSize in [1, 50, 1 << 16] {
            #expect(try read(header, rows.map(\.plain), end: "\n", chunkSize: chunkSize) == expected)
        }
    }

    @Test("that end too early, too late or in the middle are errors where they end")
    func ends() throws {
        let text = """
            arrival_s,prompt_tokens,output_tokens
            1.5,20
            2.5,20,30,40
            3.5,20,
            4.5,20x,30
            5.5,20,30\0
            6.5,,30
            """
        let error = try #require(throws: InputError.self) {
            try TraceReader.read(bytes: Array(text.utf8), name: "t.csv")
        }
        let places = error.diagnostics.map { "\($0.location?.line ?? 0):\($0.location?.column ?? 0)" }
        #expect(places == ["2:7", "3:11", "4:8", "5:5", "6:8", "7:5"])
    }
}
