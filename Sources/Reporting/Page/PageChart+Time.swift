/// Charts over simulated time, from the samples of the first replication.
extension PageChart {
    private static let buckets = 120

    /// Samples summed over instances: rows `(runId, deployment, load, rate, bucket, seconds, …)`.
    private static func sampled(_ columns: String) -> String {
        """
        , instants AS (
          SELECT selected.runId, selected.deployment, load, rate, timeNs, endNs, \(columns)
          FROM selected JOIN run ON run.id = selected.runId JOIN interval ON interval.runId = selected.runId
          WHERE replication = 1
          GROUP BY selected.runId, timeNs
        ), samples AS (
          SELECT *, CAST(timeNs * \(buckets).0 / max(endNs, 1) AS INTEGER) AS bucket FROM instants
        )
        """
    }

    private static let noSamples = """
        No samples are stored with these runs: rows were not kept, or all requests arrived at once.
        """

    static func queues() -> PageChart {
        PageChart(
            id: "queues", title: "Queues over time",
            note: """
                Requests by where they are, over all GPUs: means of the samples in \(buckets) equal parts of the run. A queue \
                that only grows is a deployment that does not keep up.
                """,
            kind: .lines, x: "seconds", xTitle: "simulated seconds",
            y: ["waiting", "prefilling", "waiting for decode", "decoding"], yTitle: "requests", panel: "deployment",
            pick: "load",
            query: sampled(
                """
                sum(waiting) AS waiting, sum(prefilling) AS prefilling, sum(decodeWaiting) AS decodeWaiting,
                    sum(decoding) AS decoding
                """) + """

                    SELECT load, deployment, round(avg(timeNs) / 1e9, 3) AS seconds, round(avg(waiting), 2) AS waiting,
                      round(avg(prefilling), 2) AS prefilling, round(avg(decodeWaiting), 2) AS "waiting for decode",
                      round(avg(decoding), 2) AS decoding
                    FROM samples GROUP BY runId, bucket ORDER BY rate, runId, seconds
                    """,
            ifEmpty: noSamples)
    }

    static func memory() -> PageChart {
        PageChart(
            id: "kv", title: "KV memory by phase",
            note: """
                The share of all KV blocks held by requests that do not decode yet (in prefill, waiting for a place, or on \
                their way) and by requests that decode. Disaggregation has memory that the other phase cannot use.
                """,
            kind: .lines, x: "seconds", xTitle: "simulated seconds", y: ["not decoding yet", "decoding"],
            yTitle: "% of KV blocks", panel: "deployment", pick: "load",
            query: sampled(
                """
                sum(usedBlocks) AS used, sum(prefillBlocks) AS undecoded, sum(totalBlocks) AS total
                """) + """

                    SELECT load, deployment, round(avg(timeNs) / 1e9, 3) AS seconds,
                      round(100.0 * avg(undecoded) / max(total), 2) AS "not decoding yet",
                      round(100.0 * avg(used - undecoded) / max(total), 2) AS decoding
                    FROM samples WHERE undecoded IS NOT NULL GROUP BY runId, bucket ORDER BY rate, runId, seconds
                    """,
            ifEmpty: noSamples)
    }

    static func partition() -> PageChart {
        PageChart(
            id: "partition", title: "SMs by phase over time",
            note: """
                SMs that each phase holds while it runs, summed over instances and averaged over samples: an idle lane holds \
                none. A unified engine counts as prefill. Vertical lines are changes of the partition.
                """,
            kind: .steps, x: "seconds", xTitle: "simulated seconds", y: ["prefill", "decode"], yTitle: "SMs",
            panel: "deployment", pick: "load", rule: "switch",
            query: sampled("sum(prefillSMs) AS prefill, sum(decodeSMs) AS decode") + """
                , held AS (
                  SELECT rate, runId, load, deployment, round(avg(timeNs) / 1e9, 3) AS seconds,
                    round(avg(prefill), 2) AS prefill, round(avg(decode), 2) AS decode, NULL AS switch
                  FROM samples GROUP BY runId, bucket
                  UNION ALL
                  SELECT rate, runId, load, deployment, round(timeNs / 1e9, 3), NULL, NULL,
                    'instance ' || instance || ': ' || prefillSMs || ' / ' || decodeSMs || ' SMs, ' || reason
                  FROM selected JOIN partitionChange USING (runId) WHERE replication = 1 AND timeNs > 0
                )
                SELECT load, deployment, seconds, prefill, decode, switch FROM held ORDER BY rate, runId, seconds
                """,
            ifEmpty: noSamples)
    }
}
