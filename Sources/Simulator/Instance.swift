internal import CostModels
internal import EventKernel
internal import Metrics
internal import Workloads

/// One replica of the model with its queues, its KV memory and its lanes: what a scheduling policy sees.
///
/// A request is in one place at a time: *waiting* (nothing computed), *prefilling* (part of its prompt computed),
/// *prefilled* (handed over to the decode worker, or pinned until another instance pulls its KV), or in the
/// *decode set*. Policies move requests by the operations of this type and cannot break the accounting.
public struct Instance: ~Copyable, Sendable {
    /// Number over the whole deployment.
    public let index: Int
    public let role: PoolRole
    public internal(set) var limits: EngineLimits
    public internal(set) var memory: KVCacheManager

    var requests = RequestTable()
    var waiting = UniqueQueue<Int32>()
    var prefilling = UniqueQueue<Int32>()
    /// In order of hand-over. In a prefill instance these are pinned until pulled, and the order does not matter.
    var prefilled = UniqueQueue<Int32>()
    /// With their KV in host memory, in the order in which they were thrown out.
    var swapped = UniqueQueue<Int32>()
    /// Blocks that they hold there, of how many.
    var hostBlocks = 0
    let host: HostMemory?
    /// Blocks that the next iteration has to copy between host and GPUs.
    var uncopiedBlocks = 0
    var decodeSet: DecodeSet
    /// One, or in a semi-PD instance one for the prefill and one for the decode worker. Chosen is the one for which a policy
    /// forms a batch.
    var lanes: LanePair
    var now = SimulationTime.zero
    /// Requests given to this instance and not finished there.
    var outstanding = 0
    /// Tokens of prompts given to this instance: until their first token is out, in a decode instance until they end.
    var promptTokensAhead = 0
    var preemptions = 0
    /// Prompts elsewhere that wait to be pulled into this decode instance.
    var bridge = UniqueQueue<BridgeEntry>()
    /// Blocks of requests that are pulled or being pulled, but not yet decoding.
    var undecodedBlocks = 0
    /// Of these, the blocks of requests that are being pulled.
    var blocksInTransfer = 0
    /// Of an instance that caches prefixes.
    var prefixes: PrefixBook?
    var starvation = Starvation()

    init(index: Int, pool: PoolConfiguration) {
        self.index = index
        role = pool.role
        limits = pool.limits
        memory = KVCacheManager(pool.memory)
        host = pool.memory.host
        decodeSet = DecodeSet(blockSize: pool.memory.blockSize)
        let partition = pool.partition
        lanes = LanePair(
            sms: role == .semiPD ? [partition.prefill, partition.decode] : [partition.total],
            uniformProvenance: pool.costModel.uniformProvenance)
    }

    // MARK: What a policy may read

    /// The batch that it is forming.
    public internal(set) var batch: Batch {
        _read { yield lanes.chosen.batch }
        _modify { yield &lanes.chosen.batch }
    }

    public var waitingCount: Int { waiting.count }
    public var prefillingCount: Int { prefilling.count }
    /// Prefilled requests that wait for a place in the decode set.
    public var prefilledCount: Int { prefilled.count }
    public var decodingCount: Int { decodeSet.count }
    public var freeBlocks: Int { memory.freeBlocks }
    /// Preemptions so far.
    public var preemptionCount: Int { preemptions }
    /// Prompt tokens that the request at the head of the waiting queue still needs computed; `nil` if none waits.
    ///
    /// Mutating although it changes nothing: to borrow an instance for a method copies all of its fields.
    public var firstWaitingTokens: Int? {
        @inline(__always) mutating get {
            guard let slot = waiting.first else { return nil }
            return prefixes == nil ? requests[known: slot].remainingPrefill : uncachedPrefill(of: slot)
        }
    }
    /// The same for the `position`-th partly prefilled request, in order of admission.
    public func prefillingTokens(at position: Int) -> Int { requests[prefilling[position]].remainingPrefill }
    /// Blocks that the decode set needs for its next iteration.
    public var blocksForNextDecode: Int { decodeSet.blocksBegun }

    // MARK: What a policy may do

    /// Puts `tokens` prompt tokens of the first waiting request into the batch and allocates their blocks.
    /// - Returns: Whether so many blocks were free; if not, nothing changed.
    @inline(__always)
    public mutating func prefillFirstWaiting(tokens: Int) -> Bool {
        guard let slot = waiting.first, addChunk(slot, tokens: tokens) else { return false }
        waiting.removeFirst()
        beginPrefill(slot)
        return true
    }

    /// Puts as many prompt tokens of the first waiting request into the batch as it needs, at most `limit`, and allocates
    /// their blocks.
    /// - Returns: How many; 0 if none waits or too few blocks were free, and then nothing changed.
    @inline(__always)
    public mutating func prefillFirstWaiting(upTo limit: Int) -> Int {
        guard let slot = waiting.first else { return 0 }
        let tokens = min(limit, prefixes == nil ? requests[known: slot].remainingPrefill : uncachedPrefill(of: slot))
        guard addChunk(slot, tokens: tokens) else { return 0 }
        waiting.removeFirst()
        beginPrefill(slot)
        return tokens
    }

    /// Puts the next `tokens` prompt tokens of the `position`-th partly prefilled request into the batch.
    /// - Returns: Whether the blocks were free; if not, nothing changed.
    public mutating func continuePrefill(at position: Int, tokens: Int) -> Bool {
        addChunk(prefilling[position], tokens: tokens)
    }

    /// Puts one token of every decoding sequence into the batch.
    /// - Returns: Whether the blocks that this needs were free; if not, nothing changed.
    @inline(__always)
    public mutating func decodeAll() -> Bool {
        precondition(!batch.decodes, "the batch decodes already")
        guard memory.allocate(blocksForNextDecode) else { return false }
        batch.decode(sequences: decodeSet.count, contextTokens: decodeSet.contextTokens)
        return true
    }

    /// Whether a prompt waits or is partly prefilled.
    @inline(__always)
    var hasPrompts: Bool { !waiting.isEmpty || !prefilling.isEmpty }

    /// Whether there are sequences in the decode set, and nobody else but on the way here. Mutating although it changes
    /// nothing.
    @inline(__always)
    var hasOnlyDecodes: Bool {
        mutating get {
            // Counts are not negative.
            decodeSet.count > 0 && waiting.count | prefilling.count | prefilled.count | swapped.count == 0
        }
    }

    /// Moves the first prefilled request into the decode set. Before `decodeAll`.
    public mutating func admitFirstPrefilled() {
        precondition(!batch.decodes, "the batch decodes already")
        let slot = prefilled.removeFirst()
        if role == .decode { undecodedBlocks -= requests[slot].blocks }
        requests[slot].bookDecodeWait(until: now)
        joinDecodeSet(slot)
    }

    /// Whether the decode set with the first prefilled request in it could run its next iteration.
    public var firstPrefilledFits: Bool {
        guard let slot = prefilled.first else { return false }
        let startsBlock = requests[slot].computedTokens % memory.blockSize == 0
        return blocksForNextDecode + (startsBlock ? 1 : 0) <= memory.freeBlocks
    }

    /// Throws the most recently admitted request out of memory: a partly prefilled one if there is any, else the last
    /// of the decode set. It goes to the head of the waiting queue and is computed again from its first token.
    @inline(never)
    public mutating func preemptLast() {
        if prefilling.isEmpty || role == .semiPD { preemptLastDecoding() } else { preemptLastPrefilling() }
    }

    /// Preempts the partly prefilled request admitted last.
    /// - Precondition: there is one, and its lane is the one being scheduled.
    @inline(never)
    public mutating func preemptLastPrefilling() {
        let slot = prefilling.removeLast()
        dropChunk(of: slot)
        requests[slot].bookPrefill(until: now)
        preempt(slot)
    }

    /// Preempts the sequence that joined the decode set last. Before `decodeAll`.
    public mutating func preemptLastDecoding() {
        precondition(!batch.decodes, "the batch decodes already")
        let slot = decodeSet.last
        leaveDecodeSet(slot)
        preempt(slot)
    }

    /// Preempts the prefilled request that was handed over last.
    public mutating func preemptLastPrefilled() {
        let slot = prefilled.removeLast()
        if role == .decode { undecodedBlocks -= requests[slot].blocks }
        requests[slot].bookDecodeWait(until: now)
        preempt(slot)
    }
}

// MARK: - Moves between places

extension Instance {
    /// Puts a chunk into the batch with the blocks that it fills, or with those of the whole prompt.
    @inline(__always)
    mutating func addChunk(_ slot: Int32, tokens: Int, allocatingPrompt: Bool = false) -> Bool {
        if prefixes != nil, requests[known: slot].phase == .waiting {
            return addFirstChunk(slot, tokens: tokens, allocatingPrompt: allocatingPrompt)
        }
        let (computed, remaining) = (requests[known: slot].computedTokens, requests[known: slot].remainingPrefill)
        let (held, target) = (requests[known: slot].blocks, requests[known: slot].prefillTarget)
        precondition(tokens > 0 && tokens <= remaining, "chunk of \(tokens) of \(remaining) tokens")
        // No more than the target.
        let blocks = max(held, memory.blocks(for: allocatingPrompt ? target : computed &+ tokens))
        guard memory.allocate(blocks &- held) else { return false }
        requests[known: slot].blocks = blocks
        batch.addChunk(slot, tokens: tokens, cached: computed, completes: tokens == remaining)
        return true
    }

    /// Before a policy is asked for the batch of an idle lane.
    @inline(__always)
    mutating func beginBatch(of lane: Int) {
        lanes.choose(lane)
        batch.removeAll()
    }

    /// Books the move from the waiting requests to the partly prefilled ones.
    @inline(__always)
    mutating func beginPrefill(_ slot: Int32) {
        prefilling.append(slot)
        requests[known: slot].beginPrefill(on: index, at: now)
    }

    /// Takes back a chunk that the batch holds already.
    private mutating func dropChunk(of slot: Int32) {
        guard batch.chunks.indices.contains(where: { batch.chunks[$0].slot == slot }) else { return }
        var shape = IterationShape.decode(
            sequences: batch.shape.decodeSequences, contextTokens: batch.shape.decodeContextTokens)
        var kept = UniqueBuffer<Batch.Chunk>()
        for position in batch.chunks.indices where batch.chunks[position].slot != slot {
            let chunk = batch.chunks[position]
            let (computed, remaining) = (requests[chunk.slot].computedTokens, requests[chunk.slot].remainingPrefill)
            shape.addPrefill(tokens: chunk.tokens, cached: computed, completes: chunk.tokens == remaining)
            kept.append(chunk)
        }
        batch.chunks = kept
        batch.shape = shape
    }

    mutating func preempt(_ slot: Int32) {
        giveBack(slot)
        if role == .semiPD || role == .decode, requests[slot].generatedTokens > 0, !requests[slot].isRetracted {
            requests[slot].isRetracted = true
            starvation.retracted += 1
        }
        requests[slot].preempt(at: now)
        preemptions += 1
        waiting.prepend(slot)
    }

    /// The lane that runs the decode set.
    @inline(__always)
    var decodeLane: Int { lanes.count &- 1 }

    @inline(__always)
    mutating func joinDecodeSet(_ slot: Int32) {
        requests[known: slot].joinWork = lanes[decodeLane].workDone
        decodeSet.join(slot, in: &requests)
    }

    /// Undisturbed work done since a sequence joined the decode set. Mutating although it changes nothing.
    @inline(__always)
    private mutating func decodeWork(of slot: Int32) -> Work {
        Work(units: lanes[decodeLane].workDone.units &- requests[known: slot].joinWork.units)
    }

    /// Takes a sequence out of the decode set and books its time in it.
    mutating func leaveDecodeSet(_ slot: Int32) {
        decodeSet.remove(slot, in: &requests)
        let work = decodeWork(of: slot)
        requests[slot].parts.bookDecode(work, of: now - requests[slot].mark)
        requests[slot].mark = now
    }

    /// Takes a request whose last token is out from the decode set, if it is there, and returns what is recorded of it. Its
    /// time there is booked in the record only, which is made last: written from beginning to end.
    @inline(__always)
    mutating func lastRecord(of slot: Int32) -> RequestRecord {
        guard requests[slot].phase == .decoding else {
            return requests[known: slot].record(.completed, completion: now, decodeInstance: index)
        }
        requests[known: slot].blocks = decodeSet.removeDone(slot, in: &requests)
        let (work, time) = (decodeWork(of: slot), now - requests[known: slot].mark)
        var record = requests[known: slot].record(.completed, completion: now, decodeInstance: index)
        record.parts.bookDecode(work, of: time)
        return record
    }

    /// Books a finished chunk. Returns whether it finished its prompt, which yields a token.
    @inline(__always)
    mutating func finishChunk(
        _ chunk: Batch.Chunk, work: Work, _ gaps: inout TokenGaps, _ recorder: inout some Recorder
    ) -> Bool {
        let slot = chunk.slot
        let isLast = requests[slot].finishChunk(tokens: chunk.tokens, work: work)
        if prefixes != nil { keepPrefixes(of: slot) }
        if !isLast { return false }
        // Prompts are finished in the order in which they were begun, but for those with a larger share of the budget.
        if prefilling.first == slot { prefilling.removeFirst() } else { removePrefilling(slot) }
        if requests[known: slot].generatedTokens > 0 { generateAgain(slot, &gaps, &recorder) }
        let isFirst = requests[known: slot].finishPrefill(at: now)
        // A decode instance counts prompts until they end.
        if isFirst, role != .decode { promptTokensAhead &-= requests[known: slot].request.promptTokens }
        return true
    }

    @inline(never)
    private mutating func removePrefilling(_ slot: Int32) {
        if let position = prefilling.firstIndex(of: slot) { prefilling.remove(at: position) }
    }

    /// Books the first token since a request was preempted.
    @inline(never)
    private mutating func generateAgain(_ slot: Int32, _ gaps: inout TokenGaps, _ recorder: inout some Recorder) {
        gaps.record(now - requests[slot].lastToken, count: 1, &recorder)
        guard requests[slot].isRetracted else { return }
        requests[slot].isRetracted = false
        starvation.retracted -= 1
    }

    /// Whether the batch of a lane gives a request its last token.
    @inline(__always)
    mutating func endsRequests(lane: Int) -> Bool {
        for position in lanes[lane].batch.chunks.indices {
            let chunk = lanes[lane].batch.chunks[position]
            if requests[chunk.slot].remainingPrefill == chunk.tokens,
                requests[chunk.slot].generatedTokens + 1 == requests[chunk.slot].request.outputTokens
            {
                return true
            }
        }
        return false
    }

    /// Keeps a prefilled request until it is admitted to the decode set, or pulled into another instance.
    @inline(__always)
    mutating func handOver(_ slot: Int32) {
        requests[slot].phase = .prefilled
        prefilled.append(slot)
    }

    /// Frees what a request holds and forgets it.
    @inline(__always)
    mutating func release(_ slot: Int32) {
        giveBack(slot)
        outstanding &-= 1
        if role == .decode { promptTokensAhead &-= requests[known: slot].request.promptTokens }
        requests.remove(slot)
    }

    @inline(__always)
    mutating func giveBack(_ slot: Int32) {
        memory.free(requests[known: slot].blocks &- requests[known: slot].sharedBlocks)
        if prefixes != nil { giveBackPrefixes(slot) }
    }

    @inline(never)
    private mutating func giveBackPrefixes(_ slot: Int32) {
        guard let prefixes else { return }
        memory.release(prefixes.keys[Int(slot)].prefix(requests[slot].sharedPrefixes))
    }

    // Tokens and requests that are here, as they are counted above and below, are fewer than 2⁶³.
    @inline(__always)
    mutating func enqueue(_ request: Request, _ prefixKeys: [UInt32]) {
        promptTokensAhead &+= request.promptTokens
        let slot = requests.insert(request)
        if prefixes != nil { keep(prefixKeys, of: slot) }
        waiting.append(slot)
        outstanding &+= 1
    }

    @inline(never)
    private mutating func keep(_ prefixKeys: [UInt32], of slot: Int32) { prefixes?.setKeys(prefixKeys, of: slot) }

    /// A request that has been elsewhere.
    mutating func enqueue(_ pending: PendingRequest) {
        if pending.state.firstToken == nil { promptTokensAhead += pending.state.request.promptTokens }
        let slot = requests.insert(pending.state)
        prefixes?.setKeys(pending.prefixKeys, of: slot)
        waiting.append(slot)
        outstanding += 1
    }

    /// How many iterations of a lane from the next on are alike: none completes a sequence before its end, needs a block
    /// that is not free, or leaves the segment of the cost line.
    ///
    /// Mutating although it changes nothing.
    @inline(__always)
    mutating func equalIterations(lane: Int) -> Int { equalIterations(lastContext: lanes[lane].lastContext) }

    @inline(__always)
    mutating func equalIterations(lastContext: Int) -> Int {
        // Neither number of iterations nor of tokens is negative: their differences do not overflow.
        let contextLeft = lastContext &- decodeSet.contextTokens
        // After the next one, whose blocks are allocated already.
        var limit = decodeSet.nextDue.map { max(1, $0 &- decodeSet.iteration) &- 1 } ?? 0
        if limit * decodeSet.count > contextLeft { limit = contextLeft / decodeSet.count }
        return 1 &+ decodeSet.iterationsAfterNext(within: memory.freeBlocks, limit: limit)
    }

    /// Books iterations of the run in flight on a lane; see `Lane.commit`.
    @inline(always)
    mutating func commit(
        lane: Int, iterations: Int, ended: Bool, _ context: inout RunContext, _ recorder: inout some Recorder
    ) -> Work {
        if context.recordsIterations {
            return commitAndRecord(lane: lane, iterations: iterations, ended: ended, &context, &recorder)
        }
        return lanes[lane].commit(
            iterations: iterations, ended: ended, decodeSet: &decodeSet, memory: &memory, requests: &requests,
            &context.gaps, &recorder)
    }

    /// The same for a recorder that wants to be told.
    @inline(never)
    private mutating func commitAndRecord(
        lane: Int, iterations: Int, ended: Bool, _ context: inout RunContext, _ recorder: inout some Recorder
    ) -> Work {
        let start = lanes[lane].bookedUntil
        let contextTokens = decodeSet.contextTokens
        let work = lanes[lane].commit(
            iterations: iterations, ended: ended, decodeSet: &decodeSet, memory: &memory, requests: &requests,
            &context.gaps, &recorder)
        recorder.record(record(of: iterations, lane: lane, from: start, contextTokens: contextTokens))
        return work
    }

    /// Of iterations that have just been booked.
    private mutating func record(
        of iterations: Int, lane: Int, from start: SimulationTime, contextTokens: Int
    ) -> IterationRecord {
        let shape = lanes[lane].batch.shape
        return IterationRecord(
            instance: index, lane: role == .decode ? 1 : lane, start: start, end: lanes[lane].bookedUntil,
            iterations: iterations, sms: lanes[lane].sms, prefillTokens: shape.prefillTokens,
            prefillSequences: shape.prefillSequences, decodeSequences: shape.decodeSequences,
            decodeContextTokens: shape.decodeSequences > 0 ? contextTokens : 0)
    }

    /// Books the iterations of a run that ended by `time`, without changing its plan.
    mutating func bookEnded(
        by time: SimulationTime, lane: Int, _ context: inout RunContext, _ recorder: inout some Recorder
    ) {
        guard lanes[lane].isRunning, lanes[lane].plannedIterations > 1 else { return }
        let completed = lanes[lane].run.iterationsCompleted(by: time, limit: lanes[lane].plannedIterations - 1)
        if completed > 0 { _ = commit(lane: lane, iterations: completed, ended: false, &context, &recorder) }
    }
}
