internal import GRDB
internal import GRDBSQLite

/// Inserts rows through one prepared statement. Values are given in the order of the table's columns, all of them.
///
/// Values are bound through SQLite's own functions: with 21 columns, arrays of GRDB values halve the rows per second.
struct RowInserter {
    private let database: Database
    private let statement: Statement
    private let columns: Int

    /// - Precondition: the table exists and has this many columns.
    init(_ db: Database, table: String, columns: Int) throws {
        let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
        statement = try db.makeStatement(sql: "INSERT INTO \(table) VALUES (\(marks))")
        database = db
        self.columns = columns
    }

    /// Inserts the row whose values `bind` gives.
    func insert(_ bind: (inout RowValues) -> Void) throws {
        var values = RowValues(statement: statement.sqliteStatement)
        bind(&values)
        precondition(values.count == columns, "\(values.count) values for \(columns) columns of \(statement.sql)")
        let code = sqlite3_step(statement.sqliteStatement)
        // Read before the reset, which may change it.
        let message = code == SQLITE_DONE ? nil : String(cString: sqlite3_errmsg(database.sqliteConnection))
        sqlite3_reset(statement.sqliteStatement)
        if let message { throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message) }
    }
}

/// The values of a row, bound one after the other.
struct RowValues {
    fileprivate let statement: OpaquePointer
    fileprivate(set) var count = 0

    fileprivate init(statement: OpaquePointer) { self.statement = statement }

    // Binding can fail only for a column that is not there, which `insert` rules out, or for want of memory.

    mutating func append(_ value: Int64) { sqlite3_bind_int64(statement, next(), value) }

    mutating func append(_ value: Int) { append(Int64(value)) }

    mutating func append(_ value: Double) { sqlite3_bind_double(statement, next(), value) }

    mutating func append(_ value: String) {
        let index = next()
        // SQLite copies the bytes: they live only until the end of this call.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        _ = value.withCString { sqlite3_bind_text(statement, index, $0, Int32(value.utf8.count), copied) }
    }

    mutating func append(_ value: Int?) {
        if let value { append(value) } else { appendNull() }
    }

    mutating func append(_ value: Double?) {
        if let value { append(value) } else { appendNull() }
    }

    mutating func append(_ value: String?) {
        if let value { append(value) } else { appendNull() }
    }

    mutating func appendNull() { sqlite3_bind_null(statement, next()) }

    private mutating func next() -> Int32 {
        count += 1
        return Int32(count)
    }
}
