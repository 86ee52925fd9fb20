/// The prefill worker of DistServe and of semi-PD on its base (branch distserve_base, context stage): whole prompts
/// from the head of the queue, as many as fit the token limit, the sequence limit and the free blocks; no skipping.
///
/// A prompt longer than the token limit is run alone, since it could never be run otherwise.
public struct FCFSPrefillPolicy: SchedulingPolicy {
    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        var sequences = 0
        while let tokens = instance.firstWaitingTokens, sequences < instance.limits.maxSequences,
            sequences == 0 || instance.batch.tokens + tokens <= instance.limits.maxBatchedTokens,
            instance.prefillFirstWaiting(tokens: tokens)
        {
            sequences += 1
        }
    }
}

/// The decode worker of DistServe and semi-PD (branch distserve_base, decoding stage): all running sequences in every
/// iteration, and prefilled requests admitted in order of hand-over while the batch limit and the memory allow.
///
/// When the running sequences outgrow the memory, the request admitted last is thrown out and computed again: by the
/// prefill worker of the instance, or by this worker where there is none.
public struct FCFSDecodePolicy: SchedulingPolicy {
    public private(set) var repeatsDecode = true

    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        repeatsDecode = true
        while instance.blocksForNextDecode > instance.freeBlocks { instance.preemptLastDecoding() }
        while instance.prefilledCount > 0, instance.decodingCount < instance.limits.maxSequences {
            if instance.firstPrefilledFits {
                instance.admitFirstPrefilled()
            } else if instance.decodingCount == 0, instance.prefilledCount > 1 {
                // Prompts that wait hold all the memory: without this nothing could ever move.
                instance.preemptLastPrefilled()
            } else {
                // The next iteration may begin fewer blocks and leave room.
                repeatsDecode = false
                break
            }
        }
        if instance.decodingCount > 0 {
            let decodes = instance.decodeAll()
            precondition(decodes, "the decode set does not fit after making room for it")
        }
        // Preempted requests of an instance without a prefill worker.
        while instance.role == .decode, let tokens = instance.firstWaitingTokens,
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences,
            instance.prefillFirstWaiting(tokens: tokens)
        {}
    }
}
