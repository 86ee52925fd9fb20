import Diagnostics
import EventKernel
import Testing
import Workloads

@Suite("Trace readers")
struct TraceReaderTests {
    private func read(_ text: String, chunkSize: Int = 1 << 20) throws -> (trace: Trace, warnings: [Diagnostic]) {
        try TraceReader.read(bytes: Array(text.utf8), name: "a.csv", chunkSize: chunkSize)
    }

    @Test("columns are found by name, in any order, and unknown ones are named in a warning")
    func columnsByName() throws {
        let (trace, warnings) = try read("output_tokens,id,note,arrival_s,class,prompt_tokens\n7,a,b,1.5,chat,100\n")
        #expect(trace.requests.map(\.promptTokens) == [100])
        #expect(trace.requests.map(\.outputTokens) == [7])
        #expect(trace.requests.map(\.arrival.nanoseconds) == [1_500_000_000])
        #expect(trace.classNames == ["chat"])
        #expect(warnings.map(\.description) == ["a.csv:1:18: warning: column \"note\" is not used"])
    }

    @Test(
        "seconds become nanoseconds without a Double in between",
        arguments: [
            ("0", 0), ("1", 1_000_000_000), ("0.000000001", 1), ("1.", 1_000_000_000), (".5", 500_000_000),
            ("0.1", 100_000_000), ("0.30000000000000004", 300_000_000), ("2e-06", 2000), ("1.5E3", 1_500_000_000_000),
            ("+", nil), ("0.0000000005", 1), ("0.0000000004999", 0), ("123456789.123456789", 123_456_789_123_456_789),
            ("1700158546.680590", 1_700_158_546_680_590_000), ("00012.5", 12_500_000_000), ("1e-9999", 0),
            ("4000000000", 4_000_000_000_000_000_000), ("0e400", 0), ("9007199.254740993", 9_007_199_254_740_993),
        ] as [(String, Int64?)])
    func exactSeconds(text: String, nanoseconds: Int64?) throws {
        let input = "arrival_s,prompt_tokens,output_tokens\n\(text),1,1\n"
        if let nanoseconds {
            let trace = try read(input).trace
            #expect(trace.requests.map(\.arrival.nanoseconds) == [nanoseconds])
        } else {
            #expect(throws: InputError.self) { try read(input) }
        }
    }

    @Test(
        "calendar times are exact, whatever their decimals and zone",
        arguments: [
            ("2023-11-16 18:15:46.6805900", "2023-11-16 18:15:46.6805901", 100),
            ("2024-05-12 00:00:00.001163+00:00", "2024-05-12 00:00:01+00:00", 998_837_000),
            ("2024-02-28 23:59:59", "2024-03-01 00:00:00", 86_401_000_000_000),
            ("2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", 1_000_000_000),
            ("2024-06-01 12:00:00+02:00", "2024-06-01 12:00:00-01:30", 12_600_000_000_000),
            ("1999-12-31 00:00:00", "2100-03-01 00:00:00", 3_160_944_000_000_000_000),
        ] as [(String, String, Int64)])
    func exactCalendar(first: String, second: String, gap: Int64) throws {
        let (trace, warnings) = try read("TIMESTAMP,ContextTokens,GeneratedTokens\r\n\(first),1,1\r\n\(second),1,1")
        #expect(trace.requests.map(\.arrival.nanoseconds) == [0, gap])
        #expect(warnings.isEmpty)
        #expect(trace.provenance.format == "azure")
    }

    @Test("arrivals out of order are sorted with one warning, ties keep the file's order")
    func sorts() throws {
        let (trace, warnings) = try read(
            "arrival_s,prompt_tokens,output_tokens\n3,1,1\n1,2,1\n2,3,1\n1,4,1\n1,5,1\n")
        #expect(trace.requests.map(\.promptTokens) == [2, 4, 5, 3, 1])
        #expect(trace.requests.map(\.index) == Array(0..<5))
        #expect(
            warnings.map(\.description) == [
                "a.csv:3:1: warning: 2 rows arrive before the row above them, first here: sorted by arrival"
            ])
    }

    @Test("rows without output or prompt tokens are left out, counted and said")
    func excludes() throws {
        let (trace, warnings) = try read(
            "arrival_s,prompt_tokens,output_tokens\n1,10,0\n2,0,5\n3,0,0\n4,10,5\n")
        #expect(trace.requests.map(\.arrival.nanoseconds) == [4_000_000_000])
        #expect(
            trace.provenance.excluded == [
                .init(reason: "no output tokens", count: 2), .init(reason: "no prompt tokens", count: 1),
            ])
        #expect(
            warnings.map(\.description) == [
                "a.csv:2:6: warning: 2 rows with no output tokens left out, first here",
                "a.csv:3:3: warning: 1 row with no prompt tokens left out, first here",
            ])
    }

    @Test("quotes, blanks, byte order mark, CRLF and a missing last line end change nothing")
    func tolerances() throws {
        let plain = try read("arrival_s,prompt_tokens,output_tokens,class\n1.5,10,20,a\n2.5,30,40,\"b,\"\"c\"\"\"\n")
        let dressed = try read(
            "\u{FEFF}\"arrival_s\", prompt_tokens ,output_tokens,class\r\n\r\n \"1.5\" ,\t10,20 ,\"a\"\r\n2.5,\"30\",40, \"b,\"\"c\"\"\" \r\n\r\n \r\n"
        )
        #expect(plain.trace.requests == dressed.trace.requests)
        #expect(plain.trace.classNames == ["a", "b,\"c\""])
        #expect(dressed.trace.classNames == plain.trace.classNames)
        #expect(dressed.warnings.isEmpty)
    }

    @Test("a class and a tenant have an index together, and both come back", arguments: 0..<60 as Range<UInt64>)
    func tenants(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "tenants")
        let (classes, tenants) = (["chat", "batch, \"slow\""], ["a", "b \u{FC}", " c"])
        let hasClasses = seed % 3 > 0
        let rows = (0..<40).map { _ in (random.index(below: 2), random.index(below: 3)) }
        func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
        let text =
            "tenant,arrival_s,prompt_tokens,\(hasClasses ? "class," : "")output_tokens\n"
            + rows.enumerated().map { index, row in
                "\(quoted(tenants[row.1])),\(index),1,\(hasClasses ? quoted(classes[row.0]) + "," : "")2\n"
            }.joined()
        let (trace, warnings) = try read(text)
        #expect(warnings.isEmpty)
        let again = try TraceReader.read(bytes: TraceWriter.csv(trace), name: "b.csv").trace
        let json = try TraceReader.read(bytes: TraceWriter.jsonLines(trace), name: "b.jsonl").trace
        for trace in [trace, again, json] {
            #expect(trace.classNames.count == (hasClasses ? trace.tenantNames.count : 0))
            for (request, row) in zip(trace.requests, rows) {
                // An unquoted blank at the start of a field is none of its text, a quoted one is.
                #expect(trace.tenantNames[request.classIndex] == tenants[row.1])
                if hasClasses { #expect(trace.classNames[request.classIndex] == classes[row.0]) }
            }
        }
    }

    @Test("a JSON trace names a tenant with every request or with none")
    func mixedTenants() throws {
        let lines =
            #"{"arrival_s": 0, "prompt_tokens": 1, "output_tokens": 1, "tenant": "a"}"#
            + "\n" + #"{"arrival_s": 1, "prompt_tokens": 1, "output_tokens": 1}"#
        let error = try #require(throws: InputError.self) {
            try TraceReader.read(bytes: Array(lines.utf8), name: "a.jsonl")
        }
        #expect(
            error.diagnostics.map(\.description) == [
                "a.jsonl:2:1: error: a request without a \"tenant\", expected it as in those above"
            ])
    }

    @Test("where a chunk of the file ends changes nothing", arguments: 1...70)
    func chunks(chunkSize: Int) throws {
        let text =
            "arrival_s,prompt_tokens,output_tokens,class\r\n"
            + (0..<20).map { "\($0).\($0),\(100 + $0),\(1 + $0 * 97),\($0 % 3 == 0 ? "chat" : "tool")\r\n" }.joined()
        let whole = try read(text).trace
        let pieces = try read(text, chunkSize: chunkSize).trace
        #expect(pieces.requests == whole.requests)
        let broken = text + "20,x,5"
        let error = try #require(throws: InputError.self) { try read(broken, chunkSize: chunkSize) }
        #expect(error.diagnostics.first?.location == SourceLocation(file: "a.csv", line: 22, column: 4))
    }

    @Test(
        "what is no digit is found in every place of a time", arguments: ["/", ":", "0:", " ", "p", "?", "\u{80}"],
        0..<10)
    func noDigit(byte: String, place: Int) throws {
        let decimals = "123456789"
        let field = "7." + decimals.prefix(place) + byte + decimals.dropFirst(place + 1) + "5"
        let error = try #require(throws: InputError.self) {
            try read("arrival_s,prompt_tokens,output_tokens\n\(field),1,1\n")
        }
        #expect(error.diagnostics.first?.location == SourceLocation(file: "a.csv", line: 2, column: 1))
    }

    @Test("numbers read in one pass are those read the long way round", arguments: 0..<50 as Range<UInt64>)
    func onePass(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "numbers")
        let rows = (0..<100).map { row in
            let whole = random.index(below: [10, 1_000_000_000, 4_000_000_000][random.index(below: 3)])
            let decimals = String(random.index(below: 1_000_000_000_000)).suffix(random.index(below: 13))
            let tokens = (0..<2).map { _ in String(1 + random.index(below: [9, 1_000_000_000][random.index(below: 2)]))
            }
            return [random.index(below: 4) == 0 ? "\(whole)" : "\(whole).\(decimals)"] + tokens
        }
        let header = "arrival_s,prompt_tokens,output_tokens\n"
        let plain = header + rows.map { $0.joined(separator: ",") + "\n" }.joined()
        // Quotes keep a field from the short way.
        let quoted = header + rows.map { $0.map { "\"\($0)\"" }.joined(separator: ",") + "\n" }.joined()
        let (a, b) = (try read(plain).trace, try read(quoted).trace)
        #expect(a.requests == b.requests)
        // An independent way to the same arrivals: digits cut and padded as text.
        let expected = rows.map { row in
            let parts = row[0].split(separator: ".", omittingEmptySubsequences: false)
            let digits = (parts.count > 1 ? String(parts[1]) : "") + "0000000000"
            let roundsUp = Array(digits.utf8)[9] >= 0x35
            return (Int64(parts[0]) ?? 0) * 1_000_000_000 + (Int64(digits.prefix(9)) ?? 0) + (roundsUp ? 1 : 0)
        }
        #expect(a.requests.map(\.arrival.nanoseconds) == expected.sorted())
    }
}
