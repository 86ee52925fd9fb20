internal import DequeModule
internal import EventKernel
internal import Workloads

// One scheduler over all batches in flight of a pipeline (`PipelineStages.Scheduling.shared`).
//
// The first virtual engine of an instance keeps the queue and the KV memory. Another one that is to form a batch gets the
// memory for that moment, and of the queue as many requests as its policy may admit; what is left over, and what it throws
// out, goes back to the head of the queue.

extension Simulation {
    /// The virtual engines that fail and join together with one.
    func members(with index: Int) -> Range<Int> { engines[index].sharing ?? index..<index + 1 }

    /// Forms batches in all engines of an instance that have none in flight: first where a batch has just come back, so
    /// that those behind it join it, then where there was none.
    mutating func startSharing(_ shared: Range<Int>) {
        if isDown[shared.lowerBound] { return }
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for index in shared where isBack(index) {
                startSharing(index, of: shared)
                // What it has thrown out may make room for another.
                if !isBack(index) { hasChanged = true }
            }
        }
        for index in shared where !engines[index].instance.lanes[0].isRunning && !isBack(index) {
            startSharing(index, of: shared)
        }
    }

    /// Whether an engine has requests that are in no batch.
    private func isBack(_ index: Int) -> Bool {
        !engines[index].instance.lanes[0].isRunning && engines[index].instance.runningCount > 0
    }

    private mutating func startSharing(_ index: Int, of shared: Range<Int>) {
        // Of a batch whose blocks are not there nobody is thrown out as long as others were admitted later: it waits until
        // they are back, and end or go themselves; and while one waits nobody is admitted. Else two batches could throw each
        // other out for ever.
        if lacksBlocks(index, of: shared), index != lastAdmitted(of: shared) { return }
        var others = 0
        var mayAdmit = true
        for other in shared where other != index {
            others += engines[other].instance.runningCount
            if isBack(other) { mayAdmit = false }
        }
        let limits = engines[index].instance.limits
        engines[index].instance.limits.maxSequences = mayAdmit ? limits.maxSequences - others : 0
        if index != shared.lowerBound { lendQueue(to: index, of: shared) }
        exchangeMemory(index)
        engines[index].startOnlyLane(&context)
        exchangeMemory(index)
        engines[index].instance.limits = limits
        if index == shared.lowerBound { return }
        while let pending = engines[index].instance.takeLastWaiting() {
            engines[shared.lowerBound].instance.putFirst(pending)
        }
    }

    private func lacksBlocks(_ index: Int, of shared: Range<Int>) -> Bool {
        engines[index].instance.blocksForNextIteration > engines[shared.lowerBound].instance.memory.freeBlocks
    }

    /// The engine with the running request that was admitted last.
    private func lastAdmitted(of shared: Range<Int>) -> Int? {
        var last: (index: Int, time: SimulationTime)?
        for index in shared {
            guard let time = engines[index].instance.lastAdmission else { continue }
            if last.map({ $0.time <= time }) ?? true { last = (index, time) }
        }
        return last?.index
    }

    /// No more than the policy's limits can admit.
    private mutating func lendQueue(to index: Int, of shared: Range<Int>) {
        let limits = engines[index].instance.limits
        var room = limits.maxSequences - engines[index].instance.runningCount
        var tokens = limits.maxBatchedTokens
        while room > 0, tokens > 0, let needed = engines[shared.lowerBound].instance.firstWaitingTokens {
            let pending = engines[shared.lowerBound].instance.takeFirstWaiting()
            engines[index].instance.enqueue(pending)
            room -= 1
            tokens -= needed
        }
    }

    /// Gives an engine the memory that it shares, or puts it back.
    mutating func exchangeMemory(_ index: Int) {
        guard let first = engines[index].sharing?.lowerBound, index != first else { return }
        let memory = engines[first].instance.memory
        engines[first].instance.memory = engines[index].instance.memory
        engines[index].instance.memory = memory
    }

    /// What does not agree within an instance whose engines share, or `nil`.
    func brokenInvariant(of shared: Range<Int>) -> String? {
        var (held, left) = (0, 0)
        var isIdle = true
        for index in shared {
            if let broken = engines[index].instance.brokenSum() { return broken }
            held += engines[index].instance.heldBlocks
            isIdle = isIdle && !engines[index].instance.lanes[0].isRunning
            left += engines[index].instance.waitingCount + engines[index].instance.runningCount
        }
        let first = shared.lowerBound
        let used = engines[first].instance.memory.usedBlocks
        if held != used { return "\(held) blocks held by requests of all engines, \(used) in use" }
        return isIdle && left > 0 ? "\(left) requests beside idle stages" : nil
    }
}

extension Instance {
    /// Requests in the engine's running set.
    fileprivate var runningCount: Int { decodingCount + prefillingCount }

    /// Of those, the time at which the one admitted last was.
    fileprivate var lastAdmission: SimulationTime? {
        guard let slot = prefilling.last ?? (decodeSet.count > 0 ? decodeSet.last : nil) else { return nil }
        return requests[slot].admitted
    }

    /// Blocks that have to be free for the next tokens of all of them, in order of admission, as far as the budget goes.
    fileprivate var blocksForNextIteration: Int {
        var (blocks, budget) = (blocksForNextDecode, limits.maxBatchedTokens - decodingCount)
        for slot in prefilling.elements where budget > 0 {
            let tokens = min(budget, requests[slot].remainingPrefill)
            blocks += max(0, memory.blocks(for: requests[slot].computedTokens + tokens) - requests[slot].blocks)
            budget -= tokens
        }
        return blocks
    }

    fileprivate mutating func takeFirstWaiting() -> PendingRequest { remove(waiting.removeFirst()) }

    fileprivate mutating func takeLastWaiting() -> PendingRequest? {
        waiting.isEmpty ? nil : remove(waiting.removeLast())
    }

    private mutating func remove(_ slot: Int32) -> PendingRequest {
        let pending = PendingRequest(state: requests[slot], prefixKeys: prefixes?.keys[Int(slot)] ?? [])
        outstanding -= 1
        if pending.state.firstToken == nil { promptTokensAhead -= pending.state.request.promptTokens }
        requests.remove(slot)
        return pending
    }

    fileprivate mutating func putFirst(_ pending: PendingRequest) {
        enqueue(pending)
        waiting.prepend(waiting.removeLast())
    }
}
