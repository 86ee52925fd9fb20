internal import CostModels

/// SGLang 0.4.4 (`managers/scheduler.py`, `schedule_policy.py`, `schedule_batch.py`), first come first served:
/// prefill first in chunks of `chunked_prefill_size`, never mixed with decodes.
///
/// Admission counts a prompt with all the tokens it may generate, and for each running request a share of those it has
/// left, the new-token ratio, which falls with every decode iteration and is estimated anew when memory runs out. Then
/// the requests with the fewest generated tokens are retracted to the end of the queue until the others have room for 20
/// tokens each. After an admission that failed, none is tried until a decode iteration has begun with fewer running
/// requests. The overlap of CPU and GPU is the runtime profile's matter.
///
/// A request's `max_new_tokens` is taken to be what it does generate. A request that never passes the admission rule is
/// served when nothing else is in memory.
public struct SGLangPolicy: SchedulingPolicy {
    public private(set) var repeatsDecode = true

    /// `chunked_prefill_size`: tokens of one prefill iteration.
    private let chunkedPrefillSize: Int
    private var ratio = NewTokenRatio()
    /// Admission failed and the running batch has not shrunk since.
    private var isBatchFull = false
    /// Requests that are done but still in the engine's running batch, which it filters only before a decode.
    private var finished = 0
    /// Running requests after the present iteration if none of them ends with it.
    private var expectedRunning = 0

    /// `max_prefill_tokens`: no further prompt joins a prefill batch beyond it.
    static let maxPrefillTokens = 16_384
    /// The most new tokens that admission counts for one request (`CLIP_MAX_NEW_TOKENS`).
    static let clippedNewTokens = 4_096
    /// Decode iterations that a retraction makes room for (`retract_decode_steps`).
    static let retractDecodeSteps = 20

    public init(chunkedPrefillSize: Int = 8_192) { self.chunkedPrefillSize = chunkedPrefillSize }

    public mutating func schedule(_ instance: inout Instance) {
        finished += expectedRunning - instance.decodingCount
        if instance.decodingCount == 0, instance.prefillingCount == 0 {
            // The engine filters the finished ones, finds the batch empty and looks again.
            (finished, isBatchFull) = (0, false)
            if instance.waitingCount == 0 { ratio = NewTokenRatio(from: instance.decodeIterations) }
        }
        repeatsDecode = false
        prefill(&instance)
        if instance.batch.isEmpty, instance.decodingCount > 0 { decode(&instance) }
        expectedRunning = instance.decodingCount + instance.batch.shape.prefillCompletions
    }

    // MARK: Prefill

    private mutating func prefill(_ instance: inout Instance) {
        let hasChunk = instance.prefillingCount > 0
        guard hasChunk || !isBatchFull && instance.waitingCount > 0 else { return }
        let running = instance.decodingCount + finished
        guard running < instance.limits.maxSequences else {
            isBatchFull = true
            return
        }
        let isIdle = instance.isIdle
        let available = Double(instance.freeBlocks * instance.memory.blockSize)
        let remaining = instance.decodingRemainingTokens(atMost: Self.clippedNewTokens)
        var room = AdmissionRoom(
            total: available - ratio.value(at: instance.decodeIterations) * Double(remaining), current: available,
            input: Self.maxPrefillTokens, chunk: chunkedPrefillSize)

        if hasChunk {
            let needed = instance.prefillingTokens(at: 0)
            let tokens = min(needed, room.chunk)
            // Only with pages of several tokens can the rest of a prompt that was admitted fail to fit.
            guard instance.continuePrefill(at: 0, tokens: tokens) else { return }
            let newTokens = min(instance.prefillingOutputTokens(at: 0), Self.clippedNewTokens)
            room.take(tokens, newTokens: tokens < needed ? 0 : newTokens)
        }
        while let needed = instance.firstWaitingTokens, let output = instance.firstWaitingOutputTokens {
            let inBatch = instance.batch.shape.prefillSequences
            guard running + inBatch < instance.limits.maxSequences else {
                isBatchFull = true
                return
            }
            let newTokens = min(output, Self.clippedNewTokens)
            let isFirstOfAll = isIdle && inBatch == 0
            guard isFirstOfAll || Double(needed + newTokens) < room.total else {
                isBatchFull = true
                return
            }
            guard needed <= room.input || inBatch == 0, room.chunk > 0 else { return }
            let tokens = min(needed, room.chunk)
            guard instance.prefillFirstWaiting(tokens: tokens) else {
                isBatchFull = true
                return
            }
            room.take(tokens, newTokens: tokens < needed ? 0 : newTokens)
            guard room.total > 0, room.current > 0 else {
                isBatchFull = true
                return
            }
            guard room.input > 0, room.chunk > 0 else { return }
        }
    }

    // MARK: Decode

    private mutating func decode(_ instance: inout Instance) {
        if finished > 0 { (finished, isBatchFull) = (0, false) }
        // One page for each sequence, needed or not.
        let fits = instance.decodingCount <= instance.freeBlocks
        if !fits { retract(&instance) }
        while instance.decodingCount > 0, !instance.decodeAll() { instance.preemptLast() }
        let hasReserve =
            instance.memory.blockSize == 1 || instance.canDecodeToCompletion(leaving: instance.decodingCount)
        let staysDecoding = isBatchFull || instance.waitingCount == 0
        repeatsDecode = fits && hasReserve && staysDecoding && instance.prefillingCount == 0
    }

    private mutating func retract(_ instance: inout Instance) {
        var needsMore = true
        while needsMore, instance.decodingCount > 1 {
            instance.retractFewestGenerated()
            isBatchFull = false
            let free = instance.freeBlocks * instance.memory.blockSize
            needsMore = free < Self.retractDecodeSteps * instance.decodingCount
        }
        let expected = instance.decodingGeneratedTokens + Self.retractDecodeSteps * instance.decodingCount
        let estimate = min(1, Double(expected) / Double(instance.decodingOutputTokens))
        // The iteration of a retraction does not lower the ratio.
        ratio = NewTokenRatio(estimate, from: instance.decodeIterations + 1)
    }
}

/// The share of their remaining tokens that running requests are expected to generate: 0.7, falling to 0.14 of that in
/// 600 decode iterations.
private struct NewTokenRatio {
    static let initial = 0.7
    static let least = 0.7 * 0.14
    static let decay = (initial - least) / 600

    private let start: Double
    /// Decode iterations of the run when it began to fall.
    private let from: Int

    init(_ start: Double = initial, from: Int = 0) {
        self.start = start
        self.from = from
    }

    func value(at decodeIterations: Int) -> Double {
        decodeIterations <= from ? start : max(Self.least, start - Self.decay * Double(decodeIterations - from))
    }
}

/// Tokens that a prefill batch may still take (`PrefillAdder`).
private struct AdmissionRoom {
    /// Of memory, with what is expected to be generated.
    var total: Double
    /// Of memory, prompts only.
    var current: Double
    var input: Int
    var chunk: Int

    mutating func take(_ tokens: Int, newTokens: Int) {
        total -= Double(tokens + newTokens)
        current -= Double(tokens)
        input -= tokens
        chunk -= tokens
    }
}
