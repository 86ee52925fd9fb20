/// What kernels ask of one GPU on some number of SMs.
public struct KernelDemand: Hashable, Sendable, BitwiseCopyable {
    public var seconds: Double
    /// Of `seconds`, those in kernels bound by device memory.
    public var memorySeconds: Double
    /// Of `seconds`, those of arithmetic in kernels bound by it.
    public var computeSeconds = 0.0
    /// Bytes moved between device memory and the SMs.
    public var bytes: Double

    public static let zero = KernelDemand(seconds: 0, memorySeconds: 0, bytes: 0)

    public init(seconds: Double, memorySeconds: Double, bytes: Double) {
        self.seconds = seconds
        self.memorySeconds = memorySeconds
        self.bytes = bytes
    }

    /// A kernel with `compute` seconds of arithmetic beside `memory` seconds of traffic.
    init(fixed: Double, compute: Double, memory: Double, bytes: Double) {
        seconds = fixed + max(compute, memory)
        memorySeconds = memory >= compute ? memory : 0
        computeSeconds = memory >= compute ? 0 : compute
        self.bytes = bytes
    }

    /// The same traffic in kernels that take longer.
    mutating func slow(by factor: Double) {
        seconds *= factor
        memorySeconds *= factor
        computeSeconds *= factor
    }

    static func += (a: inout Self, b: Self) {
        a.seconds += b.seconds
        a.memorySeconds += b.memorySeconds
        a.computeSeconds += b.computeSeconds
        a.bytes += b.bytes
    }

    static func * (a: Self, count: Double) -> Self {
        var product = a
        product.slow(by: count)
        product.bytes *= count
        return product
    }
}

/// How much longer the full device's times are on a part of its SMs: the reciprocals of `SMScaling` at one SM count.
package struct SMStretch: Sendable, BitwiseCopyable {
    package var compute: Double
    package var weightReads: Double
    package var reads: Double

    package static let none = SMStretch(compute: 1, weightReads: 1, reads: 1)

    package init(compute: Double, weightReads: Double, reads: Double) {
        self.compute = compute
        self.weightReads = weightReads
        self.reads = reads
    }

    /// `sms` need not be whole: two lanes with overlapping caps act as if they had a share each.
    package init(_ scaling: SMScaling, sms: Double, of total: Int) {
        let measured = sms * Double(scaling.streamingMultiprocessors) / Double(total)
        func stretch(_ curve: Curve) -> Double {
            // Below the first knot the curve goes through the origin: a part of the SMs never delivers a constant.
            if measured < curve.knots[0] { return curve.knots[0] / (measured * curve.values[0]) }
            return 1 / curve.value(at: measured)
        }
        compute = stretch(scaling.compute)
        weightReads = stretch(scaling.weightReads)
        reads = stretch(scaling.reads)
    }
}

/// A matrix product with a weight matrix of N×K, priced by its number of rows M.
package struct MatrixProduct: Sendable {
    let launch: Double
    let rowKnots: [Double]
    /// Seconds of arithmetic at each knot of M on all SMs.
    let computeSeconds: [Double]
    let weightBytes: Double
    let bytesPerRow: Double
    let secondsPerByte: Double

    package init(outputs n: Int, inputs k: Int, efficiency: GEMMEfficiency, device: DeviceProfile) {
        let elements = Double(n) * Double(k)
        launch = efficiency.launchSeconds
        rowKnots = efficiency.rows
        computeSeconds = efficiency.costedRows(elements: elements).map { 2 * elements * $0 / device.bf16FLOPS }
        weightBytes = 2 * elements
        bytesPerRow = 2 * Double(n + k)
        secondsPerByte = 1 / (device.memoryBandwidthBytesPerSecond * efficiency.bandwidth.value(at: weightBytes))
    }

    package func demand(rows: Double, stretch: SMStretch) -> KernelDemand {
        demand(rows: rows, position: CurvePosition(of: rows, in: rowKnots), stretch: stretch)
    }

    /// With the place of `rows` among the knots, which all products of an iteration share.
    func demand(rows: Double, position: CurvePosition, stretch: SMStretch) -> KernelDemand {
        let beyond = max(1, rows / rowKnots[rowKnots.count - 1])
        let compute = position.interpolate(computeSeconds) * beyond * stretch.compute
        let bytes = weightBytes + bytesPerRow * rows
        let memory = bytes * secondsPerByte * stretch.weightReads
        return KernelDemand(fixed: launch, compute: compute, memory: memory, bytes: bytes)
    }
}

/// Attention of one layer on one GPU.
package struct AttentionOperator: Sendable {
    let heads: Double
    let keyValueHeads: Double
    let prefill: PrefillAttentionEfficiency
    let decode: DecodeAttentionEfficiency
    let flopsPerPair: Double
    let keyValueBytesPerToken: Double
    let queryBytesPerToken: Double
    let device: DeviceProfile

    package init(heads: Int, keyValueHeads: Int, headSize: Int, efficiency: EfficiencyProfile, device: DeviceProfile) {
        self.init(
            heads: heads, keyValueHeads: keyValueHeads, headSize: headSize, prefill: efficiency.prefillAttention,
            decode: efficiency.decodeAttention, device: device)
    }

    package init(
        heads: Int, keyValueHeads: Int, headSize: Int, prefill: PrefillAttentionEfficiency,
        decode: DecodeAttentionEfficiency, device: DeviceProfile
    ) {
        self.heads = Double(heads)
        self.keyValueHeads = Double(keyValueHeads)
        self.prefill = prefill
        self.decode = decode
        self.device = device
        flopsPerPair = 4 * Double(headSize) * Double(heads)
        keyValueBytesPerToken = 4 * Double(keyValueHeads) * Double(headSize)
        queryBytesPerToken = 4 * Double(heads) * Double(headSize)
    }

    /// `tokens` query tokens in `chunks` chunks, with `pairs` query–key pairs over `context` tokens of KV in all.
    package func prefillDemand(
        tokens: Double, chunks: Double, pairs: Double, context: Double, stretch: SMStretch
    ) -> KernelDemand {
        let keys = prefill.costedKeys(perQuery: pairs / tokens)
        let compute = tokens * keys * flopsPerPair / device.bf16FLOPS * stretch.compute
        let bytes = context * keyValueBytesPerToken + tokens * queryBytesPerToken
        let streams = chunks * keyValueHeads
        let bandwidth = device.memoryBandwidthBytesPerSecond * decode.bandwidth.value(at: streams)
        return KernelDemand(
            fixed: prefill.launchSeconds + prefill.tailSecondsPerKey * context / chunks, compute: compute,
            memory: bytes / bandwidth * stretch.reads, bytes: bytes)
    }

    /// Everything of decode attention that does not depend on the context.
    package func decodeLatency(sequences: Double, stretch: SMStretch) -> Double {
        let latency = decode.latency(streams: sequences * keyValueHeads)
        return latency.waiting + latency.working * stretch.compute
    }

    package func decodeSecondsPerContextToken(sequences: Double, stretch: SMStretch) -> Double {
        let bandwidth = decode.bandwidth.value(at: sequences * keyValueHeads)
        return keyValueBytesPerToken / (device.memoryBandwidthBytesPerSecond * bandwidth) * stretch.reads
    }

    package func decodeDemand(sequences: Double, context: Double, stretch: SMStretch) -> KernelDemand {
        let reading = context * decodeSecondsPerContextToken(sequences: sequences, stretch: stretch)
        return KernelDemand(
            fixed: decodeLatency(sequences: sequences, stretch: stretch), compute: 0, memory: reading,
            bytes: context * keyValueBytesPerToken)
    }
}

/// A kernel that streams bytes: so many for every row.
struct ElementwiseOperator: Sendable {
    let launch: Double
    let bytesPerRow: Double
    let secondsPerByte: Double

    init(bytesPerRow: Double, efficiency: ElementwiseEfficiency, device: DeviceProfile) {
        launch = efficiency.launchSeconds
        self.bytesPerRow = bytesPerRow
        secondsPerByte = 1 / (device.memoryBandwidthBytesPerSecond * efficiency.bandwidth)
    }

    func demand(rows: Double, stretch: SMStretch) -> KernelDemand {
        let bytes = bytesPerRow * rows
        return KernelDemand(fixed: launch, compute: 0, memory: bytes * secondsPerByte * stretch.reads, bytes: bytes)
    }
}

/// The sum of a message over the GPUs of a tensor-parallel group.
struct AllReduceOperator: Sendable {
    let efficiency: AllReduceEfficiency
    let group: AllReduceEfficiency.Group
    let bytesPerRow: Double
    let linkBytesPerSecond: Double

    /// Link traffic, not traffic of device memory.
    func demand(rows: Double) -> KernelDemand {
        let seconds = efficiency.seconds(
            bytes: bytesPerRow * rows, group: group, linkBytesPerSecond: linkBytesPerSecond)
        return KernelDemand(seconds: seconds, memorySeconds: 0, bytes: 0)
    }
}
