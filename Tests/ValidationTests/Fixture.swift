import CostModels
import Foundation
import Profiles
import Testing
import Validation

enum Fixture {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func text(_ file: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8)
    }

    static func runtime(_ id: String) throws -> RuntimeProfile {
        let file = "Profiles/runtimes/\(id).yaml"
        return try RuntimeProfile(yaml: try text(file), id: id, file: file)
    }

    /// The engine of the committed profiles.
    static func engine() throws -> EngineModel {
        let efficiency = "Profiles/efficiency/h200-sxm.yaml"
        let sharing = "Profiles/sharing/h200-sxm.yaml"
        let catalog = ProfileCatalog(roots: ["\(root)/Profiles"])
        return EngineModel(
            model: try catalog.model("llama-3-8b").value, device: try catalog.device("h200-sxm").value,
            efficiency: try EfficiencyProfile(yaml: try text(efficiency), id: "h200-sxm", file: efficiency),
            runtime: try runtime("minimal-eager"), workers: try runtime("minimal-eager-mps"),
            sharing: try CoRunSharing(yaml: try text(sharing), file: sharing))
    }
}

/// The measured runs, which lie beside the repository or not at all.
enum MeasuredRuns {
    static let absence: Comment = "the folder of measured serving runs is not beside the repository"

    static let folder: String? = {
        let named = ProcessInfo.processInfo.environment["PHASEWISE_SHARED"].map { [$0] } ?? []
        let candidates = named + ["\(Fixture.root)/../shared", "\(Fixture.root)/../../shared"]
        return candidates.map { $0 + "/measured/h200_serving" }.first {
            FileManager.default.fileExists(atPath: $0 + "/requests.csv")
        }
    }()

    static let isPresent: Bool = {
        if folder == nil { print("skipped: \(absence.rawValue)") }
        return folder != nil
    }()
}
