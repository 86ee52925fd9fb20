internal import GRDB
internal import GRDBSQLite

/// A connection for writing, straight to SQLite: what GRDB sets up for a connection takes as long as storing more than a
/// hundred requests.
///
/// Whoever has it is the only one who uses it: SQLite does not lock it.
final class WriteConnection: @unchecked Sendable {
    private let handle: OpaquePointer

    /// Opens a database; makes an empty one where there is none.
    init(path: String) throws {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close_v2(opened)
            throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
        handle = opened
        sqlite3_busy_timeout(handle, Int32(StoreConnections.busyTimeoutSeconds * 1_000))
    }

    deinit { sqlite3_close_v2(handle) }

    var isInsideTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Runs statements whose rows nobody wants.
    func execute(_ sql: String) throws { try check(sqlite3_exec(handle, sql, nil, nil, nil)) }

    /// The one number that a statement answers.
    func integer(_ sql: String) throws -> Int {
        let statement = try prepare(sql)
        defer { sqlite3_finalize(statement) }
        try check(sqlite3_step(statement), expected: SQLITE_ROW)
        return Int(sqlite3_column_int64(statement, 0))
    }

    /// A statement that its owner finalizes.
    func prepare(_ sql: String) throws -> OpaquePointer {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v2(handle, sql, -1, &statement, nil))
        guard let statement else { preconditionFailure("no statement in \"\(sql)\"") }
        return statement
    }

    /// Throws what SQLite says if a code is not the one that was expected.
    func check(_ code: Int32, expected: Int32 = SQLITE_OK) throws {
        if code == expected { return }
        throw DatabaseError(resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(handle)))
    }

    /// Lets readers go on while a run is written. The switch itself fails, without waiting, if another process is at
    /// the same; so that one is waited for.
    func useWriteAheadLog() throws {
        let attempts = 100
        for attempt in 1...attempts {
            do {
                return try execute("PRAGMA journal_mode = WAL")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && attempt < attempts {
                try execute("BEGIN IMMEDIATE; ROLLBACK")
            }
        }
    }
}
