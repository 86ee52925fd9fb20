import Testing

@testable import ResultStore

@Suite("Inserting rows")
struct RowInserterTests {
    private static let several = RowInserter.rowsAtOnce

    @Test(
        "all rows arrive in order, however many statements they are split into",
        arguments: [0, 1, several - 1, several, several + 1, 3 * several, 3 * several + 5])
    func order(count: Int) throws {
        let folder = try TemporaryFolder()
        let connection = try Self.connection(folder)
        let inserter = RowInserter(connection, table: "entry", columns: 2)
        for start in [0, count] {
            try inserter.insert(count: count) { row, values in
                values.append(start + row)
                values.append("row \(start + row)")
            }
        }
        #expect(try connection.integer("SELECT count(*) FROM entry") == 2 * count)
        let wrong = "SELECT count(*) FROM entry WHERE text <> 'row ' || number OR number <> rowid - 1"
        #expect(try connection.integer(wrong) == 0)
    }

    @Test("a row that cannot be stored is an error, and the next can", arguments: [1, several])
    func refused(count: Int) throws {
        let folder = try TemporaryFolder()
        let connection = try Self.connection(folder)
        let inserter = RowInserter(connection, table: "entry", columns: 2)
        let failing = {
            try inserter.insert(count: count) { row, values in
                values.append(row)
                if row == count - 1 { values.appendNull() } else { values.append("") }
            }
        }
        #expect(throws: (any Error).self, performing: failing)
        #expect(try connection.integer("SELECT count(*) FROM entry") == 0)
        try inserter.insert(count: count) { row, values in
            values.append(row)
            values.append("row")
        }
        #expect(try connection.integer("SELECT count(*) FROM entry") == count)
    }

    private static func connection(_ folder: TemporaryFolder) throws -> WriteConnection {
        let connection = try WriteConnection(path: folder.path())
        try connection.execute("CREATE TABLE entry (number INTEGER NOT NULL, text TEXT NOT NULL) STRICT")
        return connection
    }
}
