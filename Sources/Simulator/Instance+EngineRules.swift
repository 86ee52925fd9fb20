internal import Workloads

// What the rules of particular engines need beyond the operations that all policies share.

// MARK: - Admission by memory

extension Instance {
    /// Whether no request holds memory here.
    public var isIdle: Bool { prefilling.isEmpty && prefilled.isEmpty && swapped.isEmpty && decodeSet.count == 0 }

    /// Prompt tokens that the `position`-th waiting request still needs computed; `nil` past the last.
    public func waitingTokens(at position: Int) -> Int? {
        position < waiting.count ? uncachedPrefill(of: waiting[position]) : nil
    }

    /// Blocks of the whole prompt of the `position`-th waiting request; `nil` past the last.
    public func waitingPromptBlocks(at position: Int) -> Int? {
        position < waiting.count ? memory.blocks(for: requests[waiting[position]].remainingPrefill) : nil
    }

    /// Blocks that have to be free to admit the first waiting request with its whole prompt, of which others may hold some
    /// already; `nil` if none waits.
    public var blocksToAdmitFirstWaiting: Int? { waiting.first.map { blocksToAdmit($0) } }

    /// Puts `tokens` prompt tokens of the `position`-th waiting request into the batch and allocates the blocks of its
    /// whole prompt at once.
    /// - Returns: Whether so many blocks were free; if not, nothing changed.
    public mutating func prefillWaiting(at position: Int, tokens: Int) -> Bool {
        let slot = waiting[position]
        guard addChunk(slot, tokens: tokens, allocatingPrompt: true) else { return false }
        waiting.remove(at: position)
        beginPrefill(slot)
        return true
    }

    /// Tokens that the first waiting request may generate in all; `nil` if none waits.
    public var firstWaitingOutputTokens: Int? { waiting.first.map { requests[$0].request.outputTokens } }

    /// The same for the `position`-th partly prefilled request, in order of admission.
    public func prefillingOutputTokens(at position: Int) -> Int { requests[prefilling[position]].request.outputTokens }

    /// Blocks that the first waiting request will hold when it ends; `nil` if none waits.
    public var firstWaitingPeakBlocks: Int? { waiting.first.map { peakBlocks(of: $0) } }

    /// Blocks that the requests in memory will hold when they end, added up. O(requests in memory).
    public var admittedPeakBlocks: Int {
        prefilling.elements.reduce(0) { $0 + peakBlocks(of: $1) }
            + prefilled.elements.reduce(0) { $0 + peakBlocks(of: $1) }
            + decoding.reduce(0) { $0 + peakBlocks(of: $1) }
    }

    // The last token's KV is never written.
    private func peakBlocks(of slot: Int32) -> Int {
        memory.blocks(for: requests[slot].request.promptTokens + requests[slot].request.outputTokens - 1)
    }
}

// MARK: - Running out of memory

extension Instance {
    /// Blocks that have to be free for the next iteration in engines that go through the decode set in order of
    /// admission and want a free block before every sequence's token, whether it begins a block or not.
    public var blocksForNextDecodeOneByOne: Int {
        guard decodeSet.count > 0 else { return 0 }
        let slot = decodeSet.last
        let tokens = requests[slot].computedTokens + decodeSet.iteration - requests[slot].joinIteration
        return blocksForNextDecode + (tokens % memory.blockSize == 0 ? 0 : 1)
    }

    /// Whether the batch's decode set can be repeated until its next completion with `blocks` blocks left over. After
    /// `decodeAll`. O(block size).
    public func canDecodeToCompletion(leaving blocks: Int) -> Bool {
        let iterations = decodeSet.nextDue.map { max(1, $0 - decodeSet.iteration) } ?? 1
        return memory.freeBlocks - decodeSet.blocksBegunAfterNext(iterations: iterations - 1) >= blocks
    }

    /// Requests whose KV is in host memory.
    public var swappedCount: Int { swapped.count }

    /// Moves the KV of the sequence that joined the decode set last to host memory; where that is full, the sequence is
    /// preempted, to be computed again. Before `decodeAll`.
    public mutating func swapOutLastDecoding() {
        precondition(!batch.decodes, "the batch decodes already")
        let slot = decodeSet.last
        leaveDecodeSet(slot)
        let blocks = requests[slot].blocks
        if let host, hostBlocks + blocks > host.blocks { return preempt(slot) }
        hostBlocks += blocks
        uncopiedBlocks += blocks
        giveBack(slot)
        requests[slot].swapOut(at: now)
        preemptions += 1
        swapped.append(slot)
    }

    /// Blocks of the request swapped out first; `nil` if there is none.
    public var firstSwappedBlocks: Int? { swapped.first.map { memory.blocks(for: requests[$0].computedTokens) } }

    /// Whether the decode set with the request swapped out first in it could run its next iteration.
    public var firstSwappedFits: Bool {
        guard let slot = swapped.first else { return false }
        let tokens = requests[slot].computedTokens
        let begun = tokens % memory.blockSize == 0 ? 1 : 0
        return memory.blocks(for: tokens) + begun + blocksForNextDecode <= memory.freeBlocks
    }

    /// Brings the request swapped out first back into the decode set. Before `decodeAll`.
    /// - Precondition: `firstSwappedFits`.
    public mutating func swapInFirst() {
        precondition(!batch.decodes && firstSwappedFits, "no room for a swapped request")
        let slot = swapped.removeFirst()
        let blocks = memory.blocks(for: requests[slot].computedTokens)
        _ = memory.allocate(blocks)
        hostBlocks -= blocks
        uncopiedBlocks += blocks
        requests[slot].swapIn(blocks: blocks, at: now)
        joinDecodeSet(slot)
    }

    /// Throws out the decoding sequence with the fewest generated tokens, of those the one with the longest prompt, of
    /// those the one admitted last. It goes to the end of the waiting queue, or to its head, and is computed again from
    /// its first token. Before `decodeAll`. O(decoding sequences).
    public mutating func retractFewestGenerated(toHead: Bool = false) {
        precondition(!batch.decodes, "the batch decodes already")
        var victim = decodeSet.last
        for slot in decoding {
            let (generated, fewest) = (generatedTokens(of: slot), generatedTokens(of: victim))
            let isLonger = requests[slot].request.promptTokens >= requests[victim].request.promptTokens
            if generated < fewest || generated == fewest && isLonger { victim = slot }
        }
        leaveDecodeSet(victim)
        preempt(victim)
        if !toHead { waiting.append(waiting.removeFirst()) }
    }
}

// MARK: - Sums over the decode set

extension Instance {
    /// Decode iterations since the start of the run.
    public var decodeIterations: Int { decodeSet.iteration }

    /// Tokens that the decoding sequences have generated, added up. O(decoding sequences).
    public var decodingGeneratedTokens: Int { decoding.reduce(0) { $0 + generatedTokens(of: $1) } }

    /// Tokens that the decoding sequences may generate in all, added up. O(decoding sequences).
    public var decodingOutputTokens: Int { decoding.reduce(0) { $0 + requests[$1].request.outputTokens } }

    /// Tokens that the decoding sequences may still generate, at most `limit` of each, added up. O(decoding sequences).
    public func decodingRemainingTokens(atMost limit: Int) -> Int {
        decoding.reduce(0) { $0 + min(requests[$1].request.outputTokens - generatedTokens(of: $1), limit) }
    }

    private func generatedTokens(of slot: Int32) -> Int {
        requests[slot].generatedTokens + decodeSet.iteration - requests[slot].joinIteration
    }

    /// The decode set in order of admission.
    private var decoding: [Int32] {
        var slots: [Int32] = []
        slots.reserveCapacity(decodeSet.count)
        var slot = decodeSet.first
        while slot != RequestTable.none {
            slots.append(slot)
            slot = requests[slot].next
        }
        return slots
    }
}
