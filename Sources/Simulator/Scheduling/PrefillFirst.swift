/// The simplest unified engine (the PyTorch engine of our own H200 measurements, measured/h200_serving): if anything
/// waits and fits, whole prompts first come, first served; else one token of every running sequence.
///
/// The sequence limit caps those running and being prefilled together; a prompt beyond the prefill budget runs alone.
/// When the running sequences outgrow the memory, the one admitted last is computed again later.
public struct PrefillFirstPolicy: SchedulingPolicy {
    public private(set) var repeatsDecode = true
    public var decodesAllAlone: Bool { true }
    private let maxPrefillTokens: Int

    /// - Parameter maxPrefillTokens: `max_prefill_tokens`, of one prefill iteration.
    public init(maxPrefillTokens: Int = 8_192) { self.maxPrefillTokens = maxPrefillTokens }

    public mutating func schedule(_ instance: inout Instance) {
        while let tokens = instance.firstWaitingTokens,
            instance.decodingCount + instance.prefillingCount < instance.limits.maxSequences,
            instance.batch.isEmpty || instance.batch.tokens + tokens <= maxPrefillTokens,
            instance.prefillFirstWaiting(tokens: tokens)
        {}
        guard instance.batch.isEmpty else { return }
        let preemptionsBefore = instance.preemptionCount
        while instance.decodingCount > 0, !instance.decodeAll() { instance.preemptLastDecoding() }
        // What was thrown out may fit again in the next iteration.
        repeatsDecode = instance.preemptionCount == preemptionsBefore
    }
}
