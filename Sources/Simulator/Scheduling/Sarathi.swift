/// Sarathi-Serve (OSDI 2024, `sarathi/core/scheduler/sarathi_scheduler.py`): stall-free batches of at most `chunk_size`
/// tokens.
///
/// All decodes first; what they leave of the chunk goes to the prompt in progress and then to waiting prompts in order,
/// within the sequence limit and the memory less a watermark of 1 %. Blocks are allocated for the whole prompt at its
/// first chunk. Every decoding sequence must find a block free, needed or not; else the newest request is preempted to
/// the head of the queue, from where it may be admitted again at once.
public struct SarathiPolicy: SchedulingPolicy {
    public private(set) var repeatsDecode = true

    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        let preemptionsBefore = instance.preemptionCount
        instance.makeRoomOneByOne()
        if instance.decodingCount > 0 {
            let decodes = instance.decodeAll()
            precondition(decodes, "the decode set does not fit after making room for it")
        }
        var budget = instance.limits.maxBatchedTokens - instance.batch.tokens
        if instance.prefillingCount > 0, budget > 0 {
            let tokens = min(budget, instance.prefillingTokens(at: 0))
            let continues = instance.continuePrefill(at: 0, tokens: tokens)
            precondition(continues, "the prompt has its blocks already")
            budget -= tokens
        }
        while budget > 0, let needed = instance.firstWaitingTokens,
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences,
            Watermark.admits(at: 0, instance)
        {
            let tokens = min(budget, needed)
            let fits = instance.prefillWaiting(at: 0, tokens: tokens)
            precondition(fits, "the watermark admits a prompt that does not fit")
            budget -= tokens
        }
        repeatsDecode =
            instance.preemptionCount == preemptionsBefore
            && instance.canDecodeToCompletion(leaving: instance.decodingCount > 1 ? 1 : 0)
    }
}
