/// Facts of one GPU model. Rates are peaks of the datasheet unless the profile file says otherwise.
public struct DeviceProfile: Hashable, Sendable {
    public var id: String
    public var name: String
    public var streamingMultiprocessors: Int
    public var memoryBytes: Int
    public var memoryBandwidthBytesPerSecond: Double
    /// Dense bf16 matrix rate, floating-point operations per second.
    public var bf16FLOPS: Double
    /// Dense fp8 matrix rate; `nil` where the part has none.
    public var fp8FLOPS: Double?
    public var l2Bytes: Int
    /// One direction, all links together; 0 where there is no NVLink.
    public var nvlinkBytesPerSecond: Double
    public var nvlinkLatencySeconds: Double
    /// One direction.
    public var pcieBytesPerSecond: Double
    public var boardPowerWatts: Double
    /// US dollars for one GPU for one hour.
    public var pricePerHour: Double
    /// SM partitions are multiples of this.
    public var smPartitionGranularity: Int

    public init(
        id: String, name: String, streamingMultiprocessors: Int, memoryBytes: Int,
        memoryBandwidthBytesPerSecond: Double, bf16FLOPS: Double, fp8FLOPS: Double?, l2Bytes: Int,
        nvlinkBytesPerSecond: Double, nvlinkLatencySeconds: Double, pcieBytesPerSecond: Double,
        boardPowerWatts: Double, pricePerHour: Double, smPartitionGranularity: Int
    ) {
        self.id = id
        self.name = name
        self.streamingMultiprocessors = streamingMultiprocessors
        self.memoryBytes = memoryBytes
        self.memoryBandwidthBytesPerSecond = memoryBandwidthBytesPerSecond
        self.bf16FLOPS = bf16FLOPS
        self.fp8FLOPS = fp8FLOPS
        self.l2Bytes = l2Bytes
        self.nvlinkBytesPerSecond = nvlinkBytesPerSecond
        self.nvlinkLatencySeconds = nvlinkLatencySeconds
        self.pcieBytesPerSecond = pcieBytesPerSecond
        self.boardPowerWatts = boardPowerWatts
        self.pricePerHour = pricePerHour
        self.smPartitionGranularity = smPartitionGranularity
    }
}
