import CostModels
import Diagnostics
import Foundation
import Profiles
import Testing

@Suite("Efficiency and runtime profiles as files")
struct ProfileFileTests {
    private func text(_ file: String) throws -> String {
        try String(contentsOfFile: Fixture.path(file), encoding: .utf8)
    }

    @Test("what is written reads back the same", arguments: ["h200-sxm", "h100-sxm", "a100-80", "default"])
    func roundTrip(id: String) throws {
        let profile = try Fixture.efficiency(id)
        let text = profile.yaml(header: ["a header"], notes: [("gemm", "a note")])
        #expect(try EfficiencyProfile(yaml: text, id: id, file: "written.yaml") == profile)
        #expect(text.hasPrefix("# a header\n") && text.contains("\n# a note\ngemm:\n"))
    }

    @Test(
        "every runtime that ships can be read",
        arguments: ["ideal", "vllm-v1", "vllm-0.6", "sglang-0.4.4", "distserve", "minimal-eager"])
    func runtimes(id: String) throws {
        let file = "Profiles/runtimes/\(id).yaml"
        let runtime = try RuntimeProfile(yaml: try text(file), id: id, file: file)
        #expect(runtime.id == id && runtime.memoryUtilisation <= 0.9)
        if id == "ideal" {
            var ideal = RuntimeProfile.ideal
            ideal.name = runtime.name
            #expect(runtime == ideal)
        }
    }

    @Test(
        "what is wrong is said with its place",
        arguments: [
            ("launch_seconds: 3.45e-06", "launch_seconds: soon", "\"soon\" is not a number of at least 0"),
            ("overlap_gain", "overlap_gian", "unknown key \"overlap_gian\""),
            ("[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]", "[0.5, 0.5]", "2 efficiencies for 7 knots of matrix_elements"),
            ("[8, 0.0737], [32, 0.303]", "[8, 0.0737], [4, 0.303]", "knot 4.0 does not exceed the 8.0 before it"),
            ("[132, 1]", "[132, 1.5]", "\"1.5\" is not a fraction above 0 and at most 1"),
            ("sharing:", "sharing: [", "not YAML"),
        ])
    func malformed(found: String, replacement: String, message: String) throws {
        let good = try text("Profiles/efficiency/h200-sxm.yaml")
        let bad = good.replacingOccurrences(of: found, with: replacement)
        try #require(bad != good)
        let error = try #require(throws: InputError.self) {
            try EfficiencyProfile(yaml: bad, id: "bad", file: "bad.yaml")
        }
        #expect(error.description.contains(message) && error.description.hasPrefix("bad.yaml:"), "\(error)")
        let line = try #require(error.diagnostics.first?.location?.line)
        let lines = bad.split(separator: "\n", omittingEmptySubsequences: false)
        if !message.hasPrefix("not YAML") { #expect(lines[line - 1].contains(replacement.prefix(10))) }
    }

    @Test("missing keys are all named at once")
    func missing() throws {
        let error = try #require(throws: InputError.self) {
            try RuntimeProfile(yaml: "name: x\nmemory_utilisation: 0.9\n", id: "x", file: "x.yaml")
        }
        #expect(
            error.diagnostics.map(\.message) == [
                "key \"prefill\" is missing", "key \"decode\" is missing",
                "key \"reserve_bytes_per_process\" is missing",
            ])
    }
}
