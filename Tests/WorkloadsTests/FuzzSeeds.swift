import Workloads

/// A small good input, to be damaged.
struct FuzzSeed: Sendable {
    var format: TraceFormat
    var text: String

    init(_ format: TraceFormat, _ text: String) {
        self.format = format
        self.text = text
    }
}

let fuzzSeeds: [FuzzSeed] = [
    .init(.csv, "arrival_s,prompt_tokens,output_tokens\n0.5,10,20\n1.25,30,40\n1e1,50,60\n"),
    .init(.csv, "id,arrival_s,class,prompt_tokens,output_tokens\r\na,0,\"x,y\",10,20\r\nb,1.000000001,chat,30,40"),
    .init(.csv, "tenant,arrival_s,prompt_tokens,output_tokens,class\na,0.5,10,20,x\nb,1.25,30,40,\"y\"\n"),
    .init(
        .azure,
        "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109"
    ),
    .init(
        .azure,
        "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-12 00:00:00.001163+00:00,1452,3\n2024-05-12 00:00:01+00:00,584,31\n"
    ),
    .init(
        .burstGPT,
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n7,ChatGPT,210,88,298,Conversation log\n7,GPT-4,0,0,0,API log\n"
    ),
    .init(
        .burstGPT,
        "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n19440110.0,,7,GPT-4,5,6,11,API log\n"
    ),
    .init(.serveGen, "request_id,timestamp,input_tokens,output_tokens,reason_ratio\n0,0.013,419,893,0.774\n"),
    .init(.vidur, "arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,374,44\n0.25,1200,80\n"),
    .init(.vidur, "num_prefill_tokens,num_decode_tokens,num_total_tokens,pd_ratio\n3742,284,4026,0.07\n"),
    .init(
        .splitwiseSim,
        "request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size\n0,2,0,0.013,1,1469,13\n"
    ),
    .init(.lengths, "task_id,prompt_len,output_len\nA/0,142,137\nA/1,9,1\n"),
    .init(
        .jsonl,
        #"{"block_tokens": 64, "dialect": "file-local"}\#n{"arrival_s": 0.5, "prompt_tokens": 100, "output_tokens": 5, "block_ids": [1, 2], "class": "a\u00e9"}\#n"#
    ),
    .init(.jsonl, #"{"arrival_s": 0.5, "prompt_tokens": 100, "output_tokens": 5, "tenant": "a", "class": "b"}\#n"#),
    .init(
        .mooncake,
        #"{"timestamp": 3000, "input_length": 1100, "output_length": 64, "hash_ids": [0, 17, 18]}\#n{"timestamp": 3001, "input_length": 9, "output_length": 4, "hash_ids": [0]}"#
    ),
    .init(
        .qwenBailian,
        #"{"chat_id": 41, "parent_chat_id": 12, "timestamp": 61.114, "input_length": 40, "output_length": 132, "type": "text", "turn": 2, "hash_ids": [1089, 1090, 777]}\#n"#
    ),
    .init(
        .kvCacheTester,
        #"{"id":"a","block_size":64,"hash_id_scope":"local","requests":[{"t":0.0,"in":130,"out":5,"hash_ids":[1,2]},{"t":1.5,"type":"subagent","requests":[{"t":0,"in":64,"out":2,"hash_ids":[3]}],"models":[]}],"totals":{"a":[[]]}}"#
    ),
    .init(
        .llmServingSim,
        #"{"input_toks": 5, "output_toks": 2, "arrival_time_ns": 1200, "input_tok_ids": [1,2]}\#n{"session_id": "s1", "arrival_time_ns": 0, "sub_requests": [{"input_toks": 900, "output_toks": 40, "tool_duration_ns": 12}, {"input_toks": 10, "output_toks": 3}]}"#
    ),
    .init(
        .shareGPT,
        #"[{"id": "a_0", "conversations": [{"from": "human", "value": "a\n\ud83d"}, {"from": "gpt", "value": "x"}]}]"#),
    .init(.shareGPT, #"{"prompt": "abc", "output_tokens": 10}\#n{"prompt_len": 5, "output_len": 7}"#),
    .init(
        .aiPerf,
        #"{"timestamp": 0, "input_length": 1200, "output_length": 52, "hash_ids": [0, 1, 2], "session_id": "s1"}\#n{"session_id": "s1", "delay": 2000, "text_input": "abc", "output_length": 20}"#
    ),
]
