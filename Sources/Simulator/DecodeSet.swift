internal import HeapModule
internal import Workloads

/// The sequences that generate one token in every iteration of a lane.
///
/// Nothing here is proportional to the number of sequences: an iteration moves two sums; completions come from a heap
/// keyed by the iteration in which they fall due; the blocks that an iteration needs come from counts of the
/// sequences by the iteration (modulo the block size) in which they begin a new block.
struct DecodeSet: Sendable {
    /// Iterations done since the start of the run.
    private(set) var iteration = 0
    private(set) var count = 0
    /// Σ context of the next iteration, the token that it processes included.
    private(set) var contextTokens = 0
    /// The sequences admitted first and last.
    private(set) var first = RequestTable.none
    private(set) var last = RequestTable.none
    private var blockStarts: ContiguousArray<Int>
    /// (due iteration, slot), packed; entries of sequences that were preempted are recognised when they surface.
    private var due = Heap<UInt64>()

    private static let slotBits: UInt64 = 24

    init(blockSize: Int) { blockStarts = ContiguousArray(repeating: 0, count: blockSize) }

    /// The iteration after which the next sequence is done, at the latest; entries of preempted sequences may make it
    /// earlier than any real completion.
    var nextDue: Int? { due.min.map { Int($0 >> Self.slotBits) } }

    /// Adds a prefilled sequence at the end of the order of admission. O(log n).
    mutating func join(_ slot: Int32, in requests: inout RequestTable) {
        let context = requests[slot].computedTokens + 1
        requests[slot].joinIteration = iteration
        requests[slot].dueIteration = iteration + requests[slot].request.outputTokens - requests[slot].generatedTokens
        requests[slot].previous = last
        requests[slot].next = RequestTable.none
        if last == RequestTable.none { first = slot } else { requests[last].next = slot }
        last = slot
        count += 1
        contextTokens += context
        blockStarts[residue(ofContext: context, joined: iteration)] += 1
        due.insert(UInt64(requests[slot].dueIteration) << Self.slotBits | UInt64(slot))
    }

    /// Takes a sequence out and brings its counters up to date. O(1).
    mutating func remove(_ slot: Int32, in requests: inout RequestTable) {
        let state = requests[slot]
        let done = iteration - state.joinIteration
        let context = state.computedTokens + 1
        count -= 1
        contextTokens -= context + done
        blockStarts[residue(ofContext: context, joined: state.joinIteration)] -= 1
        requests[slot].computedTokens += done
        requests[slot].generatedTokens += done
        requests[slot].blocks = (requests[slot].computedTokens + blockStarts.count - 1) / blockStarts.count
        if state.previous == RequestTable.none { first = state.next } else { requests[state.previous].next = state.next }
        if state.next == RequestTable.none { last = state.previous } else { requests[state.next].previous = state.previous }
    }

    /// The next sequence that is done at the present iteration, or `nil`. O(log n).
    mutating func popCompleted(in requests: RequestTable) -> Int32? {
        while let entry = due.min, Int(entry >> Self.slotBits) <= iteration {
            due.removeMin()
            let slot = Int32(entry & (1 << Self.slotBits - 1))
            if requests[slot].phase == .decoding, requests[slot].dueIteration <= iteration { return slot }
        }
        return nil
    }

    /// Moves on by `iterations`.
    mutating func advance(_ iterations: Int) {
        iteration += iterations
        contextTokens += iterations * count
    }

    /// Blocks that the next `iterations` iterations begin, after skipping `skip`. O(block size).
    func blocksBegun(skip: Int = 0, iterations: Int) -> Int {
        let size = blockStarts.count
        var blocks = iterations / size * count
        for offset in 0..<(iterations % size) { blocks += blockStarts[(iteration + skip + offset) % size] }
        return blocks
    }

    /// How many iterations after the first `skip` can begin their blocks out of `free`, at most `limit`. O(block size).
    func iterationsWithin(free: Int, skip: Int, limit: Int) -> Int {
        guard count > 0 else { return limit }
        let size = blockStarts.count
        var iterations = free / count * size
        var left = free % count
        while iterations < limit {
            let needed = blockStarts[(iteration + skip + iterations) % size]
            if needed > left { break }
            left -= needed
            iterations += 1
        }
        return min(iterations, limit)
    }

    /// The iteration, modulo the block size, in which a sequence writes the first token of a block.
    private func residue(ofContext context: Int, joined: Int) -> Int {
        let size = blockStarts.count
        return ((joined + 1 - context) % size + size) % size
    }
}
