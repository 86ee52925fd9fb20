/// The schema as a list of numbered steps. A database says in `user_version` how many of them it has had; a step is
/// never changed once released, only followed by another.
enum Schema {
    /// "PHWS": tells a results database from any other.
    static let applicationID = 0x5048_5753

    static let steps = [
        tables() + viewsBesidesAttainment + attainmentView,
        adding(runReportColumns, to: "run") + adding(intervalReportColumns, to: "interval"),
        groupTables + "DROP VIEW sloAttainment;\n" + attainmentByClassView,
        adding(starvationColumns, to: "instance"),
    ]

    /// What all steps come to, for a database that has had none: columns added one by one and a view made twice take three
    /// times as long.
    static let whole =
        tables(
            runColumns: runReportColumns, intervalColumns: intervalReportColumns, instanceColumns: starvationColumns)
        + groupTables + viewsBesidesAttainment + attainmentByClassView

    /// Brings a database up to date. All steps happen in one transaction, so that of several processes that open a new
    /// database at once, one makes the tables and the others find them.
    static func migrate(_ writer: WriteConnection, path: String) throws {
        try writer.execute("BEGIN IMMEDIATE")
        do {
            let version = try check(path: path, writer.integer)
            guard version < steps.count else { return try writer.execute("ROLLBACK") }
            for step in version == 0 ? [whole] : steps[version...] { try writer.execute(step) }
            try writer.execute(
                "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(steps.count); COMMIT")
        } catch {
            if writer.isInsideTransaction { try? writer.execute("ROLLBACK") }
            throw error
        }
    }

    /// The version of a database that is ours, 0 for one that is empty.
    ///
    /// - Parameter integer: asks the database for a number.
    static func check(path: String, _ integer: (String) throws -> Int) throws -> Int {
        let found = try integer("PRAGMA application_id")
        let version = try integer("PRAGMA user_version")
        if found != applicationID {
            let objects = try integer("SELECT count(*) FROM sqlite_master")
            guard objects == 0 && version == 0 else { throw ResultStoreError.foreignDatabase(path: path) }
        }
        guard version <= steps.count else {
            throw ResultStoreError.newerSchema(path: path, found: version, known: steps.count)
        }
        return version
    }
}
