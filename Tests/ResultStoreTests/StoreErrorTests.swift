import Foundation
import GRDB
import Testing

@testable import ResultStore

@Suite("Databases that cannot be used")
struct StoreErrorTests {
    private func error(_ body: () throws -> Void) -> ResultStoreError? {
        do { try body() } catch let error as ResultStoreError { return error } catch {}
        return nil
    }

    @Test("a file that is no database is left as it was")
    func notADatabase() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("trace.csv")
        let text = String(repeating: "arrival_s,prompt_tokens,output_tokens\n", count: 100)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        #expect(error { _ = try ResultStore(writingTo: path) } == .notADatabase(path: path))
        #expect(error { _ = try ResultStore(readingFrom: path) } == .notADatabase(path: path))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["trace.csv"])
    }

    @Test("someone else's database is left as it was")
    func foreignDatabase() throws {
        let folder = try TemporaryFolder()
        let path = folder.path()
        do { try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE bookmark (url TEXT)") } }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(error { _ = try ResultStore(writingTo: path) } == .foreignDatabase(path: path))
        #expect(error { _ = try ResultStore(readingFrom: path) } == .foreignDatabase(path: path))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("a database of a newer version is refused with both numbers")
    func newerSchema() throws {
        let folder = try TemporaryFolder()
        let path = folder.path()
        do {
            _ = try ResultStore(writingTo: path)
            try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
        }
        let expected = ResultStoreError.newerSchema(path: path, found: 99, known: Schema.steps.count)
        #expect(error { _ = try ResultStore(writingTo: path) } == expected)
        #expect(error { _ = try ResultStore(readingFrom: path) } == expected)
    }

    @Test(
        "a database of the first schema is brought up to date, by readers too, and its runs stay",
        arguments: [true, false])
    func olderSchema(isRead: Bool) throws {
        let folder = try TemporaryFolder()
        let path = folder.path()
        do {
            try DatabaseQueue(path: path).write { db in
                try db.execute(sql: Schema.steps[0])
                try db.execute(
                    sql: """
                        INSERT INTO run VALUES (7, '2025', 'chat', NULL, 'unified', '', 1, 0, 'r', 't', NULL, NULL, NULL,
                            NULL, 'all', 2, 3, 4, 'f00d', 0.5);
                        INSERT INTO interval VALUES (7, 0, 1, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6);
                        PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = 1
                        """)
            }
        }
        let store = try isRead ? ResultStore(readingFrom: path) : ResultStore(writingTo: path)
        let run = try store.run(7)
        #expect(run.fingerprint == 0xF00D && run.description.requestRate == nil && run.description.configuration == nil)
        #expect(try store.query("SELECT usedBlocks, prefillBlocks FROM interval").rows == [["1", nil]])
    }

    @Test("a database that does not exist is not made by reading it")
    func missing() throws {
        let folder = try TemporaryFolder()
        let path = folder.path()
        #expect(error { _ = try ResultStore(readingFrom: path) } == .cannotOpen(path: path))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
        let nowhere = folder.path("no/such/folder/results.sqlite")
        #expect(error { _ = try ResultStore(writingTo: nowhere) } == .cannotOpen(path: nowhere))
        #expect(error { _ = try ResultStore(writingTo: folder.url.path) } == .cannotOpen(path: folder.url.path))
    }

    // The superuser may write anywhere.
    @Test("a database that may not be written says so", .enabled(if: geteuid() != 0))
    func readOnly() throws {
        let folder = try TemporaryFolder()
        let path = folder.path()
        do { _ = try ResultStore(writingTo: path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.url.path)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.url.path) }
        let found = error { try ResultStore(writingTo: path).storeRun() }
        #expect(found == .readOnly(path: path) || found == .cannotOpen(path: path))
    }

    @Test("a run that does not exist is an error that names it")
    func noSuchRun() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        #expect(error { _ = try store.run(7) } == .noSuchRun(path: folder.path(), run: 7))
    }

    @Test(
        "a query that writes, or is no query, is refused",
        arguments: [
            "DELETE FROM run", "DROP TABLE run", "SELEKT 1", "SELECT 1; DELETE FROM run", "", "SELECT * FROM nowhere",
            "PRAGMA user_version = 5", "SELECT ?",
        ])
    func refusedQueries(sql: String) throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        try store.storeRun(requests: 3)
        for store in [store, try ResultStore(readingFrom: folder.path())] {
            let found = error { _ = try store.query(sql) }
            guard case .badQuery = found else {
                Issue.record("\(sql): \(String(describing: found))")
                continue
            }
        }
        #expect(try store.query("SELECT count(*) FROM request").rows == [["3"]])
        #expect(try store.query("PRAGMA user_version").rows == [["\(Schema.steps.count)"]])
    }

    @Test("answers come as text, with their columns' names and a bound")
    func queryResult() throws {
        let folder = try TemporaryFolder()
        let store = try ResultStore(writingTo: folder.path())
        let result = try store.query("SELECT 1 AS a, 0.1 AS b, NULL AS c, 'x''y' AS d, x'00ff' AS e")
        #expect(
            result
                == QueryResult(
                    columns: ["a", "b", "c", "d", "e"], rows: [["1", "0.1", nil, "x'y", "00ff"]], isTruncated: false))
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        let bounded = try store.query(endless, maximumRows: 10)
        #expect(bounded.rows.count == 10)
        #expect(bounded.isTruncated)
    }

    @Test("each error has a message, and what to do where something can be done")
    func wording() {
        let error = ResultStoreError.newerSchema(path: "r.sqlite", found: 3, known: 1)
        #expect(
            "\(error)" == """
                error: r.sqlite: found results schema 3, expected 1 or lower
                    help: use the version of phasewise that wrote it, or a newer one
                """)
    }
}
