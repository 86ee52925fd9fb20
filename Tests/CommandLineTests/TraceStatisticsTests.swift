import Foundation
import Testing

/// What is published of a real trace file, with the digits it was printed with; "-" for what is not.
struct PublishedStatistics: CustomTestStringConvertible, Sendable {
    var path: String
    var requests: Int
    /// Requests over duration.
    var rate = "-"
    /// Mean, P50, P90, P99 and maximum.
    var prompt: String
    var output: String
    /// Pearson and Spearman.
    var correlations = "- -"
    /// CV of all gaps; index of dispersion at 1, 10 and 60 s; most in 1 and 60 s.
    var arrivals = "- - - - - -"
    /// Median, least and most CV in windows of 60, then 300 s.
    var windows = "- - - - - -"
    /// Blocks, distinct ones, hit rates of blocks, tokens, full blocks and 16-token blocks, requests beyond the first
    /// block and whole; first new id and the warm rates of blocks and tokens.
    var sharing = "- - - - - - - - - - -"
    /// Families of gaps with their parameters, and their KS distances.
    var fits: [String: String] = [:]

    var testDescription: String { path }

    var values: [(statistic: String, value: String)] {
        let lengths = ["mean", "P50", "P90", "P99", "max"]
        let windows = [60, 300].flatMap { width in
            ["median", "least", "most"].map { "CV of gaps in windows of \(width) s, \($0)" }
        }
        return named(lengths.map { "prompt tokens \($0)" }, prompt)
            + named(lengths.map { "output tokens \($0)" }, output)
            + named(["Pearson", "Spearman"].map { "\($0) correlation of prompt and output" }, correlations)
            + named(
                ["CV of gaps"] + [1, 10, 60].map { "index of dispersion at \($0) s" }
                    + [1, 60].map { "most in \($0) s" },
                arrivals)
            + named(windows, self.windows)
            + named(
                [
                    "blocks of prompts", "distinct blocks", "block hit rate, unbounded cache", "token hit rate",
                    "token hit rate of full blocks", "token hit rate at blocks of 16 tokens",
                    "requests with a hit beyond the first block", "requests with the whole prompt in the cache",
                    "first block id that is new here", "block hit rate, earlier ids in the cache",
                    "token hit rate, earlier ids in the cache",
                ], sharing)
            + fits.sorted { $0.key < $1.key }.map { ("KS distance of gaps to \($0.key)", $0.value) }
            + [("requests", "\(requests)")] + named(["requests over duration, 1/s"], rate)
    }

    private func named(_ names: [String], _ values: String) -> [(statistic: String, value: String)] {
        let values = values.split(separator: " ")
        precondition(names.count == values.count, "\(path): \(values)")
        return zip(names, values).filter { $1 != "-" }.map { ($0, String($1)) }
    }

    /// Where the real traces are: as for the tests of the readers.
    static let folder: URL? = {
        let named = ProcessInfo.processInfo.environment["PHASEWISE_SHARED"].map { URL(filePath: $0) }
        let folders =
            [named].compactMap(\.self)
            + ["../shared", "../../shared"].map {
                Sandbox.repository.appending(path: $0).standardizedFileURL
            }
        return folders.map { $0.appending(path: "traces") }.first { FileManager.default.fileExists(atPath: $0.path()) }
    }()
}

@Suite(
    "Statistics of real traces",
    .enabled(if: PublishedStatistics.folder != nil, "the real traces are not here"))
struct TraceStatisticsTests {
    @Test("trace summarize prints what is published of a file, digit for digit", arguments: publishedStatistics)
    func published(_ known: PublishedStatistics) throws {
        let folder = try #require(PublishedStatistics.folder)
        let sandbox = try Sandbox()
        let outcome = try sandbox.run(
            "trace", "summarize", folder.appending(path: known.path).path(), "--format", "csv")
        #expect(outcome.status == 0, "\(outcome.errors)")
        var found: [String: Double] = [:]
        for line in outcome.output.split(separator: "\n").dropFirst() {
            let comma = try #require(line.lastIndex(of: ","))
            let name = line[..<comma].filter { $0 != "\"" }
            found[name] = Double(line[line.index(after: comma)...])
        }
        for (statistic, value) in known.values {
            let decimals = value.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.count ?? 0
            let half = 0.5 * (0..<decimals).reduce(1.0) { half, _ in half / 10 }
            let printed = try #require(Double(value))
            let computed = try #require(found[statistic], "no \(statistic) among \(found.keys.sorted())")
            #expect(abs(computed - printed) <= half * (1 + 1e-9), "\(statistic): \(computed), published \(value)")
        }
    }

    @Test("what is published covers every real file")
    func allFiles() throws {
        let folder = try #require(PublishedStatistics.folder)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path()).filter {
            $0.contains("/")
                && [".csv", ".jsonl", ".gz", ".json"].contains { $0 == ".\(($0 as NSString).pathExtension)" }
                || $0.hasSuffix(".gz")
        }
        let traces = files.filter { $0.contains("/") }
        #expect(traces.allSatisfy { file in publishedStatistics.contains { $0.path == file } }, "\(traces)")
    }
}
