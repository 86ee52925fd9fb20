/// How near kernels on one device come to its datasheet bounds: what `RooflineCostModel` multiplies the bounds by.
///
/// All values are fractions of `DeviceProfile` peaks or seconds. The numbers live in `Profiles/efficiency/`, fitted to
/// measurements by target `Calibration` or, where a comment in the file says so, assumed.
public struct EfficiencyProfile: Hashable, Sendable {
    public var id: String
    /// What the numbers rest on, in a few words for reports.
    public var origin: String
    public var gemm: GEMMEfficiency
    public var prefillAttention: PrefillAttentionEfficiency
    public var decodeAttention: DecodeAttentionEfficiency
    public var elementwise: ElementwiseEfficiency
    public var allReduce: AllReduceEfficiency
    public var smScaling: SMScaling
    public var sharing: SharingEfficiency

    public init(
        id: String, origin: String, gemm: GEMMEfficiency, prefillAttention: PrefillAttentionEfficiency,
        decodeAttention: DecodeAttentionEfficiency, elementwise: ElementwiseEfficiency, allReduce: AllReduceEfficiency,
        smScaling: SMScaling, sharing: SharingEfficiency
    ) {
        self.id = id
        self.origin = origin
        self.gemm = gemm
        self.prefillAttention = prefillAttention
        self.decodeAttention = decodeAttention
        self.elementwise = elementwise
        self.allReduce = allReduce
        self.smScaling = smScaling
        self.sharing = sharing
    }
}

/// Matrix products [M, K]·[K, N] with 16-bit weights.
///
/// Time = launch + max(2·N·K·R(M)/peak, bytes/(bandwidth·b)), where b is read at the bytes of the weights and R(M), the
/// rows that the product costs, is M/efficiency at each knot of M and linear in M between them: time, not efficiency, is
/// what is linear within a regime. Below the first knot R stays (tiles are not smaller); above the last the efficiency
/// is held.
public struct GEMMEfficiency: Hashable, Sendable {
    public var launchSeconds: Double
    /// Knots of M.
    public var rows: [Double]
    /// Knots of N·K.
    public var matrixElements: [Double]
    /// Fraction of the peak matrix rate, by knot of M, then by knot of N·K; linear in N·K.
    public var compute: [[Double]]
    /// Fraction of the peak bandwidth by bytes of the weight matrix.
    public var bandwidth: Curve

    public init(
        launchSeconds: Double, rows: [Double], matrixElements: [Double], compute: [[Double]], bandwidth: Curve
    ) {
        precondition(
            compute.count == rows.count && compute.allSatisfy { $0.count == matrixElements.count },
            "the efficiency table is not \(rows.count) × \(matrixElements.count)")
        self.launchSeconds = launchSeconds
        self.rows = rows
        self.matrixElements = matrixElements
        self.compute = compute
        self.bandwidth = bandwidth
    }

    /// R at every knot of M, for a matrix of `elements` = N·K.
    package func costedRows(elements: Double) -> [Double] {
        let position = CurvePosition(of: elements, in: matrixElements)
        return rows.indices.map { rows[$0] / position.interpolate(compute[$0]) }
    }
}

/// Causal attention of prompt chunks, 16-bit, with the writing of their K and V.
///
/// Time = launch + tail·(longest context) + max(4·head size·heads·pairs/(peak·e), KV bytes/bandwidth). The efficiency e
/// depends on the mean number of keys per query; what is linear between knots is the time per query, keys/e. The tail is
/// the critical path of the longest row of tiles, which the rest of the device waits for.
public struct PrefillAttentionEfficiency: Hashable, Sendable {
    public var launchSeconds: Double
    public var tailSecondsPerKey: Double
    /// Fraction of the peak matrix rate by mean keys per query; (q + 1)/2 for a whole prompt of q tokens.
    public var compute: Curve

    public init(launchSeconds: Double, tailSecondsPerKey: Double, compute: Curve) {
        self.launchSeconds = launchSeconds
        self.tailSecondsPerKey = tailSecondsPerKey
        self.compute = compute
    }

    /// Keys at the full matrix rate that a query with this many keys costs.
    package func costedKeys(perQuery keys: Double) -> Double {
        let knots = compute.knots
        if keys >= knots[knots.count - 1] { return keys / compute.values[knots.count - 1] }
        let position = CurvePosition(of: keys, in: knots)
        let low = knots[position.index] / compute.values[position.index]
        if position.fraction == 0 { return low }
        let high = knots[position.index + 1] / compute.values[position.index + 1]
        return low + (high - low) * position.fraction
    }
}

/// Attention of one new token per sequence over paged KV, with the writing of its K and V.
///
/// Time = latency + KV bytes/(bandwidth·e): linear in Σ context. Both depend on the number of independent streams,
/// sequences × KV heads of the GPU. Latency beyond its first knot is work (more tiles than SMs), so that part scales with
/// the SMs; above the last knot it goes on in proportion.
public struct DecodeAttentionEfficiency: Hashable, Sendable {
    public var latency: Curve
    public var bandwidth: Curve

    public init(latency: Curve, bandwidth: Curve) {
        self.latency = latency
        self.bandwidth = bandwidth
    }

    /// Latency on all SMs, apart in the part that waits and the part that works.
    package func latency(streams: Double) -> (waiting: Double, working: Double) {
        let (knots, values) = (latency.knots, latency.values)
        let last = knots[knots.count - 1]
        let total = streams <= last ? latency.value(at: streams) : values[knots.count - 1] * streams / last
        return (values[0], total - values[0])
    }
}

/// Kernels that move bytes and compute next to nothing: norms, rotary embedding, activation, sampling.
public struct ElementwiseEfficiency: Hashable, Sendable {
    public var launchSeconds: Double
    public var bandwidth: Double

    public init(launchSeconds: Double, bandwidth: Double) {
        self.launchSeconds = launchSeconds
        self.bandwidth = bandwidth
    }
}

/// All-reduce between the GPUs of a tensor-parallel group.
public struct AllReduceEfficiency: Hashable, Sendable {
    public struct Group: Hashable, Sendable {
        public var ranks: Int
        /// Seconds by bytes of the message.
        public var seconds: Curve

        public init(ranks: Int, seconds: Curve) {
            self.ranks = ranks
            self.seconds = seconds
        }
    }

    /// One direction, of the links that the times were taken on. On other links the time beyond that of the smallest
    /// message is scaled by the ratio.
    public var linkBytesPerSecond: Double
    public var groups: [Group]

    public init(linkBytesPerSecond: Double, groups: [Group]) {
        self.linkBytesPerSecond = linkBytesPerSecond
        self.groups = groups
    }

    /// Seconds of one all-reduce. Beyond the largest message its bandwidth is held.
    package func seconds(bytes: Double, group: Group, linkBytesPerSecond link: Double) -> Double {
        let (knots, values) = (group.seconds.knots, group.seconds.values)
        let last = knots.count - 1
        let total = bytes <= knots[last] ? group.seconds.value(at: bytes) : values[last] * bytes / knots[last]
        return values[0] + (total - values[0]) * linkBytesPerSecond / link
    }
}

/// What a part of the SMs delivers, as a fraction of what all of them deliver. Knots are SM counts of the device that
/// was measured; another device is read at the same share of its SMs.
public struct SMScaling: Hashable, Sendable {
    public var streamingMultiprocessors: Int
    /// Matrix rate.
    public var compute: Curve
    /// Bandwidth of products bound by their weights.
    public var weightReads: Curve
    /// Bandwidth of attention over KV and of elementwise kernels.
    public var reads: Curve

    public init(streamingMultiprocessors: Int, compute: Curve, weightReads: Curve, reads: Curve) {
        self.streamingMultiprocessors = streamingMultiprocessors
        self.compute = compute
        self.weightReads = weightReads
        self.reads = reads
    }
}

/// What two lanes on one GPU get of it together.
public struct SharingEfficiency: Hashable, Sendable {
    /// Fraction of the peak bandwidth that the device delivers whoever asks.
    public var deliveredBandwidth: Double
    /// Sum of the shares of SMs that two lanes with overlapping caps behave as if they had.
    public var overlapGain: Double

    public init(deliveredBandwidth: Double, overlapGain: Double) {
        self.deliveredBandwidth = deliveredBandwidth
        self.overlapGain = overlapGain
    }
}
