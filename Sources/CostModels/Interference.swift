internal import EventKernel

/// How two lanes on one GPU slow each other: a compact rule for devices on which nothing was measured.
///
/// SMs: caps that overlap are shared as x_eff = min(x, g·x/(x + y)), in shares of the device: the semi-PD paper's
/// normalised partition (arXiv 2504.19867, section 5) times a gain g, because two phases on the same SMs fill each
/// other's gaps. Memory: each lane draws what it would draw alone on its effective SMs; where the sum exceeds what the
/// device delivers, the memory-bound kernels of both take longer by that ratio. Host time is not stretched.
struct Interference: Sendable {
    let overlapGain: Double
    let deliveredBytesPerSecond: Double

    /// Kernels are priced by the closures on a number of SMs, alone.
    func slowdowns(
        prefill: HostTime, decode: HostTime, partition: SMPartition,
        prefillKernels: (_ sms: Double) -> KernelDemand, decodeKernels: (_ sms: Double) -> KernelDemand
    ) -> LaneSlowdowns {
        let shared = effectiveSMs(partition)
        let (prefillShared, decodeShared) = (prefillKernels(shared.prefill), decodeKernels(shared.decode))
        let drawn = prefillShared.bytes / prefill.total(prefillShared) + decodeShared.bytes / decode.total(decodeShared)
        let pressure = max(1, drawn / deliveredBytesPerSecond)
        func slowdown(_ host: HostTime, alone: KernelDemand, shared: KernelDemand) -> Slowdown {
            var stretched = shared
            stretched.seconds += shared.memorySeconds * (pressure - 1)
            return Slowdown(rounding: host.total(stretched) / host.total(alone))
        }
        let overlapping = partition.prefill + partition.decode > partition.total
        return LaneSlowdowns(
            prefill: slowdown(
                prefill, alone: overlapping ? prefillKernels(Double(partition.prefill)) : prefillShared,
                shared: prefillShared),
            decode: slowdown(
                decode, alone: overlapping ? decodeKernels(Double(partition.decode)) : decodeShared,
                shared: decodeShared))
    }

    /// The SMs that each lane behaves as if it had to itself while both run.
    func effectiveSMs(_ partition: SMPartition) -> (prefill: Double, decode: Double) {
        let (x, y) = (Double(partition.prefill), Double(partition.decode))
        let available = overlapGain * Double(partition.total)
        return (min(x, available * x / (x + y)), min(y, available * y / (x + y)))
    }
}
