/// Orca (OSDI 2022, algorithm 1): iteration-level scheduling, first come first served, at most `max_bs` requests.
///
/// Running requests stay in every batch until they end; waiting ones join it with their whole prompt, mixed, as long as
/// the KV slots of all their tokens can be set aside beforehand. So nothing is ever preempted. A request's `max_tokens`
/// is taken to be what it does generate; memory in use counts what is written, not what is set aside.
public struct OrcaPolicy: SchedulingPolicy {
    public var repeatsDecode: Bool { true }

    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        var reserved = instance.waitingCount > 0 ? instance.admittedPeakBlocks : 0
        if instance.decodingCount > 0 {
            let decodes = instance.decodeAll()
            precondition(decodes, "a sequence outgrew what was set aside for it")
        }
        while let tokens = instance.firstWaitingTokens, let blocks = instance.firstWaitingPeakBlocks,
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences,
            reserved + blocks <= instance.memory.totalBlocks
        {
            let fits = instance.prefillFirstWaiting(tokens: tokens)
            precondition(fits, "a prompt does not fit into what was set aside for it")
            reserved += blocks
        }
    }
}
