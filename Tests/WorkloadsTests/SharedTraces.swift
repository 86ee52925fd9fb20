import Foundation
import Workloads

/// Real traces, which do not ship: looked for in the folder named by PHASEWISE_SHARED, else in `shared` beside or
/// above the repository. Tests that need them are skipped without.
enum SharedTraces {
    static func path(_ relative: String) -> String? {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folders =
            [ProcessInfo.processInfo.environment["PHASEWISE_SHARED"]].compactMap { $0 }
            + ["../shared", "../../shared"].map { root.appending(path: $0).standardizedFileURL.path() }
        return folders.map { "\($0)/traces/\(relative)" }.first { FileManager.default.fileExists(atPath: $0) }
    }

    static let azureConv = path("azure/AzureLLMInferenceTrace_conv.csv")
    static let azureCode = path("azure/AzureLLMInferenceTrace_code.csv")

    static func oneWeek(_ name: String) -> String? { path("azure/AzureLLMInferenceTrace_\(name)_1week_10rows.csv") }

    static let areHere = [azureConv, azureCode, oneWeek("code"), oneWeek("conv")].allSatisfy { $0 != nil }

    static func read(_ path: String?) throws -> Trace {
        try TraceReader.read(path: path ?? "").trace
    }
}

/// The largest distance between the distribution functions of two samples (Kolmogorov and Smirnov).
func largestDistance(_ a: [Int], _ b: [Int]) -> Double {
    let (a, b) = (a.sorted(), b.sorted())
    var (i, j, largest) = (0, 0, 0.0)
    while i < a.count, j < b.count {
        let value = min(a[i], b[j])
        while i < a.count, a[i] == value { i += 1 }
        while j < b.count, b[j] == value { j += 1 }
        largest = max(largest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
    }
    return largest
}
