import CostModels
import Diagnostics
import Foundation
import Profiles
import Testing

private let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

@Suite("profiles")
struct ProfileCatalogTests {
    private let catalog = ProfileCatalog(roots: [repository.appendingPathComponent("Profiles").path])

    private func message(_ body: () throws(InputError) -> Void) -> String {
        do throws(InputError) { try body() } catch { return error.description }
        return "no error"
    }

    @Test("every shipped device reads")
    func devices() throws {
        let devices = try catalog.deviceIDs().map { try catalog.device($0).value }
        #expect(
            devices.map(\.id) == [
                "a100-40", "a100-80", "a800-80", "b200-sxm", "h100-sxm", "h200-sxm", "l40s", "rtx-4090", "rtx-pro-6000",
            ])
        for device in devices {
            #expect(device.bf16FLOPS > 1e14 && device.memoryBytes > 20 << 30, "\(device)")
            #expect((device.fp8FLOPS ?? device.bf16FLOPS * 2) >= device.bf16FLOPS * 1.9, "\(device)")
        }
    }

    @Test("every shipped model reads, with about the parameters in its name")
    func models() throws {
        let models = try catalog.modelIDs().map { try catalog.model($0).value }
        #expect(models.count == 10)
        let billions = [
            "llama-2-7b": 6.74, "llama-3-70b": 70.6, "llama-3-8b": 8.03, "llama-3.1-405b": 405.9, "mistral-7b": 7.25,
            "qwen3-32b": 32.8, "qwen3-8b": 8.19,
        ]
        for model in models {
            let isDense = model.experts == nil && model.latentAttention == nil
            #expect(isDense == (billions[model.id] != nil), "\(model.id)")
            guard let expected = billions[model.id] else { continue }
            #expect(abs(Double(model.denseParameters) / 1e9 - expected) < 0.01 * expected, "\(model.id)")
        }
        #expect(try catalog.model("deepseek-v3").value.weightType == .fp8)
    }

    @Test("an unknown id lists the known ones and names the nearest")
    func unknown() {
        let place = SourceLocation(file: "s.yaml", line: 3, column: 9)
        let text = message { () throws(InputError) in _ = try catalog.device("h200-smx", at: place) }
        #expect(text.hasPrefix("s.yaml:3:9: error: found the unknown device \"h200-smx\", expected the path"))
        #expect(text.contains("a100-40, a100-80"))
        #expect(text.hasSuffix("help: did you mean \"h200-sxm\"?"))
        let none = message { () throws(InputError) in _ = try ProfileCatalog(roots: ["/nowhere"]).model("llama-3-8b") }
        #expect(none.contains("no profiles, searched /nowhere"))
    }

    @Test("a path reads a file anywhere; config.json takes its id from its folder")
    func paths() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "phasewise-\(UUID().uuidString)/My-Model")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
        let source = repository.appendingPathComponent("Profiles/models/qwen3-8b.json")
        let copy = folder.appendingPathComponent("config.json")
        try FileManager.default.copyItem(at: source, to: copy)
        #expect(try catalog.model(copy.path).value.id == "My-Model")
        try Data([0x7B, 0x0A, 0xC3, 0x28]).write(to: copy)
        let invalid = message { () throws(InputError) in _ = try catalog.model(copy.path) }
        #expect(invalid.hasSuffix("config.json:2:1: error: found a byte that is not UTF-8"))
        let place = SourceLocation(file: "s.yaml", line: 1, column: 8)
        let missing = message { () throws(InputError) in _ = try catalog.model("no/config.json", at: place) }
        #expect(missing == "s.yaml:1:8: error: found no file \"no/config.json\"")
        let directory = message { () throws(InputError) in _ = try catalog.model(folder.path) }
        #expect(directory.contains("found a folder"))
    }

    @Test("the search path is the named folder, then the nearest Profiles upwards")
    func searchPath() {
        let inside = repository.appendingPathComponent("Tests/ProfilesTests").path
        let profiles = repository.standardizedFileURL.appendingPathComponent("Profiles").path
        #expect(ProfileCatalog.searchPath(explicit: "mine", workingDirectory: inside) == ["mine", profiles])
        #expect(ProfileCatalog.searchPath(explicit: nil, workingDirectory: "/").isEmpty)
    }

    private static let device = """
        name: Some GPU
        streaming_multiprocessors: 100
        memory_bytes: 80e9
        memory_bandwidth_bytes_per_second: 2e12
        bf16_flops: 300e12
        l2_bytes: 40000000
        nvlink_bytes_per_second: 0
        nvlink_latency_seconds: 0
        pcie_bytes_per_second: 25e9
        board_power_watts: 300
        price_per_hour: 1.5
        sm_partition_granularity: 2
        """

    @Test(
        "a malformed device is reported at its place",
        arguments: [
            ("name: Some GPU", "", "d.yaml:2:1: error: a device profile has no \"name\""),
            (
                "bf16_flops: 300e12", "bf16_flops: fast",
                "d.yaml:5:13: error: bf16_flops: found \"fast\", expected a number from 1e9 to 1e21"
            ),
            (
                "bf16_flops: 300e12", "bf16_flop: 300e12",
                "d.yaml:5:1: error: found the unknown key \"bf16_flop\" in a device profile"
            ),
            (
                "memory_bytes: 80e9", "memory_bytes: 80.5",
                "d.yaml:3:15: error: memory_bytes: found \"80.5\", expected a whole number"
            ),
            ("price_per_hour: 1.5", "price_per_hour: -1", "d.yaml:11:17: error: price_per_hour: found \"-1\""),
            (
                "granularity: 2", "granularity: 200",
                "d.yaml:12:27: error: sm_partition_granularity: found 200, expected at most the 100 SMs"
            ),
        ])
    func malformedDevice(old: String, new: String, expected: String) {
        let text = Self.device.replacingOccurrences(of: old, with: new)
        let found = message { () throws(InputError) in _ = try DeviceProfile.read(text, file: "d.yaml", id: "d") }
        #expect(found.contains(expected), "\(found)")
    }
}
