import Foundation
import GRDB
import Testing

@testable import ResultStore

@Suite("The schema")
struct SchemaTests {
    @Test("a new database has what the steps make one after the other")
    func wholeIsSteps() throws {
        let folder = try TemporaryFolder()
        _ = try ResultStore(writingTo: folder.path("new.sqlite"))
        let stepwise = try DatabaseQueue(path: folder.path("stepwise.sqlite"))
        try stepwise.write { db in for step in Schema.steps { try db.execute(sql: step) } }
        let new = try DatabaseQueue(path: folder.path("new.sqlite"))
        #expect(try new.read(Self.definitions) == stepwise.read(Self.definitions))
        #expect(try new.read(Self.columns) == stepwise.read(Self.columns))
    }

    @Test("a database without one step or more is brought to the same", arguments: 1..<Schema.steps.count)
    func olderIsBroughtUp(steps: Int) throws {
        let folder = try TemporaryFolder()
        do {
            try DatabaseQueue(path: folder.path("old.sqlite")).write { db in
                for step in Schema.steps[..<steps] { try db.execute(sql: step) }
                try db.execute(
                    sql: "PRAGMA application_id = \(Schema.applicationID); PRAGMA user_version = \(steps)")
            }
        }
        for name in ["old.sqlite", "new.sqlite"] { _ = try ResultStore(writingTo: folder.path(name)) }
        let (old, new) = (
            try DatabaseQueue(path: folder.path("old.sqlite")), try DatabaseQueue(path: folder.path("new.sqlite"))
        )
        #expect(try old.read(Self.definitions) == new.read(Self.definitions))
        #expect(try old.read(Self.columns) == new.read(Self.columns))
        #expect(try old.read { try Int.fetchOne($0, sql: "PRAGMA user_version") } == Schema.steps.count)
    }

    @Test("a database is one file when the stores that wrote it are gone")
    func oneFile() throws {
        let folder = try TemporaryFolder()
        do {
            let store = try ResultStore(writingTo: folder.path())
            try store.storeRun()
            try store.storeRun(description(seed: 2))
            #expect(try store.runs().count == 2)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["results.sqlite"])
    }

    /// Tables, indices and views by name, as they are defined, spaces aside.
    private static func definitions(_ db: Database) throws -> [String] {
        try Row.fetchAll(db, sql: "SELECT type, name, sql FROM sqlite_master ORDER BY name").map { row in
            let definition = (row["sql"] as String? ?? "").filter { !$0.isWhitespace }
            return "\(row["type"] as String) \(row["name"] as String): \(definition)"
        }
    }

    /// Every column of every table and view in its order, with all that SQLite says of it.
    private static func columns(_ db: Database) throws -> [String] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT list.name || ' ' || list.wr || list.strict AS object, column.*
                FROM pragma_table_list AS list, pragma_table_xinfo(list.name) AS column
                WHERE list.schema = 'main' ORDER BY list.name, column.cid
                """
        ).map { $0.databaseValues.map(\.description).joined(separator: " ") }
    }
}
