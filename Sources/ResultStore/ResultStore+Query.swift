internal import GRDB

/// The answer to a query, as text. `nil` is NULL.
public struct QueryResult: Hashable, Sendable {
    public var columns: [String]
    public var rows: [[String?]]
    /// Whether there were more rows than asked for.
    public var isTruncated: Bool

    public init(columns: [String], rows: [[String?]], isTruncated: Bool) {
        self.columns = columns
        self.rows = rows
        self.isTruncated = isTruncated
    }
}

extension ResultStore {
    /// Answers one SQL query that only reads. Numbers come in the shortest form that reads back as the same number.
    /// - Parameter maximumRows: Further rows are not read.
    public func query(_ sql: String, maximumRows: Int = 1_000_000) throws(ResultStoreError) -> QueryResult {
        do {
            return try read { db in
                let statement = try db.makeStatement(sql: sql)
                guard statement.isReadonly, statement.columnCount > 0 else {
                    throw ResultStoreError.badQuery(reason: "the statement would write, or asks for nothing")
                }
                var result = QueryResult(columns: statement.columnNames, rows: [], isTruncated: false)
                let rows = try Row.fetchCursor(statement)
                while let row = try rows.next() {
                    if result.rows.count == maximumRows {
                        result.isTruncated = true
                        break
                    }
                    result.rows.append(row.databaseValues.map(Self.text))
                }
                return result
            }
        } catch let error as DatabaseError where [.SQLITE_ERROR, .SQLITE_MISUSE].contains(error.resultCode) {
            throw .badQuery(reason: error.message ?? "not SQL")
        } catch {
            throw ResultStoreError(error, path: path)
        }
    }

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let integer): String(integer)
        case .double(let double): double.description
        case .string(let string): string
        case .blob(let bytes):
            bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        }
    }
}
