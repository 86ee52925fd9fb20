/// Decides what a lane runs next. One policy, one file.
///
/// `schedule` is called when the lane is idle and may have work, with the instance at that moment; it fills the lane's
/// batch through the instance's own operations (`prefill`, `decodeAll`, `admitToDecode`, `preemptLast`) and returns.
/// An empty batch means that the lane waits for the next event. A policy reads nothing but the instance and itself, so
/// that the same state always gives the same batch.
///
/// If the batch is nothing but decodes and would be the same again, as long as no request arrives, completes or is
/// handed over and every iteration finds its blocks, the policy says so with `repeatsDecode`, which is read after each
/// `schedule`: the simulator then jumps over the iterations in between. Free blocks only become fewer on the way. When in
/// doubt `false` is right, and slower.
///
/// A policy that sees of the waiting requests only the first says so with `ignoresArrivalsBehindFirst`: a request that
/// arrives behind another then does not end a run of such iterations. The policy of a semi-PD instance's decode worker that
/// sees nothing of requests that are not prefilled yet, but that their blocks are not free, says so with `ignoresPrompts`.
///
/// A policy whose batch is every sequence of the decode set, and would be the same again, wherever their blocks are free and
/// there is nobody else, waiting, partly or wholly prefilled, or in host memory, says so with `decodesAllAlone`. It is not
/// asked for such batches.
public protocol SchedulingPolicy: Sendable {
    var repeatsDecode: Bool { get }
    var ignoresArrivalsBehindFirst: Bool { get }
    var ignoresPrompts: Bool { get }
    var decodesAllAlone: Bool { get }
    mutating func schedule(_ instance: inout Instance)
    /// Fills the batch and returns `repeatsDecode`: the simulator's question, with an answer that fits every policy. It is
    /// one because two questions to an `any SchedulingPolicy` find out twice what it is.
    mutating func fillBatch(of instance: inout Instance) -> Bool
}

extension SchedulingPolicy {
    public var repeatsDecode: Bool { false }
    public var ignoresArrivalsBehindFirst: Bool { false }
    public var ignoresPrompts: Bool { false }
    public var decodesAllAlone: Bool { false }

    public mutating func fillBatch(of instance: inout Instance) -> Bool {
        schedule(&instance)
        return repeatsDecode
    }
}
