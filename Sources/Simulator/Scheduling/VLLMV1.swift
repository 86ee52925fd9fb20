/// vLLM V1 (release 0.10, `vllm/v1/core/sched/scheduler.py`): one token budget per iteration, running requests first.
///
/// There is no prefill or decode phase: every running request gets tokens in order of admission, one for a decode and
/// as many as the budget leaves for a prompt (chunked prefill); then waiting requests are admitted, first come first
/// served. When a running request finds no block, the request admitted last is preempted and later computed again, and
/// nothing is admitted in that iteration.
public struct VLLMV1Policy: SchedulingPolicy {
    public private(set) var repeatsDecode = true
    public var ignoresArrivalsBehindFirst: Bool { true }
    public var decodesAllAlone: Bool { true }

    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        let preemptionsBefore = instance.preemptionCount
        // A prompt in progress was admitted after every decoding request: decodes come first, and the prompt is the
        // first to be preempted.
        while instance.decodingCount > 0, !instance.decodeAll() { instance.preemptLast() }
        var budget = instance.limits.maxBatchedTokens - instance.batch.tokens

        var position = 0
        while position < instance.prefillingCount, budget > 0 {
            let tokens = min(budget, instance.prefillingTokens(at: position))
            if instance.continuePrefill(at: position, tokens: tokens) {
                budget -= tokens
                position += 1
            } else {
                instance.preemptLastPrefilling()
            }
        }

        // After a preemption nothing is admitted now, but something may be in the next iteration.
        repeatsDecode = instance.preemptionCount == preemptionsBefore
        guard repeatsDecode else { return }
        while budget > 0, instance.waitingCount > 0,
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences
        {
            let tokens = instance.prefillFirstWaiting(upTo: budget)
            if tokens == 0 { break }
            budget -= tokens
        }
    }
}
