internal import GRDB

/// The schema as a list of numbered steps. A database says in `user_version` how many of them it has had; a step is
/// never changed once released, only followed by another.
enum Schema {
    /// "PHWS": tells a results database from any other.
    static let applicationID: Int32 = 0x5048_5753

    static let steps = [tables + views, reportColumns, groupTables + groupViews, starvationColumns]

    /// Brings a database up to date. All steps happen in one transaction, so that of several processes that open a new
    /// database at once, one makes the tables and the others find them.
    static func migrate(_ db: Database, path: String) throws {
        try db.inTransaction(.immediate) {
            let version = try check(db, path: path)
            guard version < steps.count else { return .rollback }
            for step in steps[version...] { try db.execute(sql: step) }
            try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(steps.count)")
            return .commit
        }
    }

    /// The version of a database that is ours, 0 for one that is empty.
    static func check(_ db: Database, path: String) throws -> Int {
        let found = try Int32.fetchOne(db, sql: "PRAGMA application_id")
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        if found != applicationID {
            let objects = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard objects == 0 && version == 0 else { throw ResultStoreError.foreignDatabase(path: path) }
        }
        guard version <= steps.count else {
            throw ResultStoreError.newerSchema(path: path, found: version, known: steps.count)
        }
        return version
    }
}
