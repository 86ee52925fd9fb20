import EventKernel
import Foundation
import Metrics
import ResultStore
import Workloads

// Traces in and rows out.

extension Benchmark {
    static var files: [Benchmark] {
        [
            Benchmark(name: "csv-reading", size: 1_000_000, bar: .perSecond(300e6, unit: "bytes"), prepare: reading),
            Benchmark(name: "rows-stored", size: 500_000, bar: .perSecond(200_000, unit: "rows"), prepare: storing),
        ]
    }

    /// A trace of our own CSV through the streaming reader.
    private static func reading(_ requests: Int) throws -> () throws -> Done {
        let file = try TemporaryFile(named: "trace.csv")
        let bytes = TraceWriter.csv(conversation(requests, rate: 8))
        try Data(bytes).write(to: file.url)
        return {
            let source = try TraceFileSource(path: file.url.path)
            while try source.next() != nil {}
            return Done(count: bytes.count)
        }
    }

    private static func storing(_ rows: Int) throws -> () throws -> Done {
        let records = (0..<rows).map { record($0) }
        return {
            let file = try TemporaryFile(named: "rows.sqlite")
            let description = RunDescription(
                createdAt: "", name: "rows", deployment: "rows", scenario: "", seed: 1, runNumber: 0, revision: "",
                traceSource: "", slo: nil, pricePerHour: nil)
            var writer = try ResultStore(writingTo: file.url.path).startRun(description, keeping: .all)
            for record in records { writer.record(record) }
            let outcome = RunOutcome(
                end: .zero, arrived: rows, completed: rows, rejected: 0, unfinished: 0, fingerprint: 0,
                requestNanoseconds: 0, iterations: 0, provenanceSeconds: [0, 0, 0, 0, 0], instances: [])
            _ = try writer.commit(outcome, wallSeconds: 0)
            return Done(count: rows)
        }
    }

    private static func record(_ index: Int) -> RequestRecord {
        func time(_ nanoseconds: Int) -> SimulationTime { SimulationTime(nanoseconds: Int64(nanoseconds)) }
        var parts = LatencyParts()
        parts.prefillRun = SimulationDuration(nanoseconds: 40_000_000)
        parts.decodeRun = SimulationDuration(nanoseconds: 2_000_000_000)
        return RequestRecord(
            request: index, classIndex: 0, outcome: .completed, arrival: time(index * 125_000_000),
            promptTokens: 1_024, outputTokens: 200, scheduled: time(index * 125_000_000),
            firstToken: time(index * 125_000_000 + 40_000_000), completion: time(index * 125_000_000 + 2_040_000_000),
            parts: parts, prefillInstance: 0, decodeInstance: 0)
    }
}

/// A file in a folder of its own that goes when nobody holds it any more.
final class TemporaryFile {
    private let folder: URL
    let url: URL

    init(named name: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        url = folder.appendingPathComponent(name)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
