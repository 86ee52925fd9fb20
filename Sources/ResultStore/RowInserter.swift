internal import GRDBSQLite

/// Inserts rows through prepared statements. Values are given in the order of the table's columns, all of them.
///
/// A class because statements are shared identity: each is finalized once.
final class RowInserter {
    /// Rows of one statement, where there are as many: from one to the next it keeps its place in the table, which takes a
    /// sixth off the time. More would add to the time that it takes to prepare.
    static let rowsAtOnce = 16

    private let connection: WriteConnection
    private let table: String
    private let columns: Int
    /// For one row and for several, prepared when first needed.
    private var single: OpaquePointer?
    private var several: OpaquePointer?

    /// - Precondition: the table exists and has this many columns.
    init(_ connection: WriteConnection, table: String, columns: Int) {
        self.connection = connection
        self.table = table
        self.columns = columns
    }

    deinit {
        sqlite3_finalize(single)
        sqlite3_finalize(several)
    }

    /// Inserts the row whose values `bind` gives.
    func insert(_ bind: (inout RowValues) -> Void) throws { try insert(count: 1) { bind(&$1) } }

    /// Inserts rows in order; `bind` gives the values of each.
    func insert(count: Int, _ bind: (_ row: Int, inout RowValues) -> Void) throws {
        var next = 0
        while next < count {
            let rows = count - next >= Self.rowsAtOnce ? Self.rowsAtOnce : 1
            let statement = try statement(rows: rows)
            var values = RowValues(statement: statement)
            for row in next..<next + rows { bind(row, &values) }
            precondition(
                values.count == rows * columns, "\(values.count) values for \(rows) rows of \(columns) columns")
            // Reset whether it went well or not, but not before it was told what went wrong.
            defer { sqlite3_reset(statement) }
            try connection.check(sqlite3_step(statement), expected: SQLITE_DONE)
            next += rows
        }
    }

    private func statement(rows: Int) throws -> OpaquePointer {
        if let prepared = rows == 1 ? single : several { return prepared }
        let row = "(" + String(repeating: "?, ", count: columns - 1) + "?)"
        let list = row + String(repeating: ", " + row, count: rows - 1)
        let statement = try connection.prepare("INSERT INTO \(table) VALUES \(list)")
        if rows == 1 { single = statement } else { several = statement }
        return statement
    }
}

/// The values of rows, bound one after the other.
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
