public import ResultStore

/// The instances of a run in the sampling interval that a time is in: who held the SMs, what waited, what was in memory.
public struct InstantReport: Report, Sendable {
    /// When the sample was taken, at the end of its interval.
    private let seconds: Double
    private let table: QueryReport

    /// - Parameter nanoseconds: of simulated time.
    /// - Returns: `nil` if the run has no sample from then on.
    /// - Throws: what the store throws.
    public init?(_ store: ResultStore, run: Int64, nanoseconds: Int64) throws(ResultStoreError) {
        let time = try store.query(
            "SELECT min(timeNs), min(timeNs) - coalesce((SELECT max(timeNs) FROM interval WHERE runId = \(run) "
                + "AND timeNs < \(nanoseconds)), 0) FROM interval WHERE runId = \(run) AND timeNs >= \(nanoseconds)")
        guard let sample = time.rows.first?[0].flatMap({ Int64($0) }),
            let length = time.rows.first?[1].flatMap({ Int64($0) })
        else { return nil }
        seconds = Double(sample) / 1e9
        table = QueryReport(
            try store.query(
                """
                SELECT interval.instance, pool, interval.prefillSMs AS "prefill SMs", interval.decodeSMs AS "decode SMs",
                  round(100.0 * interval.prefillBusyNs / \(max(1, length)), 1) AS "prefill busy %",
                  round(100.0 * interval.decodeBusyNs / \(max(1, length)), 1) AS "decode busy %",
                  waiting, prefilling, decodeWaiting AS "for decode", decoding,
                  round(100.0 * usedBlocks / interval.totalBlocks, 1) AS "KV %",
                  round(100.0 * prefillBlocks / interval.totalBlocks, 1) AS "not decoding %",
                  (SELECT prefillSMs || ' / ' || decodeSMs || ', ' || reason FROM partitionChange AS change
                   WHERE change.runId = \(run) AND change.instance = interval.instance AND change.timeNs <= \(sample)
                   ORDER BY sequence DESC LIMIT 1) AS "caps since"
                FROM interval JOIN instance ON instance.runId = interval.runId AND instance.instance = interval.instance
                WHERE interval.runId = \(run) AND timeNs = \(sample) ORDER BY interval.instance
                """))
    }

    public var text: String {
        "sample at \(fixed(seconds, decimals: 6)) s; busy since the sample before\n\n" + table.text
    }

    public var csv: String { table.csv }
    public var json: String { table.json }
}
