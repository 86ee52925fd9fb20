internal import GRDB

/// A results database: one SQLite file that several processes may read and write at the same time.
///
/// Its tables and views are its interface for everyone else; `Schema` has them. Times are integer nanoseconds, names
/// are singular and in camel case.
public struct ResultStore: Sendable {
    public let path: String
    let connection: DatabaseQueue

    /// Opens a database for reading and writing, creates it if there is none, and brings its schema up to date.
    public init(writingTo path: String) throws(ResultStoreError) {
        self.path = path
        connection = try withStoreErrors(at: path) {
            let connection = try Self.connect(to: path)
            // Looked at before anything is written: a database of someone else's stays as it is, and one that is up
            // to date can be opened while another process writes a run.
            let version = try connection.read { db in try Schema.check(db, path: path) }
            try connection.writeWithoutTransaction { db in
                if version < Schema.steps.count { try Schema.migrate(db, path: path) }
                try Self.useWriteAheadLog(db)
            }
            return connection
        }
    }

    /// Opens a database that exists, for reading only. One of an older schema is brought up to date first: queries name
    /// what only the present one has.
    public init(readingFrom path: String) throws(ResultStoreError) {
        self.path = path
        connection = try withStoreErrors(at: path) {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
            let connection = try DatabaseQueue(path: path, configuration: configuration)
            let version = try connection.read { db in try Schema.check(db, path: path) }
            guard version > 0 else { throw ResultStoreError.noResults(path: path) }
            if version < Schema.steps.count { _ = try ResultStore(writingTo: path) }
            return connection
        }
    }

    /// How long a writer waits for another. One that keeps many rows holds the lock for as long as its run takes, and
    /// who gives up loses a run that is already simulated.
    static let busyTimeoutSeconds = 600.0

    static func connect(to path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeoutSeconds)
        // A run's transaction stays open from one batch of rows to the next.
        configuration.allowsUnsafeTransactions = true
        // All rows of a run are written in the transaction that writes the run, so none can refer to nothing.
        configuration.foreignKeysEnabled = false
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Lets readers go on while a run is written. The switch itself fails, without waiting, if another process is at
    /// the same; so that one is waited for.
    static func useWriteAheadLog(_ db: Database) throws {
        let attempts = 100
        for attempt in 1...attempts {
            do {
                try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
                return
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && attempt < attempts {
                try db.inTransaction(.immediate) { .rollback }
            }
        }
    }
}
