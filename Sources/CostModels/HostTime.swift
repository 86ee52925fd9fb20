/// Host time of one iteration.
struct HostTime: BitwiseCopyable {
    /// Runs beside the kernels and shows only where it is longer.
    var hidden: Double
    var serial: Double

    func total(_ kernels: KernelDemand) -> Double { total(kernelSeconds: kernels.seconds) }
    func total(kernelSeconds: Double) -> Double { serial + max(kernelSeconds, hidden) }
}

extension RuntimeProfile {
    func overhead(of shape: IterationShape) -> Overhead { shape.isDecodeOnly ? decode : prefill }

    func hostTime(of shape: IterationShape) -> HostTime {
        let cost = overhead(of: shape)
        let sequences = shape.prefillSequences + shape.decodeSequences
        return HostTime(hidden: cost.hidden(sequences: sequences), serial: cost.serial(sequences: sequences))
    }
}
