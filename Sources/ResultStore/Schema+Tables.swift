extension Schema {
    /// Times end in `Ns` and are integer nanoseconds of simulated time, points since the start of the run.
    ///
    /// - Parameters: columns that later steps add to three of the tables.
    static func tables(
        runColumns: [String] = [], intervalColumns: [String] = [], instanceColumns: [String] = []
    ) -> String {
        func listed(_ columns: [String]) -> String { columns.map { ",\n    \($0)" }.joined() }
        return """
            CREATE TABLE run (
                id INTEGER PRIMARY KEY,
                createdAt TEXT NOT NULL,
                name TEXT NOT NULL,
                comparison TEXT,
                deployment TEXT NOT NULL,
                scenario TEXT NOT NULL,
                seed INTEGER NOT NULL,
                runNumber INTEGER NOT NULL,
                revision TEXT NOT NULL,
                traceSource TEXT NOT NULL,
                sloTTFTSeconds REAL,
                sloTPOTSeconds REAL,
                sloAttainmentTarget REAL,
                pricePerHour REAL,
                rowsKept TEXT NOT NULL CHECK (rowsKept IN ('all', 'none')),
                gpus INTEGER NOT NULL,
                iterations INTEGER NOT NULL,
                endNs INTEGER NOT NULL,
                fingerprint TEXT NOT NULL,
                wallSeconds REAL NOT NULL\(listed(runColumns))
            ) STRICT;
            CREATE INDEX runByComparison ON run (comparison, seed, runNumber);

            CREATE TABLE request (
                runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
                request INTEGER NOT NULL,
                class INTEGER NOT NULL,
                outcome TEXT NOT NULL,
                arrivalNs INTEGER NOT NULL,
                promptTokens INTEGER NOT NULL,
                outputTokens INTEGER NOT NULL,
                scheduledNs INTEGER,
                firstTokenNs INTEGER,
                completionNs INTEGER,
                queueNs INTEGER NOT NULL,
                prefillRunNs INTEGER NOT NULL,
                prefillStalledNs INTEGER NOT NULL,
                transferNs INTEGER NOT NULL,
                decodeWaitNs INTEGER NOT NULL,
                decodeRunNs INTEGER NOT NULL,
                decodeStalledNs INTEGER NOT NULL,
                preemptedNs INTEGER NOT NULL,
                preemptions INTEGER NOT NULL,
                prefillInstance INTEGER,
                decodeInstance INTEGER,
                PRIMARY KEY (runId, request)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE interval (
                runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
                sequence INTEGER NOT NULL,
                timeNs INTEGER NOT NULL,
                instance INTEGER NOT NULL,
                waiting INTEGER NOT NULL,
                prefilling INTEGER NOT NULL,
                decodeWaiting INTEGER NOT NULL,
                decoding INTEGER NOT NULL,
                usedBlocks INTEGER NOT NULL,
                totalBlocks INTEGER NOT NULL,
                prefillSMs INTEGER NOT NULL,
                decodeSMs INTEGER NOT NULL,
                prefillBusyNs INTEGER NOT NULL,
                decodeBusyNs INTEGER NOT NULL\(listed(intervalColumns)),
                PRIMARY KEY (runId, sequence)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE partitionChange (
                runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
                sequence INTEGER NOT NULL,
                timeNs INTEGER NOT NULL,
                instance INTEGER NOT NULL,
                prefillSMs INTEGER NOT NULL,
                decodeSMs INTEGER NOT NULL,
                reason TEXT NOT NULL,
                PRIMARY KEY (runId, sequence)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE transfer (
                runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
                sequence INTEGER NOT NULL,
                request INTEGER NOT NULL,
                source INTEGER NOT NULL,
                destination INTEGER NOT NULL,
                bytes INTEGER NOT NULL,
                requestedNs INTEGER NOT NULL,
                startedNs INTEGER NOT NULL,
                finishedNs INTEGER NOT NULL,
                PRIMARY KEY (runId, sequence)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE instance (
                runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
                instance INTEGER NOT NULL,
                pool TEXT NOT NULL,
                gpus INTEGER NOT NULL,
                totalBlocks INTEGER NOT NULL,
                peakBlocks INTEGER NOT NULL,
                prefillBusyNs INTEGER NOT NULL,
                decodeBusyNs INTEGER NOT NULL,
                prefillIterations INTEGER NOT NULL,
                decodeIterations INTEGER NOT NULL,
                preemptions INTEGER NOT NULL\(listed(instanceColumns)),
                PRIMARY KEY (runId, instance)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE summary (
                runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
                metric TEXT NOT NULL,
                statistic TEXT NOT NULL,
                value REAL,
                count INTEGER NOT NULL,
                PRIMARY KEY (runId, metric, statistic)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE latencyHistogram (
                runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
                metric TEXT NOT NULL,
                upperNs INTEGER NOT NULL,
                count INTEGER NOT NULL,
                PRIMARY KEY (runId, metric, upperNs)
            ) STRICT, WITHOUT ROWID;

            """
    }

    /// What a report needs besides. NULL in runs that were stored before.
    static let runReportColumns = ["requestRate REAL", "configuration TEXT"]
    static let intervalReportColumns = ["prefillBlocks INTEGER"]

    /// How long phases lacked KV blocks. NULL where an instance has no lane for the phase alone, and in runs that were stored
    /// before.
    static let starvationColumns = [
        "prefillStarvedNs INTEGER", "prefillStarvedLongestNs INTEGER", "decodeStarvedNs INTEGER",
        "decodeStarvedLongestNs INTEGER",
    ]

    static func adding(_ columns: [String], to table: String) -> String {
        columns.map { "ALTER TABLE \(table) ADD COLUMN \($0);\n" }.joined()
    }

    /// Classes and tenants: what the class numbers of requests stand for, with the limits of each, and what became of
    /// the requests of each class and of each tenant. Latencies in seconds.
    static let groupTables = """
        CREATE TABLE requestClass (
            runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            class INTEGER NOT NULL,
            name TEXT,
            tenant TEXT,
            sloTTFTSeconds REAL,
            sloTPOTSeconds REAL,
            sloAttainmentTarget REAL,
            PRIMARY KEY (runId, class)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE groupSummary (
            runId INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            sequence INTEGER NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('class', 'tenant')),
            name TEXT NOT NULL,
            sloTTFTSeconds REAL,
            sloTPOTSeconds REAL,
            sloAttainmentTarget REAL,
            arrived INTEGER NOT NULL,
            completed INTEGER NOT NULL,
            met INTEGER,
            promptTokens INTEGER NOT NULL,
            outputTokens INTEGER NOT NULL,
            ttftP50 REAL,
            ttftP90 REAL,
            ttftP99 REAL,
            tpotP50 REAL,
            tpotP90 REAL,
            tpotP99 REAL,
            PRIMARY KEY (runId, sequence)
        ) STRICT, WITHOUT ROWID;

        """
}
