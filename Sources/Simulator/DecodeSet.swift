internal import EventKernel
internal import Metrics
internal import Workloads

/// The sequences that generate one token in every iteration of a lane.
///
/// Nothing here is proportional to the number of sequences: an iteration moves two sums; completions come from a heap
/// keyed by the iteration in which they fall due; the blocks that iterations need come from running counts of
/// the sequences by the iteration (modulo the block size) in which they begin a new block.
struct DecodeSet: ~Copyable, Sendable {
    /// Iterations done since the start of the run.
    private(set) var iteration = 0
    private(set) var count = 0
    /// The sequences admitted first and last.
    private(set) var first = RequestTable.none
    private(set) var last = RequestTable.none
    /// How many of those admitted last have not generated a token here yet.
    private var joiners = 0
    /// When the others got their latest token.
    private var lastToken = LaneTime.zero
    /// Σ context of the next iteration, the token that it processes included. Not beside `count`: the compiler would read
    /// both at once where one of them has just been written, which is slow.
    private(set) var contextTokens = 0
    /// When its sequences begin blocks.
    private var blockStarts: BlockStarts
    /// The next iteration modulo the block size.
    private var phase = 0
    /// Entries of sequences that were preempted are recognised when they surface.
    private var due = DueHeap()

    init(blockSize: Int) { blockStarts = BlockStarts(blockSize: blockSize) }

    /// The iteration after which the next sequence is done, at the latest; entries of preempted sequences may make it
    /// earlier than any real completion.
    var nextDue: Int? { due.earliest }

    /// Adds a prefilled sequence at the end of the order of admission. O(log n).
    @inline(__always)
    mutating func join(_ slot: Int32, in requests: inout RequestTable) {
        let (context, dueIteration) = requests[known: slot].join(at: iteration, after: last)
        if last == RequestTable.none { first = slot } else { requests[known: last].next = slot }
        last = slot
        // No more sequences than slots, and no more tokens than the memory holds.
        count &+= 1
        joiners &+= 1
        contextTokens &+= context
        let residue = blockStart(context: context)
        requests[known: slot].blockStart = Int32(truncatingIfNeeded: residue)
        blockStarts.add(1, at: residue)
        due.insert(slot, due: dueIteration)
    }

    /// Takes a sequence out that is not done yet and brings its counters up to date. O(1).
    mutating func remove(_ slot: Int32, in requests: inout RequestTable) {
        let generated = iteration &- requests[slot].joinIteration
        if generated == 0 { joiners &-= 1 }
        requests[slot].leave(generated: generated, lastToken: lastToken.time, blockSize: blockStarts.blockSize)
        forget(slot, context: requests[slot].computedTokens &+ 1, in: &requests)
    }

    /// Takes a sequence out that is done. Its counters stay behind, as nobody will ask for them. Returns the blocks that it
    /// holds. O(1).
    @inline(__always)
    mutating func removeDone(_ slot: Int32, in requests: inout RequestTable) -> Int {
        // The KV of its last token is never written.
        let context = requests[known: slot].request.promptTokens &+ requests[known: slot].request.outputTokens
        forget(slot, context: context, in: &requests)
        return blockStarts.blockSize.quotient(of: context &- 2 &+ blockStarts.blockSize.value)
    }

    /// - Parameter context: of its next token: what it has added when it joined, and since.
    @inline(__always)
    private mutating func forget(_ slot: Int32, context: Int, in requests: inout RequestTable) {
        count &-= 1
        contextTokens &-= context
        blockStarts.add(-1, at: Int(requests[known: slot].blockStart))
        let (previous, next) = (requests[known: slot].previous, requests[known: slot].next)
        if previous == RequestTable.none { first = next } else { requests[known: previous].next = next }
        if next == RequestTable.none { last = previous } else { requests[known: next].previous = previous }
    }

    /// Forgets when the sequence that was due first was due. Returns it if it is still there, and done. O(log n).
    @inline(__always)
    mutating func popFirstDue(in requests: inout RequestTable) -> Int32? {
        let slot = due.removeFirst()
        return requests[slot].phase == .decoding && requests[known: slot].dueIteration <= iteration ? slot : nil
    }

    /// Whether a sequence may be done at the present iteration: then `popFirstDue` says whether it is. O(1).
    @inline(__always)
    var mayBeCompleted: Bool { due.isDue(by: iteration) }

    /// Generates a token of every sequence in one iteration, which is done at `end`, and records the gaps to the tokens before.
    @inline(always)
    mutating func generateOnce(
        until end: LaneTime, in requests: inout RequestTable, _ gaps: inout TokenGaps, _ recorder: inout some Recorder
    ) {
        let present = count &- joiners
        if joiners > 0 { recordJoiners(until: end.time, in: &requests, &gaps, &recorder) }
        if present > 0 { gaps.record(end.since(lastToken), count: present, &recorder) }
        advance(by: 1, until: end)
    }

    /// The same in each of the first `iterations` iterations of `run`, more than one, the last of which does `lastWork` and is
    /// done at `end`. What is borrowed of `requests` would be copied first.
    @inline(always)
    mutating func generate(
        iterations: Int, of run: IterationRun, _ lastWork: Work, until end: LaneTime, in requests: inout RequestTable,
        _ gaps: inout TokenGaps, _ recorder: inout some Recorder
    ) {
        // Of `count` sequences.
        let present = count &- joiners
        if joiners > 0 {
            let firstEnd = run.start.after(run.first - run.done, at: run.slowdown).time
            recordJoiners(until: firstEnd, in: &requests, &gaps, &recorder)
        }
        // Those of a run never become shorter, and mostly all are of one class.
        let longest = run.slowdown.duration(of: lastWork)
        // No more than the tokens of a run.
        let others = (iterations &- 1) &* count
        let isCounted: Bool
        if lastToken == run.start, run.done == .zero {
            // Right behind the tokens before, the first gap is as long as the first iteration.
            let first = run.slowdown.duration(of: run.first)
            isCounted = gaps.count(from: first, to: longest, of: others &+ present)
        } else {
            let first = run.start.after(run.first - run.done, at: run.slowdown).since(lastToken)
            let second = run.slowdown.duration(of: run.first + run.increment)
            isCounted = gaps.count(first, of: present, and: second, to: longest, of: others)
        }
        if !isCounted {
            let first = run.start.after(run.first - run.done, at: run.slowdown).since(lastToken)
            // Durations do not depend on the start. The run itself would be laid out in memory for every iteration,
            // whether it gets here or not.
            let work = IterationRun(start: end, first: run.first, increment: run.increment, slowdown: run.slowdown)
            Self.record(first, of: present, then: work, iterations, of: count, &gaps, &recorder)
        }
        advance(by: iterations, until: end)
    }

    /// Records the first gaps of those that have joined since the latest iteration.
    @inline(always)
    private mutating func recordJoiners(
        until end: SimulationTime, in requests: inout RequestTable, _ gaps: inout TokenGaps,
        _ recorder: inout some Recorder
    ) {
        var (slot, joiner) = (last, joiners)
        while joiner > 0 {
            let (before, previous) = (requests[slot].lastToken, requests[slot].previous)
            gaps.record(end - before, count: 1, &recorder)
            slot = previous
            joiner &-= 1
        }
        joiners = 0
    }

    @inline(__always)
    private mutating func advance(by iterations: Int, until end: LaneTime) {
        lastToken = end
        // No more tokens than the memory holds.
        iteration &+= iterations
        contextTokens &+= iterations &* count
    }

    /// Goes on to the block starts behind `iterations` iterations, of which the next one has its blocks already. Returns
    /// the blocks that the others begin, and if another is in flight behind them, its blocks too.
    @inline(__always)
    mutating func beginBlocks(iterations: Int, anotherInFlight: Bool) -> Int {
        var blocks = 0
        if iterations > 1 || anotherInFlight {
            (blocks, phase) = blockStarts.begun(
                after: phase, iterations: anotherInFlight ? iterations : iterations &- 1)
        }
        if !anotherInFlight { phase = phase &+ 1 == blockStarts.blockSize.value ? 0 : phase &+ 1 }
        return blocks
    }

    /// Records the gaps before the first iteration of a run, `first` of `present` sequences, and of all sequences those
    /// before the others, which never become shorter. A method of a noncopyable value that changes nothing copies its
    /// fields first; this is none.
    @inline(never)
    private static func record(
        _ first: SimulationDuration, of present: Int, then run: IterationRun, _ iterations: Int, of sequences: Int,
        _ gaps: inout TokenGaps, _ recorder: inout some Recorder
    ) {
        let longest = run.duration(at: iterations - 1)
        var k = 1
        var gap = run.duration(at: k)
        var bound = gaps.longest(countedWith: first)
        // The first gap is counted with the next where they are of one class, as they mostly are.
        var counted = present
        if present > 0, gap < first || gap > bound {
            gaps.record(first, count: present, &recorder)
            counted = 0
        }
        if counted == 0 { bound = gaps.longest(countedWith: gap) }
        while true {
            let next =
                longest <= bound ? iterations : run.firstIteration(longerThan: bound, after: k, limit: iterations)
            gaps.record(gap, count: sequences * (next - k) + counted, &recorder)
            if next == iterations { return }
            counted = 0
            k = next
            gap = run.duration(at: k)
            bound = gaps.longest(countedWith: gap)
        }
    }

    /// Blocks that the next iteration begins. O(1).
    var blocksBegun: Int { blockStarts.begun(at: phase) }

    /// Blocks that the `iterations` iterations after the next one begin. O(1).
    @inline(__always)
    func blocksBegunAfterNext(iterations: Int) -> Int {
        blockStarts.begun(after: phase, iterations: iterations).blocks
    }

    /// How many iterations after the next one can begin their blocks out of `free`, at most `limit`. O(block size), and
    /// O(1) where memory is plentiful. Mutating although it changes nothing.
    @inline(__always)
    mutating func iterationsAfterNext(within free: Int, limit: Int) -> Int {
        let size = blockStarts.blockSize.value
        // With room for a round more than there may be; without a division.
        if count == 0 || (limit + size) * count <= free * size { return limit }
        return iterationsBeyondNext(within: free, limit: limit)
    }

    /// The same, block by block.
    @inline(never)
    private mutating func iterationsBeyondNext(within free: Int, limit: Int) -> Int {
        let size = blockStarts.blockSize.value
        var iterations = free / count * size
        var left = free % count
        var index = phase
        while iterations < limit {
            index = index + 1 == size ? 0 : index + 1
            let begun = blockStarts.begun(at: index)
            if begun > left { break }
            left -= begun
            iterations += 1
        }
        return min(iterations, limit)
    }

    /// The iteration, modulo the block size, in which a sequence that joins now with this context begins a block.
    @inline(__always)
    private func blockStart(context: Int) -> Int {
        let residue = phase &- blockStarts.blockSize.remainder(of: context &- 1)
        return residue < 0 ? residue &+ blockStarts.blockSize.value : residue
    }
}
