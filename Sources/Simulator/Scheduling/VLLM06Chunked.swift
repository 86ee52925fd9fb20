/// vLLM 0.6.0 with `--enable-chunked-prefill` (`vllm/core/scheduler.py`, `_schedule_chunked_prefill`), its SplitFuse:
/// decodes first, the rest of the token budget for prompts in chunks, mixed in one iteration.
///
/// Running sequences get one token each, then the prompt in progress its next chunk, then waiting prompts in order while
/// the budget, the sequence limit and the memory less the watermark allow. Blocks are allocated for the whole prompt at
/// its first chunk. Every running request, the prompt in progress included, must find a block free, needed or not; else
/// the newest is preempted. Prompts behind the preempted ones may still be admitted in the same iteration.
///
/// The engine orders running requests by arrival; here the order is that of admission, which differs only where a
/// younger request overtook a preempted one.
public struct VLLM06ChunkedPolicy: SchedulingPolicy {
    public private(set) var repeatsDecode = true

    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        let preemptionsBefore = instance.preemptionCount
        instance.makeRoomOneByOne()
        if instance.decodingCount > 0 {
            let decodes = instance.decodeAll()
            precondition(decodes, "the decode set does not fit after making room for it")
            if instance.freeBlocks == 0, instance.prefillingCount > 0 { instance.preemptLastPrefilling() }
        }
        var budget = instance.limits.maxBatchedTokens - instance.batch.tokens
        if instance.prefillingCount > 0, budget > 0 {
            let tokens = min(budget, instance.prefillingTokens(at: 0))
            let continues = instance.continuePrefill(at: 0, tokens: tokens)
            precondition(continues, "the prompt has its blocks already")
            budget -= tokens
        }
        let preempted = instance.preemptionCount - preemptionsBefore
        while budget > 0, let needed = instance.waitingTokens(at: preempted),
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences,
            Watermark.admits(at: preempted, instance)
        {
            let tokens = min(budget, needed)
            let fits = instance.prefillWaiting(at: preempted, tokens: tokens)
            precondition(fits, "the watermark admits a prompt that does not fit")
            budget -= tokens
        }
        repeatsDecode = preempted == 0 && instance.canDecodeToCompletion(leaving: instance.decodingCount > 1 ? 1 : 0)
    }
}

extension Instance {
    /// Preempts the request admitted last until there is a block free for every decoding sequence in its turn, or only
    /// one is left in memory.
    mutating func makeRoomOneByOne() {
        while decodingCount > 0, blocksForNextDecodeOneByOne > freeBlocks {
            if prefillingCount == 0, decodingCount == 1 { return }
            preemptLast()
        }
    }
}
