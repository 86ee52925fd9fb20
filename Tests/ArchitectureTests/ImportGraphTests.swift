import Foundation
import Testing

/// SwiftPM lets a module import another that it does not depend on once both are built, so the graph is a test.
@Suite("The import graph")
struct ImportGraphTests {
    /// Project modules and packages that each target may import: ARCHITECTURE.md shows the same.
    static let allowed: [(target: String, imports: Set<String>)] = [
        ("Diagnostics", []),
        ("EventKernel", []),
        ("Statistics", ["EventKernel"]),
        ("Workloads", ["Diagnostics", "EventKernel", "CZlib"]),
        ("CostModels", ["EventKernel"]),
        ("Metrics", ["EventKernel"]),
        ("Profiles", ["CostModels", "Diagnostics", "Yams"]),
        ("Simulator", ["Workloads", "CostModels", "Metrics", "EventKernel", "DequeModule"]),
        ("ResultStore", ["Metrics", "EventKernel", "GRDB", "GRDBSQLite"]),
        ("Calibration", ["CostModels", "Profiles", "Diagnostics"]),
        ("Scenarios", ["Simulator", "Workloads", "Profiles", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        ("Reporting", ["EventKernel", "Metrics", "ResultStore", "Statistics"]),
        ("Validation", ["Simulator", "Workloads", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        ("Reproduction", ["Simulator", "Workloads", "CostModels", "Metrics", "EventKernel", "Diagnostics"]),
        ("Planning", ["Scenarios", "Profiles", "Metrics", "Statistics", "EventKernel", "Diagnostics"]),
        (
            "Regression",
            [
                "Simulator", "Scenarios", "Profiles", "CostModels", "Metrics", "Statistics", "Reporting", "EventKernel",
                "Diagnostics",
            ]
        ),
    ]
    static let system: Set<String> = ["Foundation", "Glibc", "Darwin", "Dispatch", "Synchronization"]
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("a target imports only what the graph allows", arguments: allowed.map(\.target))
    func imports(target: String) throws {
        let allowed = try #require(Self.allowed.first { $0.target == target }).imports
        let files = try Self.swiftFiles(in: Self.root.appendingPathComponent("Sources/\(target)"))
        #expect(!files.isEmpty)
        for file in files {
            for module in Self.imports(of: try String(contentsOf: file, encoding: .utf8)) {
                #expect(
                    allowed.contains(module) || Self.system.contains(module),
                    "\(file.lastPathComponent) imports \(module)")
            }
        }
    }

    @Test("every target is in the graph")
    func complete() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            at: Self.root.appendingPathComponent("Sources"), includingPropertiesForKeys: nil)
        let targets = folders.map(\.lastPathComponent).filter {
            !["phasewise", "Benchmarks", "CZlib", "Microbenchmarks", "Examples"].contains($0)
        }
        #expect(Set(targets) == Set(Self.allowed.map(\.target)))
    }

    @Test("only the command line prints, exits or reads the clock", arguments: allowed.map(\.target))
    func quiet(target: String) throws {
        let forbidden = [" print(", " Date()", " exit(", "ContinuousClock", "ProcessInfo.processInfo.environment"]
        for file in try Self.swiftFiles(in: Self.root.appendingPathComponent("Sources/\(target)")) {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for word in forbidden where line.contains(word) {
                    Issue.record("\(file.lastPathComponent): \(line)")
                }
            }
        }
    }

    static func imports(of source: String) -> [String] {
        source.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
                words[..<position].allSatisfy({ ["public", "internal", "package", "private"].contains($0) })
            else { return nil }
            return words[position + 1]
        }
    }

    static func swiftFiles(in folder: URL) throws -> [URL] {
        let enumerator = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        return enumerator.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
    }
}
