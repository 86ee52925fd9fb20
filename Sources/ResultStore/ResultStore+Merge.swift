internal import GRDB

/// What a merge did.
public struct MergeOutcome: Hashable, Sendable {
    /// Runs that were copied.
    public var added = 0
    /// Runs that were there already: same scenario, deployment, revision and fingerprint.
    public var duplicates = 0
    /// Runs of the other database that are of the same scenario, deployment and revision as one here and still did other
    /// things: one of the two programs or their inputs is not what it says. They are not copied.
    public var conflicts: [Int64] = []

    public init() {}
}

extension ResultStore {
    /// Copies the runs of another database that this one lacks, with all their rows, under new numbers. All or nothing.
    public func merge(from other: String) throws(ResultStoreError) -> MergeOutcome {
        // Tells what is wrong with the other one; brings an older one up to date, so that columns are the same.
        _ = try ResultStore(readingFrom: other)
        _ = try ResultStore(writingTo: other)
        return try withStoreErrors(at: path) {
            var configuration = Configuration()
            configuration.busyMode = .timeout(Double(StoreConnections.busyTimeoutSeconds))
            // Runs are copied with all their rows, so none can refer to nothing.
            configuration.foreignKeysEnabled = false
            let connection = try DatabaseQueue(path: path, configuration: configuration)
            return try connection.writeWithoutTransaction { db in
                try db.execute(sql: "ATTACH DATABASE ? AS other", arguments: [other])
                defer { try? db.execute(sql: "DETACH DATABASE other") }
                var outcome = MergeOutcome()
                try db.inTransaction(.immediate) {
                    outcome = try Self.copyRuns(db)
                    return .commit
                }
                return outcome
            }
        }
    }

    private static func copyRuns(_ db: Database) throws -> MergeOutcome {
        let tables = try rowTables(db)
        let runColumns = try columns(of: "run", db).filter { $0 != "id" }.joined(separator: ", ")
        var outcome = MergeOutcome()
        let runs = try Row.fetchAll(
            db, sql: "SELECT id, scenario, deployment, revision, fingerprint FROM other.run ORDER BY id")
        for run in runs {
            let alike = try String.fetchAll(
                db, sql: "SELECT fingerprint FROM main.run WHERE scenario = ? AND deployment = ? AND revision = ?",
                arguments: [run["scenario"], run["deployment"], run["revision"]])
            let old: Int64 = run["id"]
            if alike.contains(run["fingerprint"]) {
                outcome.duplicates += 1
                continue
            }
            guard alike.isEmpty else {
                outcome.conflicts.append(old)
                continue
            }
            let new = try Int64.fetchOne(db, sql: "SELECT coalesce(max(id), 0) + 1 FROM main.run") ?? 1
            try db.execute(
                sql: "INSERT INTO main.run (id, \(runColumns)) SELECT ?, \(runColumns) FROM other.run WHERE id = ?",
                arguments: [new, old])
            for (table, columns) in tables {
                try db.execute(
                    sql: "INSERT INTO main.\(table) (runId, \(columns)) SELECT ?, \(columns) FROM other.\(table)"
                        + " WHERE runId = ?",
                    arguments: [new, old])
            }
            outcome.added += 1
        }
        return outcome
    }

    /// Every table of rows that belong to a run, with its other columns.
    private static func rowTables(_ db: Database) throws -> [(table: String, columns: String)] {
        try String.fetchAll(db, sql: "SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
            .compactMap { table in
                let columns = try columns(of: table, db)
                guard columns.contains("runId") else { return nil }
                return (table, columns.filter { $0 != "runId" }.joined(separator: ", "))
            }
    }

    private static func columns(of table: String, _ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table])
    }
}
