internal import CostModels
internal import EventKernel
internal import Metrics
internal import Workloads

/// A request inside an instance, addressed by its slot in the instance's `RequestTable`.
struct RequestState: Sendable {
    enum Phase: UInt8, Sendable {
        case waiting, prefilling
        /// Prefilled, with its KV in this instance, but not in the decode set: handed over, or pinned until pulled.
        case prefilled
        case decoding
        /// Thrown out of the decode set with its KV in host memory.
        case swapped
    }

    // What is recorded of it when it ends, in the order of `RequestRecord`.
    var request: Request
    var parts = LatencyParts()
    /// `.never` until it is.
    private var scheduledOrNever = SimulationTime.never
    private var firstTokenOrNever = SimulationTime.never
    var preemptions = 0
    /// −1 until there is one.
    private var prefillInstanceOrNone: Int32 = -1

    var phase = Phase.waiting
    var isPreempted = false
    /// Whether it is decoded where it is prefilled, of a prefill instance.
    var stays = false
    /// Preempted after its first token, in the instance where it is.
    var isRetracted = false
    /// KV blocks of decode instances that it is expected to hold when it ends, where that is counted.
    var promisedBlocks: Int32 = 0
    /// Tokens whose KV is in memory, as of the last time the request changed phase or finished a chunk.
    var computedTokens = 0
    /// Tokens generated, as of the last time the request changed phase.
    var generatedTokens = 0
    /// Blocks held, likewise, shared ones included.
    var blocks = 0
    /// Of these, the blocks that lie in the prefix cache, and how many prefixes they are.
    var sharedBlocks = 0
    var sharedPrefixes = 0
    /// Where the part of its latency that is still running began.
    var mark: SimulationTime
    var prefillWork = Work.zero
    /// When it began to be prefilled the last time.
    var admitted = SimulationTime.zero
    var lastToken = SimulationTime.zero

    /// Decode set iteration in which it generates its next token first, while decoding.
    var joinIteration = 0
    /// Undisturbed work that its decode lane had done when it joined.
    var joinWork = Work.zero
    /// Decode set iteration after which it is done.
    var dueIteration = 0
    /// Neighbours in order of admission to the decode set.
    var previous = RequestTable.none
    var next = RequestTable.none
    /// Decode set iteration, modulo the block size, in which it begins a block.
    var blockStart: Int32 = 0

    @inline(__always)
    init(_ request: Request) {
        self.request = request
        mark = request.arrival
    }

    /// When its first chunk was in a batch.
    var scheduled: SimulationTime? { scheduledOrNever == .never ? nil : scheduledOrNever }
    var firstToken: SimulationTime? { firstTokenOrNever == .never ? nil : firstTokenOrNever }

    /// Tokens that prefill has to compute: the prompt and, after a preemption, what had been generated.
    ///
    /// Counts of a request's tokens, here and below, are no more than its prompt and its output together: they do not
    /// overflow.
    var prefillTarget: Int { request.promptTokens &+ generatedTokens }
    var remainingPrefill: Int { prefillTarget &- computedTokens }

    @inline(__always)
    func record(_ outcome: RequestOutcome, completion: SimulationTime?, decodeInstance: Int?) -> RequestRecord {
        RequestRecord(
            request: request.index, classIndex: request.classIndex, outcome: outcome, arrival: request.arrival,
            promptTokens: request.promptTokens, outputTokens: request.outputTokens, scheduled: scheduled,
            firstToken: firstToken, completion: completion, parts: parts, preemptions: preemptions,
            prefillInstance: prefillInstanceOrNone < 0 ? nil : Int(prefillInstanceOrNone),
            decodeInstance: decodeInstance)
    }
}

// MARK: - From phase to phase

extension RequestState {
    /// Its first chunk is in a batch.
    @inline(__always)
    mutating func beginPrefill(on instance: Int, at now: SimulationTime) {
        admitted = now
        phase = .prefilling
        // Of fewer than 2³¹.
        prefillInstanceOrNone = Int32(truncatingIfNeeded: instance)
        if scheduledOrNever == .never {
            scheduledOrNever = now
            parts.queue = now - request.arrival
            mark = now
        }
    }

    /// Books a finished chunk. Returns whether it was the last.
    @inline(__always)
    mutating func finishChunk(tokens: Int, work: Work) -> Bool {
        computedTokens &+= tokens
        prefillWork += work
        return remainingPrefill == 0
    }

    /// Books the token that comes out of a finished prefill. Returns whether it is its first.
    @inline(__always)
    mutating func finishPrefill(at now: SimulationTime) -> Bool {
        bookPrefill(until: now)
        isPreempted = false
        lastToken = now
        let isFirst = generatedTokens == 0
        generatedTokens &+= 1
        if isFirst { firstTokenOrNever = now }
        return isFirst
    }

    /// Books the time since the first chunk of this prefill.
    @inline(__always)
    mutating func bookPrefill(until now: SimulationTime) {
        if isPreempted {
            parts.preempted += now - mark
        } else {
            parts.prefillRun += prefillWork.wholeNanoseconds
            parts.prefillStalled += now - mark - prefillWork.wholeNanoseconds
        }
        prefillWork = .zero
        mark = now
    }

    /// Books the time between phases.
    mutating func bookDecodeWait(until now: SimulationTime) {
        parts.decodeWait += now - mark
        mark = now
    }

    /// Books the time since its KV was asked for.
    mutating func bookTransfer(until now: SimulationTime) {
        parts.transfer += now - mark
        mark = now
    }

    /// Back to the queue, to be computed again from its first token. It must have given back its blocks.
    mutating func preempt(at now: SimulationTime) {
        (blocks, sharedBlocks, sharedPrefixes) = (0, 0, 0)
        computedTokens = 0
        phase = .waiting
        isPreempted = true
        mark = now
        preemptions += 1
    }

    /// Its KV goes to host memory. What it holds is already given back.
    mutating func swapOut(at now: SimulationTime) {
        (blocks, sharedBlocks, sharedPrefixes) = (0, 0, 0)
        phase = .swapped
        mark = now
        preemptions += 1
    }

    /// Books the time since it was swapped out.
    mutating func bookPreempted(until now: SimulationTime) {
        parts.preempted += now - mark
        mark = now
    }

    /// Its KV is back in `count` blocks.
    mutating func swapIn(blocks count: Int, at now: SimulationTime) {
        bookPreempted(until: now)
        blocks = count
    }

    /// Thrown out of an instance that failed, to be computed again elsewhere. A request that never ran just goes on
    /// waiting.
    mutating func interrupt(at now: SimulationTime, keepsTokens: Bool) {
        (blocks, sharedBlocks, sharedPrefixes, computedTokens, phase) = (0, 0, 0, 0, .waiting)
        isRetracted = false
        if scheduledOrNever == .never { return }
        if !isPreempted { (isPreempted, mark) = (true, now) }
        if !keepsTokens { (generatedTokens, firstTokenOrNever) = (0, .never) }
    }

    /// Joins the decode set behind `previous`. Returns the context of its next token and its due iteration.
    @inline(__always)
    mutating func join(at iteration: Int, after previous: Int32) -> (context: Int, dueIteration: Int) {
        phase = .decoding
        joinIteration = iteration
        dueIteration = iteration &+ request.outputTokens &- generatedTokens
        self.previous = previous
        next = RequestTable.none
        return (computedTokens &+ 1, dueIteration)
    }

    /// Leaves the decode set after `generated` tokens, not done yet.
    @inline(__always)
    mutating func leave(generated: Int, lastToken: SimulationTime, blockSize: Divisor) {
        computedTokens &+= generated
        generatedTokens &+= generated
        blocks = blockSize.quotient(of: computedTokens &+ blockSize.value &- 1)
        if generated > 0 { self.lastToken = lastToken }
    }
}

extension LatencyParts {
    /// Books `time` in a decode set whose lane has done so much undisturbed work meanwhile.
    @inline(__always)
    mutating func bookDecode(_ work: Work, of time: SimulationDuration) {
        decodeRun += work.wholeNanoseconds
        decodeStalled += time - work.wholeNanoseconds
    }
}

/// A request outside an instance, with the keys of its prompt's prefixes where those are cached.
struct PendingRequest: Sendable {
    var state: RequestState
    var prefixKeys: [UInt32]
}
