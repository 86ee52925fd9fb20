/// Prompts before decodes, never in one iteration: if anything waits and the running set has room, a batch of whole
/// prompts from the head of the queue, up to the token limit and at least one; else one decode step of all running.
///
/// vLLM V0 schedules so by default, and so does the engine of the measured H200 runs. When the running sequences outgrow
/// the memory, the one admitted last is thrown out and computed again.
public struct PrefillFirstPolicy: SchedulingPolicy {
    public private(set) var repeatsDecode = true

    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        repeatsDecode = true
        var prompts = 0
        while let tokens = instance.firstWaitingTokens,
            instance.decodingCount + prompts < instance.limits.maxSequences,
            prompts == 0 || instance.batch.tokens + tokens <= instance.limits.maxBatchedTokens,
            instance.prefillFirstWaiting(tokens: tokens)
        {
            prompts += 1
        }
        if prompts > 0 || instance.decodingCount == 0 { return }
        while instance.blocksForNextDecode > instance.freeBlocks { instance.preemptLastDecoding() }
        if instance.decodingCount > 0 {
            let decodes = instance.decodeAll()
            precondition(decodes, "the decode set does not fit after making room for it")
        }
        // A prompt that found no blocks may find them in any later iteration.
        repeatsDecode = instance.waitingCount == 0 || instance.decodingCount == instance.limits.maxSequences
    }
}
