import Diagnostics
import Foundation
import Profiles
import Scenarios

enum Fixture {
    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let environment = ScenarioEnvironment(
        catalog: ProfileCatalog(roots: [repository.appendingPathComponent("Profiles").path]),
        generators: ["azure-conv", "sharegpt-paper"], traceFormats: ["csv", "azure-2023"],
        runtimes: ["ideal", "vllm-v1"])

    static func resolve(
        _ text: String, overrides: [String] = [], folder: String = ""
    ) throws(InputError) -> ScenarioResolution {
        var root = try YAMLNode.parse(text, file: "s.yaml")
        try root.apply(overrides: overrides)
        return try ScenarioResolution.resolve(root, name: "s", folder: folder, in: environment)
    }

    static func problems(_ text: String, overrides: [String] = []) -> [String] {
        do throws(InputError) {
            _ = try resolve(text, overrides: overrides)
            return []
        } catch { return error.diagnostics.map(\.description) }
    }

    /// A scenario with the given deployments, which begin on line 5.
    static func scenario(_ deployments: String) -> String {
        """
        workload: {trace: t.csv, rate: 8}
        model: llama-3-8b
        device: h200-sxm
        deployments:
        \(deployments)
        """
    }

    static let three = scenario(
        """
          - {policy: vllm-v1, name: unified}
          - policy: distserve
          - policy: semi-pd
            partition: [80, 100]
        """)
}
