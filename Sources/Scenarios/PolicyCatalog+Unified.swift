internal import Simulator

// Unified engines with the defaults of their own flags.
extension PolicyCatalog {
    // Defaults of `vllm serve` from EngineArgs, since release 0.9 (pull request 17885 took A100s out of the large class).
    static let vllmV1 = unified(
        "vllm-v1", "unified: one token budget an iteration, decodes first, prompts in chunks; preemption by recompute",
        follows: "vLLM 0.10, V1 engine",
        [
            PolicyParameter(
                name: "max_num_batched_tokens", meaning: .tokenBudget, defaultValue: .bySize(large: 8192, small: 2048),
                range: 1...1_048_576, summary: "tokens of one iteration, decoded and prefilled"),
            PolicyParameter(
                name: "max_num_seqs", meaning: .sequenceLimit, defaultValue: .bySize(large: 1024, small: 256),
                range: 1...65_536, summary: "requests running at once"),
            blockSize,
            // On by default in V1 (`enable_prefix_caching`), whatever the model.
            PolicyParameter(
                name: "enable_prefix_caching", meaning: .prefixCaching, defaultValue: .always(1), range: 0...1,
                summary: "1 keeps the KV of prompts whose ids of blocks the trace has"),
        ])

    // SchedulerConfig of release 0.6.0: max(max_model_len, 2048) tokens, 256 sequences; watermark 0.01 is not a flag.
    static let vllm06 = unified(
        "vllm-0.6",
        "unified: prefill first, whole prompts, never mixed with decodes; preemption by recompute, newest first",
        follows: "vLLM 0.6.0, default scheduler",
        [
            PolicyParameter(
                name: "max_num_batched_tokens", meaning: .tokenBudget, defaultValue: .byContext(least: 2048),
                range: 1...1_048_576, summary: "tokens of one prefill iteration"),
            sequenceLimit("max_num_seqs", 256), blockSize,
        ])

    // SchedulerConfig of release 0.6.0: 512 tokens where chunked prefill is on.
    static let vllm06Chunked = unified(
        "vllm-0.6-chunked",
        "unified: decodes first, prompts in chunks of what they leave of the budget (SplitFuse); preemption by recompute",
        follows: "vLLM 0.6.0, --enable-chunked-prefill",
        [
            PolicyParameter(
                name: "max_num_batched_tokens", meaning: .tokenBudget, defaultValue: .always(512),
                range: 1...1_048_576, summary: "tokens of one iteration, decoded and prefilled"),
            sequenceLimit("max_num_seqs", 256), blockSize,
        ])

    static let sarathi = unified(
        "sarathi", "unified: stall-free batches of at most one chunk, decodes first",
        follows: "Sarathi-Serve (OSDI 2024)",
        [
            PolicyParameter(
                name: "chunk_size", meaning: .tokenBudget, defaultValue: .always(512), range: 1...1_048_576,
                summary: "tokens of one iteration, decoded and prefilled"),
            sequenceLimit("max_num_seqs", 128), blockSize,
        ])

    // The engine derives max_running_requests from the memory, never below 2048.
    static let sglang = unified(
        "sglang-0.4.4",
        "unified: prefill first in large chunks, never mixed; admission by new-token ratio, retraction by recompute",
        follows: "SGLang 0.4.4",
        [
            PolicyParameter(
                name: "chunked_prefill_size", meaning: .prefillBudget, defaultValue: .always(8192),
                range: 1...1_048_576, summary: "tokens of one prefill iteration"),
            sequenceLimit("max_running_requests", 2048),
            PolicyParameter(
                name: "page_size", meaning: .blockSize, defaultValue: .always(1), range: 1...1024,
                summary: "tokens of a KV page"),
            // The radix cache is on unless this flag turns it off.
            PolicyParameter(
                name: "disable_radix_cache", meaning: .noPrefixCaching, defaultValue: .always(0), range: 0...1,
                summary: "0 keeps the KV of prompts whose ids of blocks the trace has"),
        ])

    // Neither the paper nor FasterTransformer has a default batch limit; 128 is Sarathi-Serve's for its models of both.
    static let orca = unified(
        "orca", "unified: iteration-level batches of whole prompts and decodes, memory for all tokens set aside",
        follows: "Orca (OSDI 2022)", [sequenceLimit("max_bs", 128), blockSize])

    static let fasterTransformer = unified(
        "fastertransformer", "unified: request-level batches that run until their last member is done",
        follows: "FasterTransformer, as in Sarathi-Serve's comparison",
        [sequenceLimit("max_batch_size", 128), blockSize])

    static let prefillFirst = unified(
        "prefill-first", "unified: the simplest engine, one batch of whole prompts if anything waits, else one decode",
        follows: "the engine of the H200 serving measurements",
        [
            PolicyParameter(
                name: "max_prefill_tokens", meaning: .prefillBudget, defaultValue: .always(8192),
                range: 1...1_048_576, summary: "tokens of one prefill iteration"),
            sequenceLimit("max_num_seqs", 256), blockSize,
        ])

    private static func unified(
        _ id: String, _ summary: String, follows: String, _ parameters: [PolicyParameter]
    ) -> PolicyDescription {
        PolicyDescription(
            id: id, summary: summary, follows: follows, parts: [.init(role: .unified, parameters: parameters)])
    }
}
