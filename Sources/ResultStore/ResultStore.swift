internal import GRDB

/// A results database: one SQLite file that several processes may read and write at the same time.
///
/// Its tables and views are its interface for everyone else; `Schema` has them. Times are integer nanoseconds, names
/// are singular and in camel case.
public struct ResultStore: Sendable {
    public let path: String
    let connections: StoreConnections

    /// Opens a database for reading and writing, creates it if there is none, and brings its schema up to date.
    public init(writingTo path: String) throws(ResultStoreError) {
        self.path = path
        connections = StoreConnections(path: path)
        try withStoreErrors(at: path) {
            let writer = try connections.takeWriter()
            // Looked at before anything is written: a database of someone else's stays as it is, and one that is up
            // to date can be opened while another process writes a run.
            try writer.execute("BEGIN")
            let version = try Schema.check(path: path, writer.integer)
            try writer.execute("COMMIT")
            // What a new database has needs to be whole, but if power fails it may be lost.
            if version < Schema.steps.count { try writer.execute("PRAGMA synchronous = NORMAL") }
            try writer.useWriteAheadLog()
            if version < Schema.steps.count {
                try Schema.migrate(writer, path: path)
                try writer.execute("PRAGMA synchronous = FULL")
            }
            connections.giveBack(writer)
        }
    }

    /// Opens a database that exists, for reading only. One of an older schema is brought up to date first: queries name
    /// what only the present one has.
    public init(readingFrom path: String) throws(ResultStoreError) {
        self.path = path
        connections = StoreConnections(path: path)
        let version = try withStoreErrors(at: path) {
            try connections.reader().read { db in
                try Schema.check(path: path) { try Int.fetchOne(db, sql: $0) ?? 0 }
            }
        }
        guard version > 0 else { throw .noResults(path: path) }
        if version < Schema.steps.count { _ = try ResultStore(writingTo: path) }
    }

    /// Asks something of the database as it is now.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result { try connections.reader().read(body) }
}
