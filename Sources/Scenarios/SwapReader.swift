internal import Diagnostics
internal import Profiles
internal import Simulator

/// Reads whether a pool swaps what it preempts to host memory, and how much of that there is.
struct SwapReader {
    let findings: Findings

    /// vLLM 0.6: `--swap-space`, GiB for each GPU.
    private static let defaultOfVLLM = 4.0
    /// The released semi-PD and its DistServe, in the flags of their example.
    private static let defaultOfDistServe = 16.0

    /// GiB for each GPU; `nil` if the pools of the policy with these roles compute again what they preempt.
    ///
    /// - Parameter semiPDEviction: what a semi-PD pool says of it, which reads that key itself.
    func read(
        _ keys: inout YAMLReader, policy: PolicyDescription?, roles: [PoolRole],
        semiPDEviction: FCFSDecodePolicy.Eviction?
    ) -> Double? {
        let size = keys.optional("swap_space", .number(in: 0...65_536))
        var swaps = semiPDEviction == .swapLast
        var space = Self.defaultOfDistServe
        if policy?.id == "vllm-0.6" {
            let mode: Located<VLLM06Policy.PreemptionMode>? = keys.optional(
                "preemption_mode", .choice("a preemption mode"))
            swaps = mode?.value == .swap
            space = Self.defaultOfVLLM
        } else if roles.contains(.decode) {
            let words = [FCFSDecodePolicy.Eviction.swapLast, .recomputeLast].map(\.rawValue)
            let eviction = keys.optional("eviction", .word("an eviction of a decode pool", of: words))
            swaps =
                eviction.map { $0.value == FCFSDecodePolicy.Eviction.swapLast.rawValue } ?? (policy?.id == "distserve")
        }
        if let size, !swaps {
            findings.error(
                at: size.location,
                "swap_space: found in a pool that computes again what it preempts, expected one that swaps",
                help: "\"preemption_mode: swap\" with vllm-0.6, \"eviction: swap-last\" with distserve and semi-pd")
        }
        return swaps ? size?.value ?? space : nil
    }
}
