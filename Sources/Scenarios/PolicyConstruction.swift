internal import Simulator

/// The scheduling policies of a pool's lanes: the prefill lane, or the only lane of a unified instance, and the decode
/// lane, which unified instances do not have.
func schedulingPolicies(of pool: ResolvedPool) -> (prefill: any SchedulingPolicy, decode: any SchedulingPolicy) {
    let decode = FCFSDecodePolicy(eviction: pool.swapSpaceGiB == nil ? .recomputeLast : .swapLast)
    // Catalogued policies have every argument; the engines' own defaults are theirs.
    let prefillBudget = pool.argument(.prefillBudget)
    switch pool.policy {
    case "vllm-v1": return (VLLMV1Policy(), decode)
    case "vllm-0.6": return (VLLM06Policy(preemption: pool.swapSpaceGiB == nil ? .recompute : .swap), decode)
    case "vllm-0.6-chunked": return (VLLM06ChunkedPolicy(), decode)
    case "sarathi": return (SarathiPolicy(), decode)
    case "sglang-0.4.4":
        guard let prefillBudget else { break }
        return (SGLangPolicy(chunkedPrefillSize: prefillBudget), decode)
    case "orca": return (OrcaPolicy(), decode)
    case "fastertransformer": return (FasterTransformerPolicy(), decode)
    case "prefill-first":
        guard let prefillBudget else { break }
        return (PrefillFirstPolicy(maxPrefillTokens: prefillBudget), decode)
    case "distserve": return (FCFSPrefillPolicy(), decode)
    case "splitwise":
        return (
            FCFSPrefillPolicy(mixes: true),
            FCFSDecodePolicy(eviction: decode.eviction, prefillBudget: pool.argument(.mixedPrefillBudget) ?? .max)
        )
    case "semi-pd":
        let workers = pool.workers ?? ResolvedWorkers()
        return (FCFSPrefillPolicy(reserve: workers.reserve), FCFSDecodePolicy(eviction: workers.eviction))
    default: break
    }
    preconditionFailure("policy \(pool.policy) is in the catalogue but not built")
}
