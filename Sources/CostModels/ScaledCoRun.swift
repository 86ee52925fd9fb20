internal import EventKernel

/// A co-run surface that was measured on one device, for iterations on another of which only the time is known.
///
/// What counts on the surface is how long a layer of each lane takes and what decode reads. Layers are taken to last longer
/// here by fixed ratios, of prefill that of arithmetic and of decode that of bandwidth, so that the surface is looked up at
/// what the same work would take there. Slowdowns are ratios and are taken over as they are. SMs count by their share.
public struct ScaledCoRun: Hashable, Sendable {
    public var surface: CoRunSurface
    public var mechanism: CoRunSurface.Mechanism
    /// Of the device of the surface.
    public var streamingMultiprocessors: Int
    public var layers: Int
    /// The time of a layer here over its time there.
    public var prefillRatio: Double
    public var decodeRatio: Double
    public var weightBytes: Double
    public var keyValueBytesPerToken: Double
    /// Of a decode iteration, what is not kernels and is not delayed by another lane: of the iteration, and of each sequence.
    public var hostSeconds: Double
    public var hostSecondsPerSequence: Double

    public init(
        surface: CoRunSurface, mechanism: CoRunSurface.Mechanism, streamingMultiprocessors: Int, layers: Int,
        prefillRatio: Double, decodeRatio: Double, weightBytes: Double, keyValueBytesPerToken: Double,
        hostSeconds: Double = 0, hostSecondsPerSequence: Double = 0
    ) {
        self.surface = surface
        self.mechanism = mechanism
        self.streamingMultiprocessors = streamingMultiprocessors
        self.layers = layers
        self.prefillRatio = prefillRatio
        self.decodeRatio = decodeRatio
        self.weightBytes = weightBytes
        self.keyValueBytesPerToken = keyValueBytesPerToken
        self.hostSeconds = hostSeconds
        self.hostSecondsPerSequence = hostSecondsPerSequence
    }

    /// - Parameters:
    ///   - prefill: Kernels of the prefill iteration alone on its SMs, seconds.
    ///   - decode: The decode iteration alone on its SMs, seconds, host time included.
    /// - Precondition: the surface has the mechanism.
    func slowdowns(
        prefill: Double, decode: Double, shape: IterationShape, partition: SMPartition
    ) -> LaneSlowdowns {
        let host = hostSeconds + hostSecondsPerSequence * Double(shape.decodeSequences)
        let kernels = max(decode - host, 0)
        let keyValues = Double(shape.decodeContextTokens) * keyValueBytesPerToken
        // A layer of no length would have no logarithm; the surface holds its inputs at what was measured anyway.
        let lanes = CoRunSurface.Lanes(
            prefillLayerSeconds: max(prefill / Double(layers) / prefillRatio, 1e-9),
            decodeLayerSeconds: max(kernels / Double(layers) / decodeRatio, 1e-9),
            decodeKeyValueShare: keyValues / (keyValues + weightBytes))
        let measured = surface.slowdowns(
            lanes, prefillSMs: there(partition.prefill, of: partition.total),
            decodeSMs: there(partition.decode, of: partition.total), mechanism: mechanism)
        guard let measured else { preconditionFailure("nothing was measured under \(mechanism)") }
        return LaneSlowdowns(
            prefill: Slowdown(rounding: measured.prefill),
            decode: Slowdown(rounding: decode > 0 ? 1 + (measured.decode - 1) * kernels / decode : 1))
    }

    /// As many of the SMs there; caps are granted as even numbers.
    private func there(_ sms: Int, of total: Int) -> Int {
        let exact = Double(sms * streamingMultiprocessors) / Double(total)
        return min(streamingMultiprocessors, max(2, 2 * Int((exact / 2).rounded())))
    }
}
