/// FasterTransformer 5.3 behind Triton's batcher, as Sarathi-Serve models it (`faster_transformer_scheduler.py`):
/// request-level batches.
///
/// When nothing runs, waiting requests are taken in order, with their whole prompts, up to the batch limit and to what
/// fits in memory with all the tokens that they will generate; then the batch decodes until its last member is done,
/// and nothing joins it. Members that are done leave the batch's cost here; the engine would compute padding for them.
public struct FasterTransformerPolicy: SchedulingPolicy {
    public var repeatsDecode: Bool { true }

    public init() {}

    public mutating func schedule(_ instance: inout Instance) {
        if instance.decodingCount > 0 {
            let decodes = instance.decodeAll()
            precondition(decodes, "a sequence outgrew what was set aside for it")
            return
        }
        var reserved = 0
        while let tokens = instance.firstWaitingTokens, let blocks = instance.firstWaitingPeakBlocks,
            instance.prefillingCount < instance.limits.maxSequences,
            reserved + blocks <= instance.memory.totalBlocks
        {
            let fits = instance.prefillFirstWaiting(tokens: tokens)
            precondition(fits, "a prompt does not fit into what was set aside for it")
            reserved += blocks
        }
    }
}
