internal import EventKernel
internal import Metrics

/// Since when the phases of an instance lack KV blocks.
///
/// *Prefill* is starved from when its policy, asked with its lane idle and a prompt waiting, begins none, until it begins
/// one. *Decode* is starved while sequences are in host memory, or thrown out and not yet computed again, or while prompts
/// are refused a place in the batch, or in the memory of a decode instance, although the limit of sequences leaves
/// one. Policies give these answers at instants that are the same whether iterations are jumped over or stepped through.
/// Not known of unified instances, whose phases have neither instances nor lanes of their own.
struct Starvation: Sendable {
    private(set) var prefill = StarvationClock()
    private(set) var decode = StarvationClock()
    /// The last answers of the policies.
    var refusesPrompts = false
    var refusesPrefilled = false
    /// Of a decode instance, to prompts elsewhere.
    var refusesPulls = false
    /// Requests that were thrown out after their first token, and are not computed again yet.
    var retracted = 0

    /// At the end of an instant at which anything may have changed.
    @inline(__always)
    mutating func look(swapped: Int, at now: SimulationTime) {
        prefill.set(refusesPrompts, at: now)
        decode.set(swapped > 0 || retracted > 0 || refusesPrefilled || refusesPulls, at: now)
    }

    /// Everything that waited is gone.
    mutating func end(at now: SimulationTime) {
        (refusesPrompts, refusesPrefilled, refusesPulls, retracted) = (false, false, false, 0)
        look(swapped: 0, at: now)
    }
}

struct StarvationClock: Sendable {
    /// When the present spell began.
    private var since = SimulationTime.never
    private var ended = StarvationRecord()

    @inline(__always)
    mutating func set(_ isStarved: Bool, at now: SimulationTime) {
        if isStarved == (since != .never) { return }
        if !isStarved { ended.add(now - since) }
        since = isStarved ? now : .never
    }

    /// With the present spell up to `now`.
    func record(at now: SimulationTime) -> StarvationRecord {
        var record = ended
        if since != .never { record.add(now - since) }
        return record
    }
}

extension Instance {
    /// Notes what the prefill policy made of the waiting prompts. Before the batch is taken.
    @inline(__always)
    mutating func noteRefusedPrompts() { starvation.refusesPrompts = batch.isEmpty && !waiting.isEmpty }

    /// Notes what the decode policy made of the prefilled requests.
    @inline(__always)
    mutating func noteRefusedPrefilled() {
        starvation.refusesPrefilled = !prefilled.isEmpty && decodeSet.count < limits.maxSequences
    }
}
