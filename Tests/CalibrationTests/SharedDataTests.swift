import Calibration
import CostModels
import Foundation
import Profiles
import Testing

/// Fits to the measured tables that lie beside the repository; skipped where they do not. With PHASEWISE_REWRITE in the
/// environment the committed profiles are written anew.
@Suite("Committed profiles and measured tables", .enabled(if: SharedData.isPresent, SharedData.absence))
struct SharedDataTests {
    @Test("fitting the measured tables again gives the committed profile, byte for byte", arguments: Fixture.calibrated)
    func refit(device: DeviceProfile) throws {
        let gpu = String(device.id.prefix { $0 != "-" })
        let selection = try #require(RowSelection.reference(gpu: gpu))
        var rows = MeasuredRows()
        for name in ["gemm", "attention_prefill", "attention_decode", "allreduce"] {
            try rows.add(csv: SharedData.file("measured/\(name).csv"), selecting: selection)
        }
        let base = try Fixture.efficiency("default")
        let (profile, report) = EfficiencyFit.fit(
            rows: rows, device: device, base: base, origin: "fitted to measured kernels of an \(gpu.uppercased())")
        let text = EfficiencyFit.file(
            profile, report: report, rows: rows, selection: selection, base: base, date: "2026-11-21")
        let path = Fixture.path("Profiles/efficiency/\(device.id).yaml")
        if ProcessInfo.processInfo.environment["PHASEWISE_REWRITE"] != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(try EfficiencyProfile(yaml: text, id: device.id, file: "fitted.yaml") == profile)
    }
}

enum SharedData {
    static let absence: Comment = "the folder of measured tables is not beside the repository"

    /// Where the tables are: named by the environment, or beside the package, or beside its parent.
    static let root: String? = {
        let named = ProcessInfo.processInfo.environment["PHASEWISE_SHARED"].map { [$0] } ?? []
        let candidates = named + [Fixture.path("../shared"), Fixture.path("../../shared")]
        return candidates.first { FileManager.default.fileExists(atPath: $0 + "/measured/gemm.csv") }
    }()

    static let isPresent: Bool = {
        if root == nil { print("skipped: \(absence.rawValue)") }
        return root != nil
    }()

    static func file(_ name: String) -> String { "\(root ?? "")/\(name)" }
}
