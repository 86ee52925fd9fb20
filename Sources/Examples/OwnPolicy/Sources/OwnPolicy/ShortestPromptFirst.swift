import Simulator

/// The rules of vLLM V1, but the shortest waiting prompt is admitted first. Mean TTFT gets better where prompts queue;
/// long prompts pay.
struct ShortestPromptFirst: SchedulingPolicy {
    private(set) var repeatsDecode = true

    mutating func schedule(_ instance: inout Instance) {
        let preemptionsBefore = instance.preemptionCount
        // Requests in progress come first: a token for every decoding one, then the prompts that were begun.
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

        // Nothing is admitted in an iteration that had to preempt.
        repeatsDecode = instance.preemptionCount == preemptionsBefore
        guard repeatsDecode else { return }
        while budget > 0, let (next, needed) = shortestWaiting(instance),
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences
        {
            let tokens = min(budget, needed)
            guard instance.prefillWaiting(at: next, tokens: tokens) else { break }
            budget -= tokens
        }
    }

    /// Of equally short prompts, the one that has waited longest.
    private func shortestWaiting(_ instance: borrowing Instance) -> (position: Int, tokens: Int)? {
        var shortest: (position: Int, tokens: Int)?
        for position in 0..<instance.waitingCount {
            guard let tokens = instance.waitingTokens(at: position), tokens < shortest?.tokens ?? .max else { continue }
            shortest = (position, tokens)
        }
        return shortest
    }
}
