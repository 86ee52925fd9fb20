internal import Simulator

/// The scheduling policies of a pool's lanes: the prefill lane, or the only lane of a unified instance, and the decode
/// lane.
func schedulingPolicies(of pool: ResolvedPool) -> (prefill: any SchedulingPolicy, decode: any SchedulingPolicy) {
    switch pool.policy {
    case "vllm-v1": (VLLMV1Policy(), FCFSDecodePolicy())
    case "distserve", "semi-pd": (FCFSPrefillPolicy(), FCFSDecodePolicy())
    default: preconditionFailure("policy \(pool.policy) is in the catalogue but not built")
    }
}
