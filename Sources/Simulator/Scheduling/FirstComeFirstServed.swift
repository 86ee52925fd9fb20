internal import CostModels

/// The prefill worker of DistServe and of semi-PD on its base (branch distserve_base, context stage): whole prompts
/// from the head of the queue, as many as fit the token limit, the sequence limit and the free blocks; no skipping.
///
/// A prompt longer than the token limit is run alone, since it could never be run otherwise. Earlier versions of the code
/// left a share of the memory free for decode to grow into; the released one does not.
public struct FCFSPrefillPolicy: SchedulingPolicy {
    /// Share of the blocks that prompts leave free, unless nothing else is in memory.
    public let reserve: Double
    /// Whether it decodes requests that stay in its instance, beside prompts: Splitwise's mixed batches. Of prefill
    /// instances only.
    public let mixes: Bool

    public init(reserve: Double = 0, mixes: Bool = false) {
        precondition((0..<1).contains(reserve), "a reserve of \(reserve) of the memory")
        self.reserve = reserve
        self.mixes = mixes
    }

    public mutating func schedule(_ instance: inout Instance) {
        var sequences = 0
        if mixes {
            while instance.decodingCount > 0, !instance.decodeAll() { instance.preemptLastDecoding() }
            sequences = instance.decodingCount
        }
        while let tokens = instance.firstWaitingTokens, sequences < instance.limits.maxSequences,
            sequences == 0 || instance.batch.tokens + tokens <= instance.limits.maxBatchedTokens,
            reserve == 0 || leavesReserve(instance), instance.prefillFirstWaiting(tokens: tokens)
        {
            sequences += 1
        }
    }

    private func leavesReserve(_ instance: borrowing Instance) -> Bool {
        if instance.isIdle { return true }
        let kept = Int((reserve * Double(instance.memory.totalBlocks)).rounded(.up))
        return instance.freeBlocks - (instance.blocksToAdmitFirstWaiting ?? 0) >= kept
    }
}

/// The decode worker of DistServe and semi-PD (branch distserve_base, decoding stage): all running sequences in every
/// iteration, and prefilled requests admitted in order of hand-over while the batch limit and the memory allow.
///
/// When the running sequences outgrow the memory, some are thrown out. Requests in host memory come back before others are
/// admitted.
public struct FCFSDecodePolicy: SchedulingPolicy {
    /// Who is thrown out, and what becomes of it.
    public enum Eviction: String, CaseIterable, Hashable, Sendable {
        /// The request admitted last goes to host memory (branch distserve_base).
        case swapLast = "swap-last"
        /// The request admitted last is computed again: by the prefill worker of the instance, or by this worker where
        /// there is none.
        case recomputeLast = "recompute-last"
        /// Those with the fewest generated tokens are computed again, ahead of the queue, until twenty tokens of each that
        /// is left fit (semi-PD on SGLang).
        case retractFewest = "retract-fewest"
    }

    public private(set) var repeatsDecode = true
    public var ignoresPrompts: Bool { true }
    public var decodesAllAlone: Bool { true }
    public let eviction: Eviction
    /// Prompt tokens that an iteration of a decode instance takes beside its sequences; a longer prompt goes alone.
    public let prefillBudget: Int

    public init(eviction: Eviction = .recomputeLast, prefillBudget: Int = .max) {
        self.eviction = eviction
        self.prefillBudget = prefillBudget
    }

    public mutating func schedule(_ instance: inout Instance) {
        repeatsDecode = true
        if instance.blocksForNextDecode > instance.freeBlocks { makeRoom(in: &instance) }
        while instance.swappedCount > 0, instance.decodingCount < instance.limits.maxSequences {
            if instance.firstSwappedFits {
                instance.swapInFirst()
            } else {
                repeatsDecode = false
                break
            }
        }
        // Behind requests in host memory others wait, unless nothing else could make room.
        while instance.swappedCount == 0 || instance.decodingCount == 0, instance.prefilledCount > 0,
            instance.decodingCount < instance.limits.maxSequences
        {
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
        // Requests of an instance without a prefill worker: preempted, or prompts of Splitwise's mixed pool.
        while instance.role == .decode, let tokens = instance.firstWaitingTokens,
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences,
            instance.batch.shape.prefillTokens == 0
                || tokens <= prefillBudget - instance.batch.shape.prefillTokens,
            instance.prefillFirstWaiting(tokens: tokens)
        {}
    }

    private func makeRoom(in instance: inout Instance) {
        switch eviction {
        case .swapLast:
            while instance.blocksForNextDecode > instance.freeBlocks { instance.swapOutLastDecoding() }
        case .recomputeLast:
            while instance.blocksForNextDecode > instance.freeBlocks { instance.preemptLastDecoding() }
        case .retractFewest:
            let ahead = 20
            while instance.blocksForNextDecode > instance.freeBlocks
                || instance.decodingCount > 1
                    && instance.freeBlocks * instance.memory.blockSize < ahead * instance.decodingCount
            {
                instance.retractFewestGenerated(toHead: true)
            }
        }
    }
}
