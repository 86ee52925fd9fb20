internal import EventKernel

/// How two lanes on one GPU slow each other, as measured on a device: the parameters of `CoRunInterference`.
///
/// The numbers live in `Profiles/sharing/`, one device a file; a device without one is priced by `Interference`.
public struct CoRunSharing: Hashable, Sendable {
    /// Decode kernels wait for SMs that prefill kernels hold. Seconds of prefill kernels in one layer at which the wait
    /// doubles the time of a decode that shares all its SMs.
    public var waitSecondsPerLayer: Double
    /// By how much a prefill that ran on all SMs would slow a decode on others, through bandwidth.
    public var decodeBandwidthLoss: Double
    /// What decode kernels bound by memory take of the rate of a prefill with which they share all their SMs, per second
    /// that they would run alone. Kernels bound by arithmetic take all of it.
    public var prefillLossShared: Double
    /// The same for a prefill on other SMs, through bandwidth.
    public var prefillLossApart: Double

    public init(
        waitSecondsPerLayer: Double, decodeBandwidthLoss: Double, prefillLossShared: Double, prefillLossApart: Double
    ) {
        self.waitSecondsPerLayer = waitSecondsPerLayer
        self.decodeBandwidthLoss = decodeBandwidthLoss
        self.prefillLossShared = prefillLossShared
        self.prefillLossApart = prefillLossApart
    }
}

/// The slowdowns of two lanes by what each of them runs; holds for caps that overlap and for hard splits.
///
/// *Decode* is many short kernels one after another. On shared SMs each first waits until blocks of the prefill kernel in
/// flight retire: a delay in proportion to the length of prefill kernels. On SMs of its own it runs at once, with
/// less bandwidth. Whichever is faster wins, so the two delays combine like resistances in parallel:
/// 1/(s − 1) = shared·w/k + 1/(s_own − 1), where k is the prefill's kernel time in a layer and w the constant above.
///
/// *Prefill* kernels fill whatever SMs are free; they lose what decode uses, which is what decode needs alone times the
/// rate at which decode then runs: rate = 1 − use/s. A slower decode takes less. Host time is not stretched, so a prefill
/// bound by its host loses less.
struct CoRunInterference: Sendable {
    let sharing: CoRunSharing

    /// What one lane is alone on the SMs of its cap.
    struct Lane: BitwiseCopyable {
        var host: HostTime
        var kernels: KernelDemand

        var seconds: Double { host.total(kernels) }
    }

    /// - Parameters:
    ///   - prefillKernelsPerLayer: seconds of prefill kernels in a layer, on all SMs.
    ///   - decodeOnOwn: seconds of the decode alone with the bandwidth of the SMs that only it may use; `nil` where it has
    ///     none.
    ///   - decodeOnAll: seconds of the decode alone on all SMs.
    ///   - delayedShare: share of the decode's time that waits for SMs make longer.
    func slowdowns(
        prefill: Lane, decode: Lane, partition: SMPartition, prefillKernelsPerLayer: Double, decodeOnOwn: Double?,
        decodeOnAll: Double, delayedShare: Double = 1
    ) -> LaneSlowdowns {
        let shared = Double(partition.overlap) / Double(partition.decode)
        let decodeSlowdown =
            1 + delayedShare
            * delay(
                shared: shared, prefillKernelsPerLayer: prefillKernelsPerLayer,
                onOwn: decodeOnOwn.map {
                    let share = Double(partition.prefill) / Double(partition.total)
                    return $0 / decode.seconds * (1 + sharing.decodeBandwidthLoss * share)
                })
        let rate = 1 - use(by: decode, shared: shared, speed: decodeOnAll / decode.seconds) / decodeSlowdown
        var stretched = prefill.kernels
        stretched.seconds /= max(rate, Self.lowestRate)
        return LaneSlowdowns(
            prefill: Slowdown(rounding: prefill.host.total(stretched) / prefill.seconds),
            decode: Slowdown(rounding: decodeSlowdown))
    }

    /// Far below anything measured; keeps the rate positive for shapes that nobody measured.
    private static let lowestRate = 0.05

    private func delay(shared: Double, prefillKernelsPerLayer: Double, onOwn: Double?) -> Double {
        var rate = shared * sharing.waitSecondsPerLayer / prefillKernelsPerLayer
        if let onOwn, onOwn > 1 { rate += 1 / (onOwn - 1) }
        return rate > 0 ? 1 / rate : 0
    }

    /// The part of the prefill's rate that the decode takes while it runs as fast as alone. `speed` is how fast it is on
    /// its SMs relative to all: one that is slow for want of SMs draws less bandwidth.
    private func use(by decode: Lane, shared: Double, speed: Double) -> Double {
        let arithmetic = decode.kernels.computeSeconds
        let memory = decode.kernels.seconds - arithmetic
        let onShared = sharing.prefillLossShared * memory + arithmetic
        let apart = sharing.prefillLossApart * decode.kernels.seconds * min(1, speed)
        return (shared * onShared + (1 - shared) * apart) / decode.seconds
    }
}
