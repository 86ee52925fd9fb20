import CostModels
import EventKernel
import Foundation
import Profiles

/// Devices and models as in `Profiles/`, and the profiles that the repository ships.
enum Fixture {
    static let h200 = DeviceProfile(
        id: "h200-sxm", name: "NVIDIA H200 SXM 141GB", streamingMultiprocessors: 132, memoryBytes: 150_754_820_096,
        memoryBandwidthBytesPerSecond: 4.8e12, bf16FLOPS: 989.4e12, fp8FLOPS: 1978.9e12, l2Bytes: 62_914_560,
        nvlinkBytesPerSecond: 450e9, nvlinkLatencySeconds: 2.8e-6, pcieBytesPerSecond: 55e9, boardPowerWatts: 700,
        pricePerHour: 3.6, smPartitionGranularity: 8)
    static let a100 = DeviceProfile(
        id: "a100-80", name: "NVIDIA A100 SXM4 80GB", streamingMultiprocessors: 108, memoryBytes: 84_986_665_370,
        memoryBandwidthBytesPerSecond: 2.039e12, bf16FLOPS: 312e12, fp8FLOPS: nil, l2Bytes: 41_943_040,
        nvlinkBytesPerSecond: 300e9, nvlinkLatencySeconds: 3e-6, pcieBytesPerSecond: 25e9, boardPowerWatts: 400,
        pricePerHour: 1.5, smPartitionGranularity: 2)
    static let llama8B = ModelArchitecture(
        id: "llama-3-8b", hiddenSize: 4096, intermediateSize: 14336, layers: 32, heads: 32, keyValueHeads: 8,
        headSize: 128, vocabularySize: 128_256, maxPositions: 8192, tiesEmbeddings: false)
    static let llama70B = ModelArchitecture(
        id: "llama-3-70b", hiddenSize: 8192, intermediateSize: 28672, layers: 80, heads: 64, keyValueHeads: 8,
        headSize: 128, vocabularySize: 128_256, maxPositions: 8192, tiesEmbeddings: false)

    static func path(_ file: String) -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        return tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(file).path
    }

    static func text(_ file: String) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = tests.deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOfFile: root.appendingPathComponent(file).path, encoding: .utf8)
    }

    static func efficiency(_ id: String) throws -> EfficiencyProfile {
        let file = "Profiles/efficiency/\(id).yaml"
        return try EfficiencyProfile(yaml: try text(file), id: id, file: file)
    }

    static func runtime(_ id: String) throws -> RuntimeProfile {
        let file = "Profiles/runtimes/\(id).yaml"
        return try RuntimeProfile(yaml: try text(file), id: id, file: file)
    }

    static func h200Model(
        _ model: ModelArchitecture = llama8B, runtime: RuntimeProfile = .ideal, tensorParallelism: Int = 1,
        smCounts: [Int] = []
    ) throws -> RooflineCostModel {
        try RooflineCostModel(
            model: model, device: h200, efficiency: try efficiency("h200-sxm"), runtime: runtime,
            tensorParallelism: tensorParallelism, smCounts: smCounts)
    }

    /// A random iteration of up to eight prefill chunks and up to 256 decoding sequences; never empty.
    static func randomShape(_ random: inout RandomStream) -> IterationShape {
        var shape = IterationShape.empty
        for _ in 0..<random.index(below: 9) {
            shape.addPrefill(
                tokens: 1 + random.index(below: 2048), cached: random.index(below: 2) * random.index(below: 8192),
                completes: random.index(below: 2) == 0)
        }
        shape.decodeSequences = random.index(below: 257)
        shape.decodeContextTokens = shape.decodeSequences * (1 + random.index(below: 8192))
        if shape.isEmpty { shape.addPrefill(tokens: 1, cached: 0, completes: true) }
        return shape
    }
}
