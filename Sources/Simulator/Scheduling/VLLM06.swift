/// vLLM 0.6.0, default scheduler (`vllm/core/scheduler.py`, `_schedule_default`): prefill first, never mixed.
///
/// Waiting prompts are taken whole and in order while the token budget, the sequence limit and the memory allow; 1 % of
/// the blocks, the watermark, stay free of new prompts. If none can be taken, every running sequence gets one token, in
/// order of arrival; for each a block must be free, needed or not, else the newest one is preempted, to be computed
/// again at the head of the queue.
///
/// With `preemption_mode` swap it goes to host memory instead. Those that are there come back in the order in which they
/// went, in iterations that preempt nobody, when their blocks and one more fit beside the watermark; until all are back no
/// prompt is admitted. Where host memory is full the engine stops; here the newest is then computed again.
///
/// The engine refuses a prompt above the token budget or above the memory less the watermark. Here the first runs alone
/// and the second when nothing else is in memory, so that both can be served; the last sequence is never preempted.
public struct VLLM06Policy: SchedulingPolicy {
    /// `preemption_mode` of a request with one sequence; by itself the engine recomputes.
    public enum PreemptionMode: String, CaseIterable, Hashable, Sendable { case recompute, swap }

    public private(set) var repeatsDecode = true
    public let preemption: PreemptionMode

    public init(preemption: PreemptionMode = .recompute) { self.preemption = preemption }

    public mutating func schedule(_ instance: inout Instance) {
        while instance.swappedCount == 0, let tokens = instance.firstWaitingTokens,
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences,
            instance.batch.isEmpty || instance.batch.tokens + tokens <= instance.limits.maxBatchedTokens,
            Watermark.admits(at: 0, instance),
            instance.prefillFirstWaiting(tokens: tokens)
        {}
        guard instance.batch.isEmpty, instance.decodingCount + instance.swappedCount > 0 else { return }
        let preemptionsBefore = instance.preemptionCount
        while instance.decodingCount > 1, instance.blocksForNextDecodeOneByOne > instance.freeBlocks {
            if preemption == .swap { instance.swapOutLastDecoding() } else { instance.preemptLastDecoding() }
        }
        let swappedBefore = instance.swappedCount
        if instance.preemptionCount == preemptionsBefore {
            while instance.decodingCount < instance.limits.maxSequences, Watermark.readmits(instance) {
                instance.swapInFirst()
            }
        }
        let decodes = instance.decodeAll()
        precondition(decodes, "the decode set does not fit after making room for it")
        repeatsDecode =
            instance.preemptionCount == preemptionsBefore
            // When the last has come back prompts are next.
            && (swappedBefore == 0 || instance.swappedCount > 0)
            && instance.canDecodeToCompletion(leaving: instance.decodingCount > 1 ? 1 : 0)
    }
}

/// The admission rule that vLLM has had up to its V0 engine, and Sarathi-Serve from it: a whole prompt is allocated at
/// once, and 1 % of the blocks, rounded down, must stay free.
enum Watermark {
    static let fraction = 0.01

    /// Whether the `position`-th waiting request may be admitted. With nothing in memory any request may.
    static func admits(at position: Int, _ instance: borrowing Instance) -> Bool {
        guard let blocks = instance.waitingPromptBlocks(at: position) else { return false }
        if instance.isIdle { return blocks <= instance.freeBlocks }
        return instance.freeBlocks - blocks >= Int(fraction * Double(instance.memory.totalBlocks))
    }

    /// Whether the request swapped out first may come back beside what decodes: with a block more than it holds. Alone it
    /// may in any case.
    static func readmits(_ instance: borrowing Instance) -> Bool {
        guard let blocks = instance.firstSwappedBlocks else { return false }
        if instance.decodingCount == 0 { return instance.firstSwappedFits }
        let free = instance.freeBlocks - instance.blocksForNextDecode - blocks - 1
        return free >= Int(fraction * Double(instance.memory.totalBlocks))
    }
}
