import EventKernel
import Foundation
import Metrics
import Testing

@testable import ResultStore

@Suite("Merging databases")
struct MergeTests {
    private func ofSeed(_ seed: UInt64) -> RunDescription {
        var description = description(seed: seed)
        // The scenario is what tells runs apart.
        description.scenario = "seed: \(seed)\n"
        return description
    }

    /// Everything of a database but run numbers, dates and wall time, in an order of its own.
    private func contents(of store: ResultStore) throws -> [String: [[String?]]] {
        var contents: [String: [[String?]]] = [:]
        for table in ["request", "interval", "partitionChange", "transfer", "instance", "summary", "latencyHistogram"] {
            let columns = try store.query("SELECT name FROM pragma_table_info('\(table)') WHERE name <> 'runId'").rows
                .compactMap { $0[0].map { "t.\($0)" } }.joined(separator: ", ")
            contents[table] = try store.query(
                "SELECT seed, \(columns) FROM \(table) AS t JOIN run ON run.id = t.runId ORDER BY seed, \(columns)"
            ).rows
        }
        return contents
    }

    @Test("shards merged in any order are the database that one process would have written")
    func shards() throws {
        let folder = try TemporaryFolder()
        let whole = try ResultStore(writingTo: folder.path("whole.sqlite"))
        for seed in UInt64(1)...6 { try whole.storeRun(ofSeed(seed), keeping: .all) }
        for (index, seeds) in [[UInt64(2), 5], [1, 3], [6, 4]].enumerated() {
            let shard = try ResultStore(writingTo: folder.path("\(index).sqlite"))
            for seed in seeds { try shard.storeRun(ofSeed(seed), keeping: .all) }
        }
        let merged = try ResultStore(writingTo: folder.path("merged.sqlite"))
        for index in [2, 0, 1] {
            #expect(try merged.merge(from: folder.path("\(index).sqlite")).added == 2)
        }
        #expect(try contents(of: merged) == contents(of: whole))
    }

    @Test("runs that are there already are not copied again")
    func duplicates() throws {
        let folder = try TemporaryFolder()
        let one = try ResultStore(writingTo: folder.path("one.sqlite"))
        let two = try ResultStore(writingTo: folder.path("two.sqlite"))
        try one.storeRun(ofSeed(1), keeping: .all)
        try two.storeRun(ofSeed(1), keeping: .all)
        let outcome = try one.merge(from: two.path)
        #expect(outcome.added == 0 && outcome.duplicates == 1 && outcome.conflicts.isEmpty)
        #expect(try one.runs().count == 1)
    }

    @Test("a file that is no database is refused and nothing is changed")
    func foreign() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path("one.sqlite"))
        try "text that is no database at all".write(
            toFile: folder.path("other"), atomically: true, encoding: .utf8)
        #expect(throws: ResultStoreError.self) { try store.merge(from: folder.path("other")) }
        #expect(throws: ResultStoreError.cannotOpen(path: folder.path("absent"))) {
            try store.merge(from: folder.path("absent"))
        }
        #expect(try store.runs().isEmpty)
    }
}
