import CostModels
import Foundation
import Profiles

/// Devices as in `Profiles/devices/`, and files of the repository.
enum Fixture {
    static let h200 = DeviceProfile(
        id: "h200-sxm", name: "NVIDIA H200 SXM 141GB", streamingMultiprocessors: 132, memoryBytes: 150_754_820_096,
        memoryBandwidthBytesPerSecond: 4.8e12, bf16FLOPS: 989.4e12, fp8FLOPS: 1978.9e12, l2Bytes: 62_914_560,
        nvlinkBytesPerSecond: 450e9, nvlinkLatencySeconds: 2.8e-6, pcieBytesPerSecond: 55e9, boardPowerWatts: 700,
        pricePerHour: 3.6, smPartitionGranularity: 8)
    static let h100 = DeviceProfile(
        id: "h100-sxm", name: "NVIDIA H100 SXM 80GB", streamingMultiprocessors: 132, memoryBytes: 85_520_809_984,
        memoryBandwidthBytesPerSecond: 3.35e12, bf16FLOPS: 989.4e12, fp8FLOPS: 1978.9e12, l2Bytes: 52_428_800,
        nvlinkBytesPerSecond: 450e9, nvlinkLatencySeconds: 2.8e-6, pcieBytesPerSecond: 55e9, boardPowerWatts: 700,
        pricePerHour: 2.7, smPartitionGranularity: 8)
    static let a100 = DeviceProfile(
        id: "a100-80", name: "NVIDIA A100 SXM4 80GB", streamingMultiprocessors: 108, memoryBytes: 84_986_665_370,
        memoryBandwidthBytesPerSecond: 2.039e12, bf16FLOPS: 312e12, fp8FLOPS: nil, l2Bytes: 41_943_040,
        nvlinkBytesPerSecond: 300e9, nvlinkLatencySeconds: 3e-6, pcieBytesPerSecond: 25e9, boardPowerWatts: 400,
        pricePerHour: 1.5, smPartitionGranularity: 2)
    /// GPUs with a fitted profile.
    static let calibrated = [h200, h100, a100]

    static func path(_ name: String) -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(name).path
    }

    static func efficiency(_ id: String) throws -> EfficiencyProfile {
        let file = "Profiles/efficiency/\(id).yaml"
        return try EfficiencyProfile(
            yaml: try String(contentsOfFile: path(file), encoding: .utf8), id: id, file: file)
    }
}
