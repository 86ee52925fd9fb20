internal import Simulator

/// The rules of vLLM V1 with one of them broken.
struct FaultyPolicy: SchedulingPolicy {
    enum Fault: Hashable, Sendable {
        /// The youngest waiting request is admitted first.
        case lastComeFirst
        /// At most so many tokens of a prompt in an iteration.
        case chunk(Int)
        /// A fifth of the blocks stays free when a request is admitted.
        case watermark
    }

    private let fault: Fault
    private(set) var repeatsDecode = true

    init(_ fault: Fault) { self.fault = fault }

    mutating func schedule(_ instance: inout Instance) {
        let preemptionsBefore = instance.preemptionCount
        while instance.decodingCount > 0, !instance.decodeAll() { instance.preemptLast() }
        var budget = instance.limits.maxBatchedTokens - instance.batch.tokens
        var position = 0
        while position < instance.prefillingCount, budget > 0 {
            let tokens = min(budget, chunk, instance.prefillingTokens(at: position))
            if instance.continuePrefill(at: position, tokens: tokens) {
                budget -= tokens
                position += 1
            } else {
                instance.preemptLastPrefilling()
            }
        }
        repeatsDecode = instance.preemptionCount == preemptionsBefore
        guard repeatsDecode else { return }
        while budget > 0, instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences {
            let next = fault == .lastComeFirst ? instance.waitingCount - 1 : 0
            guard next >= 0, let needed = instance.waitingTokens(at: next), leavesRoom(for: next, instance) else {
                break
            }
            let tokens = min(budget, chunk, needed)
            let isAdmitted =
                next == 0
                ? instance.prefillFirstWaiting(tokens: tokens) : instance.prefillWaiting(at: next, tokens: tokens)
            guard isAdmitted else { break }
            budget -= tokens
        }
    }

    private var chunk: Int { if case .chunk(let tokens) = fault { tokens } else { .max } }

    private func leavesRoom(for waiting: Int, _ instance: borrowing Instance) -> Bool {
        guard fault == .watermark, let blocks = instance.waitingPromptBlocks(at: waiting) else { return true }
        let isAlone = instance.decodingCount + instance.prefillingCount == 0
        return isAlone || instance.freeBlocks - blocks >= instance.memory.totalBlocks / 5
    }
}
