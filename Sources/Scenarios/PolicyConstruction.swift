internal import Simulator

/// The scheduling policies of a pool's lanes: the prefill lane, or the only lane of a unified instance, and the decode
/// lane.
func schedulingPolicies(of pool: ResolvedPool) -> (prefill: any SchedulingPolicy, decode: any SchedulingPolicy) {
    (NoBatch(), NoBatch())
}

/// Stands where a pool has no lane: never forms a batch.
struct NoBatch: SchedulingPolicy {
    mutating func schedule(_ instance: inout Instance) {}
}
