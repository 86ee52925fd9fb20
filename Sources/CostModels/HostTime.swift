/// Host time of one iteration.
struct HostTime: BitwiseCopyable {
    /// Runs beside the kernels and shows only where it is longer.
    var hidden: Double
    var serial: Double

    func total(_ kernels: KernelDemand) -> Double { total(kernelSeconds: kernels.seconds) }
    func total(kernelSeconds: Double) -> Double { serial + max(kernelSeconds, hidden) }
}

extension RuntimeProfile {
    // Inlined: a profile is copied to be asked.
    @inline(__always)
    func hostTime(of shape: IterationShape) -> HostTime {
        let sequences = shape.prefillSequences + shape.decodeSequences
        return shape.isDecodeOnly ? decode.hostTime(sequences: sequences) : prefill.hostTime(sequences: sequences)
    }

    /// The engine's kernels relative to those of the profile.
    @inline(__always)
    func kernelFactor(of shape: IterationShape, rows: Double) -> Double {
        shape.isDecodeOnly ? decode.kernelFactor.value(at: rows) : prefill.kernelFactor.value(at: rows)
    }
}

extension RuntimeProfile.Overhead {
    @inline(__always)
    fileprivate func hostTime(sequences: Int) -> HostTime {
        HostTime(hidden: hidden(sequences: sequences), serial: serial(sequences: sequences))
    }
}
