internal import CostModels
internal import DequeModule
internal import EventKernel
internal import Metrics
internal import Workloads

/// One replica of the model with its queues, its KV memory and its lanes: what a scheduling policy sees.
///
/// A request is in one place at a time: *waiting* (nothing computed), *prefilling* (part of its prompt computed),
/// *prefilled* (handed over to the decode worker, or pinned until another instance pulls its KV), or in the
/// *decode set*. Policies move requests by the operations of this type and cannot break the accounting.
public struct Instance: Sendable {
    /// Number over the whole deployment.
    public let index: Int
    public let role: PoolRole
    public let limits: EngineLimits
    public internal(set) var memory: KVCacheManager

    var requests = RequestTable()
    var waiting: Deque<Int32> = []
    var prefilling: Deque<Int32> = []
    /// In order of hand-over. In a prefill instance these are pinned until pulled, and the order does not matter.
    var prefilled: Deque<Int32> = []
    var decodeSet: DecodeSet
    var lanes: ContiguousArray<Lane>
    /// The lane whose policy is being asked.
    var schedulingLane = 0
    var now = SimulationTime.zero
    /// Requests given to this instance and not finished there.
    var outstanding = 0
    var preemptions = 0
    /// Prompts elsewhere that wait to be pulled into this decode instance.
    var bridge: Deque<BridgeEntry> = []
    /// Blocks of requests that are pulled or being pulled, but not yet decoding.
    var undecodedBlocks = 0
    /// Of these, the blocks of requests that are being pulled.
    var blocksInTransfer = 0

    init(index: Int, pool: PoolConfiguration) {
        self.index = index
        role = pool.role
        limits = pool.limits
        memory = KVCacheManager(pool.memory)
        decodeSet = DecodeSet(blockSize: pool.memory.blockSize)
        lanes = [Lane(role: .main, sms: pool.partition.total)]
        if role == .semiPD {
            lanes = [
                Lane(role: .main, sms: pool.partition.prefill), Lane(role: .decode, sms: pool.partition.decode),
            ]
        }
    }

    // MARK: What a policy may read

    public var waitingCount: Int { waiting.count }
    public var prefillingCount: Int { prefilling.count }
    /// Prefilled requests that wait for a place in the decode set.
    public var prefilledCount: Int { prefilled.count }
    public var decodingCount: Int { decodeSet.count }
    public var freeBlocks: Int { memory.freeBlocks }
    /// Preemptions so far.
    public var preemptionCount: Int { preemptions }
    /// Prompt tokens that the request at the head of the waiting queue still needs computed; `nil` if none waits.
    public var firstWaitingTokens: Int? { waiting.first.map { requests[$0].remainingPrefill } }
    /// The same for the `position`-th partly prefilled request, in order of admission.
    public func prefillingTokens(at position: Int) -> Int { requests[prefilling[position]].remainingPrefill }
    /// Blocks that the decode set needs for its next iteration.
    public var blocksForNextDecode: Int { decodeSet.blocksBegun(iterations: 1) }
    /// The batch so far.
    public var batch: Batch { lanes[schedulingLane].batch }

    // MARK: What a policy may do

    /// Puts `tokens` prompt tokens of the first waiting request into the batch and allocates their blocks.
    /// - Returns: Whether so many blocks were free; if not, nothing changed.
    public mutating func prefillFirstWaiting(tokens: Int) -> Bool {
        guard let slot = waiting.first, addChunk(slot, tokens: tokens) else { return false }
        waiting.removeFirst()
        beginPrefill(slot)
        return true
    }

    /// Puts the next `tokens` prompt tokens of the `position`-th partly prefilled request into the batch.
    /// - Returns: Whether the blocks were free; if not, nothing changed.
    public mutating func continuePrefill(at position: Int, tokens: Int) -> Bool {
        addChunk(prefilling[position], tokens: tokens)
    }

    /// Puts one token of every decoding sequence into the batch.
    /// - Returns: Whether the blocks that this needs were free; if not, nothing changed.
    public mutating func decodeAll() -> Bool {
        precondition(!lanes[schedulingLane].batch.decodes, "the batch decodes already")
        guard memory.allocate(blocksForNextDecode) else { return false }
        lanes[schedulingLane].batch.decodes = true
        lanes[schedulingLane].batch.shape.decodeSequences = decodeSet.count
        lanes[schedulingLane].batch.shape.decodeContextTokens = decodeSet.contextTokens
        return true
    }

    /// Moves the first prefilled request into the decode set. Before `decodeAll`.
    public mutating func admitFirstPrefilled() {
        precondition(!lanes[schedulingLane].batch.decodes, "the batch decodes already")
        let slot = prefilled.removeFirst()
        if role == .decode { undecodedBlocks -= requests[slot].blocks }
        requests[slot].parts.decodeWait += now - requests[slot].mark
        requests[slot].mark = now
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
    public mutating func preemptLast() {
        if prefilling.isEmpty || role == .semiPD { preemptLastDecoding() } else { preemptLastPrefilling() }
    }

    /// Preempts the partly prefilled request admitted last.
    /// - Precondition: there is one, and its lane is the one being scheduled.
    public mutating func preemptLastPrefilling() {
        let slot = prefilling.removeLast()
        dropChunk(of: slot)
        let run = requests[slot].prefillWork.wholeNanoseconds
        if !requests[slot].isPreempted {
            requests[slot].parts.prefillRun += run
            requests[slot].parts.prefillStalled += now - requests[slot].mark - run
        } else {
            requests[slot].parts.preempted += now - requests[slot].mark
        }
        requests[slot].prefillWork = .zero
        preempt(slot)
    }

    /// Preempts the sequence that joined the decode set last. Before `decodeAll`.
    public mutating func preemptLastDecoding() {
        precondition(!lanes[schedulingLane].batch.decodes, "the batch decodes already")
        let slot = decodeSet.last
        leaveDecodeSet(slot)
        preempt(slot)
    }

    /// Preempts the prefilled request that was handed over last.
    public mutating func preemptLastPrefilled() {
        let slot = prefilled.removeLast()
        if role == .decode { undecodedBlocks -= requests[slot].blocks }
        requests[slot].parts.decodeWait += now - requests[slot].mark
        preempt(slot)
    }
}

// MARK: - Moves between places

extension Instance {
    /// Puts a chunk into the batch with the blocks that it fills, or with those of the whole prompt.
    mutating func addChunk(_ slot: Int32, tokens: Int, allocatingPrompt: Bool = false) -> Bool {
        let state = requests[slot]
        precondition(
            tokens > 0 && tokens <= state.remainingPrefill, "chunk of \(tokens) of \(state.remainingPrefill) tokens")
        let end = allocatingPrompt ? state.prefillTarget : state.computedTokens + tokens
        let blocks = max(state.blocks, memory.blocks(for: end))
        guard memory.allocate(blocks - state.blocks) else { return false }
        requests[slot].blocks = blocks
        lanes[schedulingLane].batch.chunks.append(Batch.Chunk(slot: slot, tokens: tokens))
        lanes[schedulingLane].batch.shape.addPrefill(
            tokens: tokens, cached: state.computedTokens, completes: tokens == state.remainingPrefill)
        return true
    }

    /// Books the move from the waiting requests to the partly prefilled ones.
    mutating func beginPrefill(_ slot: Int32) {
        prefilling.append(slot)
        requests[slot].phase = .prefilling
        if requests[slot].scheduled == nil {
            requests[slot].scheduled = now
            requests[slot].parts.queue = now - requests[slot].request.arrival
            requests[slot].mark = now
        }
        requests[slot].prefillInstance = index
    }

    /// Takes back a chunk that the batch holds already.
    private mutating func dropChunk(of slot: Int32) {
        let lane = schedulingLane
        guard let position = lanes[lane].batch.chunks.firstIndex(where: { $0.slot == slot }) else { return }
        lanes[lane].batch.chunks.remove(at: position)
        let decodes = lanes[lane].batch.shape
        var shape = IterationShape.decode(
            sequences: decodes.decodeSequences, contextTokens: decodes.decodeContextTokens)
        for chunk in lanes[lane].batch.chunks {
            let state = requests[chunk.slot]
            shape.addPrefill(
                tokens: chunk.tokens, cached: state.computedTokens, completes: chunk.tokens == state.remainingPrefill)
        }
        lanes[lane].batch.shape = shape
    }

    mutating func preempt(_ slot: Int32) {
        memory.free(requests[slot].blocks)
        requests[slot].blocks = 0
        requests[slot].computedTokens = 0
        requests[slot].phase = .waiting
        requests[slot].isPreempted = true
        requests[slot].mark = now
        requests[slot].preemptions += 1
        preemptions += 1
        waiting.prepend(slot)
    }

    /// The lane that runs the decode set.
    var decodeLane: Int { lanes.count - 1 }

    mutating func joinDecodeSet(_ slot: Int32) {
        requests[slot].phase = .decoding
        requests[slot].joinWork = lanes[decodeLane].workDone
        decodeSet.join(slot, in: &requests)
        lanes[decodeLane].joiners.append(slot)
    }

    /// Takes a sequence out of the decode set and books its time in it.
    mutating func leaveDecodeSet(_ slot: Int32) {
        let lane = decodeLane
        if let position = lanes[lane].joiners.firstIndex(of: slot) {
            lanes[lane].joiners.remove(at: position)
        } else {
            requests[slot].lastToken = lanes[lane].lastToken
        }
        decodeSet.remove(slot, in: &requests)
        let run = (lanes[lane].workDone - requests[slot].joinWork).wholeNanoseconds
        requests[slot].parts.decodeRun += run
        requests[slot].parts.decodeStalled += now - requests[slot].mark - run
        requests[slot].mark = now
    }

    /// Books the token that comes out of a finished prefill.
    mutating func finishPrefill(_ slot: Int32) {
        let run = requests[slot].prefillWork.wholeNanoseconds
        if requests[slot].isPreempted {
            requests[slot].parts.preempted += now - requests[slot].mark
            requests[slot].isPreempted = false
        } else {
            requests[slot].parts.prefillRun += run
            requests[slot].parts.prefillStalled += now - requests[slot].mark - run
        }
        requests[slot].prefillWork = .zero
        requests[slot].mark = now
        requests[slot].generatedTokens += 1
        if requests[slot].firstToken == nil { requests[slot].firstToken = now }
        requests[slot].lastToken = now
    }

    /// Frees what a request holds and forgets it.
    mutating func release(_ slot: Int32) -> RequestState {
        memory.free(requests[slot].blocks)
        outstanding -= 1
        return requests.remove(slot)
    }

    /// Whether the request could be served here if it were alone.
    func canEverHold(_ request: Request) -> Bool {
        // The last token's KV is never written.
        memory.blocks(for: request.promptTokens + request.outputTokens - 1) <= memory.totalBlocks
    }

    mutating func enqueue(_ state: RequestState) {
        waiting.append(requests.insert(state))
        outstanding += 1
    }
}

/// A prompt that waits on its prefill instance for a decode instance to pull it.
struct BridgeEntry: Sendable {
    var source: Int
    var slot: Int32
    var blocks: Int
}
