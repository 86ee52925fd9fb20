import Diagnostics
import Testing
import Workloads

/// An input that no reader may take, and what the first error says of it.
struct MalformedTrace: CustomTestStringConvertible, Sendable {
    var text: String
    var line: Int
    var column: Int
    var fragment: String
    var format: TraceFormat?

    init(_ text: String, _ line: Int, _ column: Int, _ fragment: String, format: TraceFormat? = nil) {
        self.text = text
        self.line = line
        self.column = column
        self.fragment = fragment
        self.format = format
    }

    var testDescription: String { "\(text.prefix(70).debugDescription) → \(line):\(column)" }
}

private let ours = "arrival_s,prompt_tokens,output_tokens\n"
private let classed = "arrival_s,class,prompt_tokens,output_tokens\n"
private let azure = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"

/// Behind a good line.
private func mooncake(_ line: String) -> String {
    #"{"timestamp": 0, "input_length": 9, "output_length": 1, "hash_ids": [0]}"# + "\n" + line + "\n"
}

let malformedTraces: [MalformedTrace] = [
    // Files that are no trace.
    .init("", 1, 1, "the file is empty"),
    .init("\n \r\n\n", 1, 1, "the file is empty"),
    .init("0.0,12,34\n", 1, 1, "starts no known trace format"),
    .init("\u{1B}[31mred\n", 1, 1, "first line \"\\u{1B}[31mred\""),
    .init("{\"timestamp\": 0}\n", 1, 1, "starts no known trace format"),
    // Headers.
    .init("arrival_s,prompt_tokens\n0,1\n", 1, 1, "no column \"output_tokens\""),
    .init("arrival_s,prompt_tokens,output_token\n0,1,2\n", 1, 25, "no column \"output_tokens\""),
    .init("arrivals,prompt_tokens,output_tokens\n0,1,2\n", 1, 1, "no column \"arrival_s\""),
    .init("arrival_s,prompt_tokens,output_tokens,prompt_tokens\n", 1, 39, "appears twice"),
    .init("arrival_s,\"prompt_tokens,output_tokens\n", 1, 11, "has quotes inside"),
    .init("TIMESTAMP,GeneratedTokens\n", 1, 1, "no column \"ContextTokens\""),
    .init(ours + "0,1,2\n", 1, 1, "no column \"TIMESTAMP\"", format: .azure),
    .init(azure, 1, 1, "no column \"arrival_s\"", format: .csv),
    // Rows.
    .init(ours, 1, 1, "no request"),
    .init(ours + "0,5\n", 2, 4, "row has 2 fields, expected 3: no \"output_tokens\""),
    .init(ours + "0,5,6,\n", 2, 7, "more fields than the header"),
    .init(ours + "0,5,6\n0,5,6,7\n", 3, 7, "more fields than the header"),
    .init(ours + "0,5,6\n\n\n1.0;5;6\n", 5, 1, "arrival_s \"1.0;5;6\" is not a number"),
    .init(ours + "0,\"5,6\n", 2, 3, "a quote without its partner"),
    .init(ours + "0,\"5\"x,6\n", 2, 3, "a quote without its partner"),
    // Times of ours.
    .init(ours + ",5,6\n", 2, 1, "arrival_s \"\" is not a number"),
    .init(ours + "abc,5,6\n", 2, 1, "arrival_s \"abc\" is not a number"),
    .init(ours + "-1,5,6\n", 2, 1, "is negative"),
    .init(ours + "nan,5,6\n", 2, 1, "is not a number"),
    .init(ours + "1.2.3,5,6\n", 2, 1, "is not a number"),
    .init(ours + "1e,5,6\n", 2, 1, "is not a number"),
    .init(ours + ".,5,6\n", 2, 1, "is not a number"),
    .init(ours + "1 2,5,6\n", 2, 1, "is not a number"),
    .init(ours + "5000000000,5,6\n", 2, 1, "is too large"),
    .init(ours + "1e300,5,6\n", 2, 1, "is too large"),
    .init(ours + "  x,5,6\n", 2, 3, "arrival_s \"x\""),
    // Tokens.
    .init(ours + "0,n/a,6\n", 2, 3, "prompt_tokens \"n/a\" is not a whole number"),
    .init(ours + "0,5,\n", 2, 5, "output_tokens \"\" is not a whole number"),
    .init(ours + "0,5,-6\n", 2, 5, "output_tokens \"-6\" is negative"),
    .init(ours + "0,5.0,6\n", 2, 3, "is not a whole number"),
    .init(ours + "0,99999999999999999999,6\n", 2, 3, "is too large, expected at most 1000000000"),
    .init(ours + "0,5,6\n0.5,\t7,é\n", 3, 8, "output_tokens \"é\""),
    .init(ours + "0,5,\"6x\"\n", 2, 6, "output_tokens \"6x\""),
    .init("\u{FEFF}" + ours + "0,x,6\n", 2, 3, "prompt_tokens \"x\""),
    .init(ours + "0,5,6\r\n0,5,x", 3, 5, "output_tokens \"x\""),
    .init(ours + "0,5,\0\n", 2, 5, "output_tokens \"\\0\""),
    .init(ours + "0,0,0\n", 1, 1, "no request"),
    // Classes.
    .init(classed + "0,,5,6\n", 2, 3, "class is empty"),
    .init(classed + (0...256).map { "0,c\($0),5,6\n" }.joined(), 258, 3, "one too many"),
    // Times of Azure.
    .init(azure + "2023-11-16 18:15,5,6\r\n", 2, 1, "is not a date and time"),
    .init(azure + "2023-02-29 00:00:00,5,6\r\n", 2, 1, "is not a date and time"),
    .init(azure + "2024-02-29 00:00:00,5,6\r\n2024-13-01 00:00:00,5,6\r\n", 3, 1, "is not a date and time"),
    .init(azure + "2024-02-29 24:00:00,5,6\r\n", 2, 1, "is not a date and time"),
    .init(azure + "2024-02-29 00:00:00.,5,6\r\n", 2, 1, "is not a date and time"),
    .init(azure + "2024-02-29 00:00:00.0123456789,5,6\r\n", 2, 1, "is not a date and time"),
    .init(azure + "2024-02-29 00:00:00+0000,5,6\r\n", 2, 1, "is not a date and time"),
    .init(azure + "1700158546.68,5,6\r\n", 2, 1, "is not a date and time"),
    .init(azure + "2023-11-16 18:15:46.6805900,374,4x\r\n", 2, 33, "GeneratedTokens \"4x\""),
    // Other tables.
    .init("request_id,request_type,arrival_timestamp,prompt_size,token_size\n0,1,5,5,5\n", 2, 3, "is no LLM request"),
    .init("prompt_len,output_len\n5,6\n", 1, 1, "no arrival times"),
    .init("num_prefill_tokens,num_decode_tokens\n5,6\n", 1, 1, "no arrival times"),
    .init("Timestamp,Model,Request tokens,Total tokens\n", 1, 1, "no column \"Response tokens\""),
    // JSON text.
    .init(mooncake(#"{"timestamp": 1, "input_length": 5"#), 3, 1, "found the end of the input"),
    .init("{\"arrival_s\": 0,}", 1, 17, "expected a key"),
    .init("{\"arrival_s\" 0}", 1, 14, "expected \":\"", format: .jsonl),
    .init("{\"arrival_s\": NaN}", 1, 15, "found \"N\", expected a JSON value"),
    .init("{\"id\": nul}", 1, 8, "found \"nul\"", format: .jsonl),
    .init("{\"id\": \"a\nb\"}", 1, 10, "expected its closing quote", format: .jsonl),
    .init("{\"id\": \"\\q\"}", 1, 9, "starts no escape", format: .jsonl),
    .init("{\"arrival_s\": 0 \"a\": 1}", 1, 17, "expected \",\" or \"}\""),
    .init("\u{FEFF}{\"arrival_s\": }", 1, 15, "found \"}\", expected a JSON value"),
    .init("{\"foo\": 0}", 1, 1, "an object with \"foo\" starts no known"),
    // JSON values.
    .init(mooncake("7"), 2, 1, "found a number, expected an object"),
    .init(mooncake(#"{"timestamp": 1, "input_length": 5, "hash_ids": []}"#), 2, 1, "no \"output_length\""),
    .init(
        mooncake(#"{"timestamp": "1", "input_length": 5, "output_length": 1, "hash_ids": []}"#), 2, 15, "is a string"),
    .init(
        mooncake(#"{"timestamp": 1, "input_length": 5.5, "output_length": 1, "hash_ids": []}"#), 2, 34, "\"5.5\" is not"
    ),
    .init(mooncake(#"{"timestamp": 1, "input_length": -5, "output_length": 1, "hash_ids": []}"#), 2, 34, "is negative"),
    .init(mooncake(#"{"timestamp": -1, "input_length": 5, "output_length": 1, "hash_ids": []}"#), 2, 15, "is negative"),
    .init(
        mooncake(#"{"timestamp": 1, "input_length": 5, "output_length": 1, "hash_ids": [1, 2]}"#), 2, 69,
        "expected at most 1"),
    .init(mooncake(#"{"timestamp": 1, "input_length": 5, "output_length": 1, "hash_ids": [-1]}"#), 2, 70, "has \"-1\""),
    .init(
        mooncake(#"{"timestamp": 1, "input_length": 5, "output_length": 1, "hash_ids": {"a": [1]}}"#), 2, 69,
        "is an object"),
    .init("{\"arrival_s\": 0, \"prompt_tokens\": 1, \"output_tokens\": 1, \"block_ids\": [1]}", 1, 1, "does not say"),
    .init("{\"block_tokens\": 4, \"dialect\": \"x\"}", 1, 32, "dialect \"x\" is not known"),
    .init("{\"block_size\": 0, \"requests\": []}", 1, 16, "block_size is 0"),
    .init("{\"sub_requests\": [], \"arrival_time_ns\": 1}", 1, 18, "without \"arrival_time_ns\" before"),
    .init("{\"session_id\": \"a\", \"input_length\": 1, \"output_length\": 1}", 1, 1, "no arrival times"),
    .init("{\"text_input\": \"a\", \"input_length\": 1, \"output_length\": 1}", 1, 1, "input_length and text_input"),
    .init("[{\"prompt\": \"a\"}]", 1, 2, "no lengths"),
]

@Suite("Malformed traces")
struct MalformedTraceTests {
    @Test("a malformed trace is refused with the place and the reason", arguments: malformedTraces)
    func refused(_ input: MalformedTrace) throws {
        let error = try #require(throws: InputError.self) {
            try TraceReader.read(bytes: Array(input.text.utf8), name: "a.csv", format: input.format)
        }
        let first = try #require(error.diagnostics.first)
        #expect(first.severity == .error)
        #expect(first.location == SourceLocation(file: "a.csv", line: input.line, column: input.column))
        #expect(first.message.contains(input.fragment), "\(first.message)")
    }

    @Test("errors are gathered up to twenty, each with its place")
    func twenty() throws {
        let text = ours + (1...30).map { $0 % 2 == 0 ? "0,5,6\n" : "x,y,6\n" }.joined()
        let error = try #require(throws: InputError.self) {
            try TraceReader.read(bytes: Array(text.utf8), name: "a.csv")
        }
        #expect(error.diagnostics.count == 20)
        #expect(error.diagnostics.map { $0.location?.line } == (0..<20).map { 2 + $0 / 2 * 2 })
        #expect(error.diagnostics.map { $0.location?.column } == (0..<20).map { $0 % 2 == 0 ? 1 : 3 })
    }

    @Test("UTF-16 is named as such", arguments: [[0xFF, 0xFE, 0x61, 0], [0xFE, 0xFF, 0, 0x61]] as [[UInt8]])
    func utf16(bytes: [UInt8]) throws {
        let error = try #require(throws: InputError.self) { try TraceReader.read(bytes: bytes, name: "a") }
        #expect(error.description.hasPrefix("a:1:1: error: the file is UTF-16, expected UTF-8"))
    }

    @Test("a misspelt column is named with the right spelling")
    func misspelt() throws {
        let error = try #require(throws: InputError.self) {
            try TraceReader.read(bytes: Array("arrival_s,prompt_tokens,output_token\n".utf8), name: "a.csv")
        }
        #expect(error.diagnostics.first?.help == "did you mean \"output_tokens\" where \"output_token\" stands?")
    }

    @Test("a line without end is refused, not held in memory")
    func endlessLine() throws {
        let bytes = Array(ours.utf8) + [UInt8](repeating: 0x30, count: 40 << 20)
        let error = try #require(throws: InputError.self) { try TraceReader.read(bytes: bytes, name: "a.csv") }
        #expect(error.description == "a.csv:2:1: error: line of more than 16 MiB, expected the lines of a trace")
    }
}
