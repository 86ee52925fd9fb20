public import CostModels
public import Diagnostics

extension DeviceProfile {
    /// Reads a file of `Profiles/devices`. Every key is required but `fp8_flops`; unknown keys are errors.
    public static func read(_ text: String, file: String, id: String) throws(InputError) -> DeviceProfile {
        let findings = Findings()
        let root = try YAMLNode.parse(text, file: file)
        var keys = try YAMLReader.root(of: root, "a device profile", findings)
        let name = keys.required("name", .string("the name that reports print"))
        let sms = keys.required("streaming_multiprocessors", .int(in: 1...4096))
        let memory = keys.required("memory_bytes", .int(in: 1...1 << 50))
        let bandwidth = keys.required("memory_bandwidth_bytes_per_second", .number(in: 1e6...1e18))
        let bf16 = keys.required("bf16_flops", .number(in: 1e9...1e21))
        let fp8 = keys.optional("fp8_flops", .number(in: 1e9...1e21))
        let l2 = keys.required("l2_bytes", .int(in: 0...1 << 50))
        let nvlink = keys.required("nvlink_bytes_per_second", .number(in: 0...1e18))
        let nvlinkLatency = keys.required("nvlink_latency_seconds", .number(in: 0...1))
        let pcie = keys.required("pcie_bytes_per_second", .number(in: 1e6...1e18))
        let power = keys.required("board_power_watts", .number(in: 1...1e6))
        let price = keys.required("price_per_hour", .number(in: 0...1e6))
        let granularity = keys.required("sm_partition_granularity", .int(in: 1...4096))
        keys.finish()
        if let granularity, let sms, granularity.value > sms.value {
            findings.error(
                at: granularity.location,
                "sm_partition_granularity: found \(granularity.value), expected at most the \(sms.value) SMs of the device"
            )
        }
        try findings.throwIfAny()
        guard let name, let sms, let memory, let bandwidth, let bf16, let l2, let nvlink, let nvlinkLatency, let pcie,
            let power, let price, let granularity
        else { preconditionFailure("a required key was missing and not reported in \(file)") }
        return DeviceProfile(
            id: id, name: name.value, streamingMultiprocessors: sms.value, memoryBytes: memory.value,
            memoryBandwidthBytesPerSecond: bandwidth.value, bf16FLOPS: bf16.value, fp8FLOPS: fp8?.value,
            l2Bytes: l2.value, nvlinkBytesPerSecond: nvlink.value, nvlinkLatencySeconds: nvlinkLatency.value,
            pcieBytesPerSecond: pcie.value, boardPowerWatts: power.value, pricePerHour: price.value,
            smPartitionGranularity: granularity.value)
    }
}
