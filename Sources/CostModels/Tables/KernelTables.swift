/// Measured kernels of one device: what `TableCostModel` adds up. The files lie in `Profiles/kernels/<device>/`.
public struct KernelTables: Hashable, Sendable {
    /// Id of the device profile.
    public var device: String
    public var gemm: GEMMTable
    public var prefillAttention: PrefillAttentionTable
    public var decodeAttention: DecodeAttentionTable
    public var elementwise: ElementwiseTable
    public var allReduce: AllReduceTable
    /// Bytes per second that so many SMs read from device memory; `nil` where that was not measured.
    public var reads: Curve?
    /// Between two kernels of a CUDA graph, beyond the times of the kernels themselves.
    public var graphGapSeconds: Double
    /// `nil` where no two lanes were measured side by side.
    public var coRun: CoRunSurface?
    /// For families without sustained lines; `nil` where their bursts are taken as they are.
    public var throttling: InferredThrottling?

    public init(
        device: String, gemm: GEMMTable, prefillAttention: PrefillAttentionTable,
        decodeAttention: DecodeAttentionTable, elementwise: ElementwiseTable, allReduce: AllReduceTable, reads: Curve?,
        graphGapSeconds: Double, coRun: CoRunSurface?, throttling: InferredThrottling? = nil
    ) {
        self.device = device
        self.gemm = gemm
        self.prefillAttention = prefillAttention
        self.decodeAttention = decodeAttention
        self.elementwise = elementwise
        self.allReduce = allReduce
        self.reads = reads
        self.graphGapSeconds = graphGapSeconds
        self.coRun = coRun
        self.throttling = throttling
    }

    /// Whether nothing was measured on a part of the SMs, as in tables for which only whole devices were timed.
    func isWholeDeviceOnly(_ device: DeviceProfile) -> Bool {
        !gemm.lines.isEmpty && gemm.lines.allSatisfy { $0.sms == device.streamingMultiprocessors }
    }
}
