internal import GRDB

/// Why a results database could not be used. Printed as what was found and what to do about it.
public enum ResultStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file does not exist, or its folder does not, or it may not be opened.
    case cannotOpen(path: String)
    /// The file is something else than an SQLite database.
    case notADatabase(path: String)
    /// An SQLite database, but not one of ours.
    case foreignDatabase(path: String)
    /// A file without content, or an SQLite database without tables.
    case noResults(path: String)
    /// Written by a newer version: its schema has this number, the newest known here is `known`.
    case newerSchema(path: String, found: Int, known: Int)
    /// Another process kept the database locked for longer than we wait.
    case locked(path: String)
    case readOnly(path: String)
    case diskFull(path: String)
    case noSuchRun(path: String, run: Int64)
    /// A query that is not one statement of SQL, or that would write.
    case badQuery(reason: String)
    /// Anything else that SQLite reports.
    case failed(path: String, reason: String)

    public var message: String {
        switch self {
        case .cannotOpen(let path): "\(path): cannot be opened as a results database"
        case .notADatabase(let path): "\(path): found a file that is not an SQLite database"
        case .foreignDatabase(let path): "\(path): found an SQLite database that holds something other than results"
        case .noResults(let path): "\(path): found an empty file, expected a results database"
        case .newerSchema(let path, let found, let known):
            "\(path): found results schema \(found), expected \(known) or lower"
        case .locked(let path): "\(path): another process is writing and did not finish in time"
        case .readOnly(let path): "\(path): the database or its folder may not be written"
        case .diskFull(let path): "\(path): no space left; the run was not stored"
        case .noSuchRun(let path, let run): "\(path): there is no run \(run)"
        case .badQuery(let reason): "query refused: \(reason)"
        case .failed(let path, let reason): "\(path): \(reason)"
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .cannotOpen: "check that the folder exists and may be read and written; a run creates the file itself"
        case .notADatabase, .foreignDatabase: "name another file for results; this one was left as it was"
        case .noResults: "a run that is stored here makes it one"
        case .newerSchema: "use the version of phasewise that wrote it, or a newer one"
        case .locked: "wait for the other run to end, or give each process a database of its own"
        case .readOnly: "make both writable, or copy the database elsewhere"
        case .diskFull: "free space, or keep fewer rows"
        case .noSuchRun: "list the runs to see their numbers"
        case .badQuery: "give one SELECT statement"
        case .failed: nil
        }
    }

    /// The message, with the remedy on a line of its own.
    public var description: String { "error: \(message)" + (remedy.map { "\n    help: \($0)" } ?? "") }
}

extension ResultStoreError {
    init(_ error: any Error, path: String) {
        if let error = error as? ResultStoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self = .failed(path: path, reason: String(describing: error))
            return
        }
        switch error.resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_PERM: self = .cannotOpen(path: path)
        case .SQLITE_NOTADB: self = .notADatabase(path: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked(path: path)
        case .SQLITE_READONLY: self = .readOnly(path: path)
        case .SQLITE_FULL: self = .diskFull(path: path)
        default: self = .failed(path: path, reason: error.message ?? "SQLite error \(error.resultCode.rawValue)")
        }
    }
}

/// Runs `body` and gives whatever SQLite reports a place and a remedy.
func withStoreErrors<Result>(at path: String, _ body: () throws -> Result) throws(ResultStoreError) -> Result {
    do { return try body() } catch { throw ResultStoreError(error, path: path) }
}
