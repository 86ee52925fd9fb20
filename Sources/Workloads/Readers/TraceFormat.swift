/// A trace file format. A new one is a file in `Readers/` that describes a table or reads records, and a case here.
public enum TraceFormat: String, CaseIterable, Hashable, Sendable {
    /// Ours: `arrival_s,prompt_tokens,output_tokens`, optionally `id` and `class`.
    case csv
    /// Ours as JSON lines, which also holds ids of blocks.
    case jsonl
    /// Azure LLM inference 2023 to 2025: `TIMESTAMP,ContextTokens,GeneratedTokens`.
    case azure
    /// BurstGPT, parts 1, 2 and 3.
    case burstGPT = "burstgpt"
    /// Mooncake's traces: JSON lines with `hash_ids` of 512 tokens.
    case mooncake
    /// Qwen-Bailian usage traces: JSON lines with `hash_ids` of 16 tokens.
    case qwenBailian = "qwen-bailian"
    /// Sessions of coding agents, one JSON object each.
    case kvCacheTester = "kv-cache-tester"
    /// ServeGen's requests as CSV.
    case serveGen = "servegen"
    /// Vidur's CSV, with or without times.
    case vidur
    /// splitwise-sim's CSV.
    case splitwiseSim = "splitwise-sim"
    /// LLMServingSim's JSON lines, flat and sessions.
    case llmServingSim = "llmservingsim"
    /// A table of `prompt_len,output_len` without times.
    case lengths
    /// ShareGPT conversations and vLLM bench's custom prompts, without times.
    case shareGPT = "sharegpt"
    /// AIPerf's and genai-perf's JSON lines.
    case aiPerf = "aiperf"

    enum Layout {
        case table(CSVFormat)
        case records(any JSONTraceParser.Type)
    }

    var layout: Layout {
        switch self {
        case .csv: .table(.own)
        case .jsonl: .records(OwnJSONParser.self)
        case .azure: .table(.azure)
        case .burstGPT: .table(.burstGPT)
        case .mooncake: .records(MooncakeParser.self)
        case .qwenBailian: .records(QwenBailianParser.self)
        case .kvCacheTester: .records(KVCacheTesterParser.self)
        case .serveGen: .table(.serveGen)
        case .vidur: .table(.vidur)
        case .splitwiseSim: .table(.splitwiseSim)
        case .llmServingSim: .records(LLMServingSimParser.self)
        case .lengths: .table(.lengths)
        case .shareGPT: .records(ShareGPTParser.self)
        case .aiPerf: .records(AIPerfParser.self)
        }
    }

    /// Our own files are taken as they are: a trace may start with a pause. The times of others count from epochs of
    /// their own or are cut from longer traces, so that their first arrival becomes 0.
    var shiftsFirstArrivalToZero: Bool { self != .csv && self != .jsonl }

    /// How such a file starts, for messages.
    var exampleStart: String {
        switch layout {
        case .table(let format): format.exampleHeader
        case .records(let parser): parser.exampleStart
        }
    }

    /// The format whose columns a header has most of, enough to tell what the file is meant to be.
    static func recognised(header: UnsafeRawBufferPointer) -> TraceFormat? {
        var best: (format: TraceFormat, columns: Int)?
        for format in allCases {
            guard case .table(let table) = format.layout else { continue }
            let columns = CSVColumns.numberNamed(in: header, table.known)
            if columns > best?.columns ?? 0 { best = (format, columns) }
        }
        return best?.format
    }

    /// The format that has an object with these keys.
    static func recognised(keys: [String]) -> TraceFormat? {
        allCases.first {
            if case .records(let parser) = $0.layout { parser.recognises(keys: keys) } else { false }
        }
    }
}
