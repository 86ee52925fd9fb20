import Diagnostics
import EventKernel
import Testing
import Workloads

/// How requests look in a format, and what of them it cannot hold.
private struct Encoding: CustomTestStringConvertible, Sendable {
    var format: TraceFormat
    /// In nanoseconds; `nil` for formats without times.
    var resolution: Int64?
    var blocks: (dialect: BlockHashes.Dialect, tokens: Int)?
    var write: @Sendable (Trace) -> String

    var testDescription: String { format.rawValue }
}

private func decimal(_ nanoseconds: Int64, unit: Int64) -> String {
    let digits = String(String(unit + nanoseconds % unit).dropFirst())
    return unit == 1 ? "\(nanoseconds)" : "\(nanoseconds / unit).\(digits)"
}

private func table(_ header: String, _ line: @escaping (Request) -> String) -> (Trace) -> String {
    { trace in header + "\r\n" + trace.requests.map(line).joined(separator: "\r\n") }
}

private func ids(_ trace: Trace, _ request: Request) -> String {
    "[\(trace.blockHashes?[request.index].map(String.init).joined(separator: ", ") ?? "")]"
}

private let second: Int64 = 1_000_000_000

private let encodings: [Encoding] = [
    Encoding(format: .csv, resolution: 1) { String(decoding: TraceWriter.csv($0), as: UTF8.self) },
    Encoding(format: .jsonl, resolution: 1, blocks: (.blockContent, 8)) {
        String(decoding: TraceWriter.jsonLines($0), as: UTF8.self)
    },
    Encoding(format: .azure, resolution: 1) { trace in
        table("TIMESTAMP,ContextTokens,GeneratedTokens") {
            let seconds = $0.arrival.nanoseconds / second
            let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            let decimals = decimal($0.arrival.nanoseconds % second, unit: second).dropFirst()
            return "2023-11-16 \(clock.joined(separator: ":"))\(decimals),\($0.promptTokens),\($0.outputTokens)"
        }(trace)
    },
    Encoding(format: .burstGPT, resolution: second) { trace in
        table("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type") {
            "\($0.arrival.nanoseconds / second),GPT-4,\($0.promptTokens),\($0.outputTokens),0,API log"
        }(trace)
    },
    Encoding(format: .burstGPT, resolution: second / 10) { trace in
        table("Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type") {
            let time = decimal($0.arrival.nanoseconds + 19_440_110 * second, unit: second)
            return "\(time),,7,ChatGPT,\($0.promptTokens),\($0.outputTokens),0,Conversation log"
        }(trace)
    },
    Encoding(format: .serveGen, resolution: 1000) { trace in
        table("request_id,timestamp,input_tokens,output_tokens,reason_ratio") {
            "\($0.index),\(decimal($0.arrival.nanoseconds, unit: second)),\($0.promptTokens),\($0.outputTokens),0.5"
        }(trace)
    },
    Encoding(format: .vidur, resolution: 1000) { trace in
        table("arrived_at,num_prefill_tokens,num_decode_tokens") {
            "\(decimal($0.arrival.nanoseconds, unit: second)),\($0.promptTokens),\($0.outputTokens)"
        }(trace)
    },
    Encoding(format: .vidur, resolution: nil) { trace in
        table("num_prefill_tokens,num_decode_tokens,num_total_tokens,pd_ratio") {
            "\($0.promptTokens),\($0.outputTokens),\($0.promptTokens + $0.outputTokens),1.5"
        }(trace)
    },
    Encoding(format: .splitwiseSim, resolution: second / 1000) { trace in
        table("request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size") {
            "\($0.index),2,0,\(decimal($0.arrival.nanoseconds, unit: second)),1,\($0.promptTokens),\($0.outputTokens)"
        }(trace)
    },
    Encoding(format: .lengths, resolution: nil) { trace in
        table("task_id,prompt_len,output_len") { "Task/\($0.index),\($0.promptTokens),\($0.outputTokens)" }(trace)
    },
    Encoding(format: .mooncake, resolution: second / 1000, blocks: (.wholePrefix, 512)) { trace in
        trace.requests.map {
            "{\"timestamp\": \($0.arrival.nanoseconds / 1_000_000), \"input_length\": \($0.promptTokens), "
                + "\"output_length\": \($0.outputTokens), \"hash_ids\": \(ids(trace, $0))}\n"
        }.joined()
    },
    Encoding(format: .qwenBailian, resolution: second / 1000, blocks: (.blockContent, 16)) { trace in
        trace.requests.map {
            "{\"chat_id\": \($0.index), \"parent_chat_id\": -1, "
                + "\"timestamp\": \(decimal($0.arrival.nanoseconds, unit: second)), "
                + "\"input_length\": \($0.promptTokens), \"output_length\": \($0.outputTokens), \"type\": \"text\", "
                + "\"turn\": 1, \"hash_ids\": \(ids(trace, $0))}\n"
        }.joined()
    },
    Encoding(format: .kvCacheTester, resolution: second / 1000, blocks: (.fileLocal, 64)) { trace in
        let calls = trace.requests.map {
            "{\"t\":\(decimal($0.arrival.nanoseconds, unit: second)),\"type\":\"n\",\"in\":\($0.promptTokens),"
                + "\"out\":\($0.outputTokens),\"hash_ids\":\(ids(trace, $0)),\"stop\":null,\"api_time\":1e-2}"
        }
        return #"{"id":"a","models":["m"],"block_size":64,"hash_id_scope":"local","requests":["#
            + calls.joined(separator: ",") + #"],"totals":{"subagents":{"count":0}}}"#
    },
    Encoding(format: .llmServingSim, resolution: 1) { trace in
        trace.requests.map {
            "{\"input_toks\":\($0.promptTokens),\"output_toks\":\($0.outputTokens),"
                + "\"arrival_time_ns\":\($0.arrival.nanoseconds),\"input_tok_ids\":[1,2,3]}\n"
        }.joined()
    },
    Encoding(format: .llmServingSim, resolution: 1) { trace in
        var latest = trace.requests[0].arrival.nanoseconds
        let calls = trace.requests.indices.map { index in
            let next = index + 1 < trace.requests.count ? trace.requests[index + 1].arrival.nanoseconds : latest
            defer { latest = next }
            let request = trace.requests[index]
            return "{\"input_toks\":\(request.promptTokens),\"output_toks\":\(request.outputTokens),"
                + "\"tool_duration_ns\":\(next - latest)}"
        }
        return "{\"session_id\":\"s\",\"arrival_time_ns\":\(trace.requests[0].arrival.nanoseconds),\"sub_requests\":["
            + calls.joined(separator: ",") + "]}"
    },
    Encoding(format: .shareGPT, resolution: nil) { trace in
        let text = { (tokens: Int) in String(repeating: "abc\\n", count: tokens) }
        return "["
            + trace.requests.map {
                "{\"id\": \"a_\($0.index)\", \"conversations\": [{\"from\": \"human\", "
                    + "\"value\": \"\(text($0.promptTokens))\"}, {\"from\": \"gpt\", "
                    + "\"value\": \"\(text($0.outputTokens))\"}, {\"from\": \"human\", \"value\": \"\"}]}"
            }.joined(separator: ",\n") + "]"
    },
    Encoding(format: .shareGPT, resolution: nil) { trace in
        trace.requests.map {
            "{\"prompt\": \"\(String(repeating: "\\u00e9é", count: $0.promptTokens))\", "
                + "\"output_tokens\": \($0.outputTokens)}\n"
        }.joined()
    },
    Encoding(format: .aiPerf, resolution: 1, blocks: (.wholePrefix, 512)) { trace in
        trace.requests.map {
            "{\"session_id\": \"s\($0.index)\", \"timestamp\": \(decimal($0.arrival.nanoseconds, unit: 1_000_000)), "
                + "\"input_length\": \($0.promptTokens), \"output_length\": \($0.outputTokens), "
                + "\"hash_ids\": \(ids(trace, $0))}\n"
        }.joined()
    },
    Encoding(format: .aiPerf, resolution: second / 1000) { trace in
        var latest: Int64?
        return trace.requests.map {
            let time = $0.arrival.nanoseconds / 1_000_000
            let when = latest.map { "\"delay\": \(time - $0)" } ?? "\"timestamp\": \(time)"
            latest = time
            return "{\"session_id\": \"s\", \(when), \"input_length\": \($0.promptTokens), "
                + "\"output_length\": \($0.outputTokens)}\n"
        }.joined()
    },
]

@Suite("Trace formats")
struct FormatTests {
    /// Requests that the format can hold: times at its resolution from 0 on, no classes.
    private func randomTrace(_ encoding: Encoding, _ random: inout RandomStream) -> Trace {
        var time: Int64 = 0
        var hashes = encoding.blocks.map { BlockHashes(dialect: $0.dialect, blockTokens: $0.tokens) }
        let requests = (0..<30).map { index in
            if index > 0, let resolution = encoding.resolution {
                time += Int64(random.index(below: Int(40 * second / resolution))) * resolution
            }
            let prompt = 1 + random.index(below: [10, 3000][random.index(below: 2)])
            let blocks = (prompt - 1) / (encoding.blocks?.tokens ?? 1) + 1
            hashes?.append((0..<blocks).map { _ in UInt32(random.index(below: 5_000)) })
            return Request(
                index: index, arrival: SimulationTime(nanoseconds: time), promptTokens: prompt,
                outputTokens: 1 + random.index(below: 500))
        }
        return Trace(requests: requests, blockHashes: hashes, provenance: .init(source: "", format: ""))
    }

    @Test("a trace written in a format is read back the same, and once more through ours", arguments: encodings)
    private func roundTrip(_ encoding: Encoding) throws {
        for seed in 0..<20 as Range<UInt64> {
            var random = RandomStreams(seed: seed).stream(named: "formats")
            let trace = randomTrace(encoding, &random)
            let arrivals = GivenArrivals(.evenlySpaced(rate: 1), streams: RandomStreams(seed: 1))
            let (back, _) = try TraceReader.read(
                bytes: Array(encoding.write(trace).utf8), name: "a", arrivals: arrivals,
                chunkSize: 1 + random.index(below: 300))
            #expect(back.provenance.format == encoding.format.rawValue)
            #expect(back.requests.map(\.promptTokens) == trace.requests.map(\.promptTokens))
            #expect(back.requests.map(\.outputTokens) == trace.requests.map(\.outputTokens))
            if encoding.resolution != nil { #expect(back.requests.map(\.arrival) == trace.requests.map(\.arrival)) }
            if encoding.blocks != nil { #expect(back.blockHashes == trace.blockHashes) }
            let (again, _) = try TraceReader.read(bytes: TraceWriter.jsonLines(back), name: "b")
            #expect(again.requests == back.requests)
            #expect(again.blockHashes == back.blockHashes)
            #expect(again.classNames == back.classNames)
        }
    }

    @Test("every format is among the round trips")
    func allCovered() {
        #expect(TraceFormat.allCases.allSatisfy { format in encodings.contains { $0.format == format } })
    }

    private func read(_ text: String) throws -> (trace: Trace, warnings: [Diagnostic]) {
        try TraceReader.read(bytes: Array(text.utf8), name: "a.json")
    }

    @Test("calls of a subagent count from its start, between those of the session")
    func subagents() throws {
        let (trace, _) = try read(
            #"""
            {"block_size": 64, "hash_id_scope": "local", "requests": [
              {"t": 0.0, "type": "n", "in": 128, "out": 5, "hash_ids": [1, 2]},
              {"t": 10.5, "type": "subagent", "requests": [
                {"t": 0, "in": 70, "out": 6, "hash_ids": [9]}, {"t": 2.0, "in": 75, "out": 7, "hash_ids": [9]}
              ], "models": ["m"], "tool_tokens": 7},
              {"t": 11, "type": "s", "in": 200, "out": 8, "ttft": 0.5, "hash_ids": [1, 2, 3]}
            ]}
            {"block_size": 64, "hash_id_scope": "local", "requests": [{"t": 0, "in": 64, "out": 1, "hash_ids": [1]}]}
            """#)
        #expect(trace.requests.map(\.outputTokens) == [5, 1, 6, 8, 7])
        #expect(trace.requests.map(\.arrival.seconds) == [0, 0, 10.5, 11, 12.5])
        // The second session's id 1 is another block.
        #expect((0..<5).map { Array(trace.blockHashes?[$0] ?? []) } == [[1, 2], [11], [9], [1, 2, 3], [9]])
    }

    @Test("flat lines and sessions may stand in one file of LLMServingSim")
    func mixedLines() throws {
        let (trace, warnings) = try read(
            #"""
            {"session_id": "s1", "arrival_time_ns": 50, "sub_requests": [{"input_toks": 9, "output_toks": 4, "tool_duration_ns": 120}, {"input_toks": 10, "output_toks": 3, "tool_duration_ns": 0}]}
            {"input_toks": 5, "output_toks": 2, "arrival_time_ns": 60}
            """#)
        #expect(trace.requests.map(\.promptTokens) == [9, 5, 10])
        #expect(trace.requests.map(\.arrival.nanoseconds) == [0, 10, 120])
        #expect(warnings.contains { $0.message.contains("answers are taken to need no time") })
    }

    @Test("lengths estimated from text are said to be so, and a conversation without an answer is left out")
    func estimates() throws {
        let arrivals = GivenArrivals(.poisson(rate: 1), streams: RandomStreams(seed: 1))
        let text = #"""
            [{"id": "a", "conversations": [{"from": "human", "value": "12345"}, {"value": "1\ud83d\ude00", "from": "gpt"}]},
             {"id": "b", "conversations": [{"from": "human", "value": "12345"}]}, {"id": "c", "conversations": []}]
            """#
        let (trace, warnings) = try TraceReader.read(bytes: Array(text.utf8), name: "a", arrivals: arrivals)
        #expect(trace.requests.map(\.promptTokens) == [2])
        #expect(trace.requests.map(\.outputTokens) == [2])
        #expect(trace.provenance.excluded == [.init(reason: "no output tokens", count: 2)])
        #expect(warnings.contains { $0.message.contains("one is taken for every 4 bytes") })
    }

    @Test("given arrivals are those of the generator, and files with times keep theirs")
    func givenArrivals() throws {
        let streams = RandomStreams(seed: 9)
        let arrivals = GivenArrivals(.poisson(rate: 2), streams: streams)
        let text = "prompt_len,output_len\n" + String(repeating: "10,20\n", count: 50)
        let (trace, _) = try TraceReader.read(bytes: Array(text.utf8), name: "a", arrivals: arrivals)
        let model = WorkloadModel(
            name: "", arrivals: .poisson(rate: 2), promptTokens: .fixed(10), outputTokens: .fixed(20))
        let made = WorkloadGenerator.trace(model, requests: 50, streams: streams)
        let first = made.requests[0].arrival
        #expect(trace.requests.map(\.arrival) == made.requests.map { SimulationTime.zero + ($0.arrival - first) })
        let timed = try TraceReader.read(
            bytes: Array("arrival_s,prompt_tokens,output_tokens\n7,1,1\n".utf8), name: "a", arrivals: arrivals)
        #expect(timed.trace.requests.map(\.arrival.seconds) == [7])
    }

    @Test("ids of blocks stay with their requests when a trace is sorted, cut or windowed")
    func blocksFollow() throws {
        let (trace, _) = try read(
            (0..<9).map {
                "{\"timestamp\": \(($0 * 5) % 9 * 1000), \"input_length\": \(600 + $0), \"output_length\": 1, "
                    + "\"hash_ids\": [0, \(100 + $0)]}\n"
            }.joined())
        for changed in [trace, trace.prefix(4), trace.window(from: trace.requests[3].arrival, to: .never)] {
            for request in changed.requests {
                #expect(changed.blockHashes?[request.index].last == UInt32(request.promptTokens - 500))
            }
        }
    }
}
