internal import Metrics

/// Charts of what happens to requests, and of what the numbers rest on.
extension PageChart {
    static func distributions() -> PageChart {
        PageChart(
            id: "distribution", title: "Distribution of TTFT and TPOT",
            note: """
                The share of completed requests that took at most so long; replications are pooled. Latencies are kept in \
                classes that are 0.8 % wide or less, of which at most 200 are shown for a line.
                """,
            kind: .steps, x: "ms", xTitle: "ms", y: ["percent"], series: "deployment", panel: "panel", pick: "load",
            isLogX: true,
            query: """
                , classes AS (
                  SELECT metric, deployment, load, rate, upperNs, sum(count) AS n
                  FROM selected JOIN latencyHistogram USING (runId) WHERE metric IN ('ttft', 'tpot')
                  GROUP BY metric, deployment, load, upperNs
                ), sums AS (
                  SELECT *, sum(n) OVER (PARTITION BY metric, deployment, load ORDER BY upperNs) AS upTo,
                    sum(n) OVER (PARTITION BY metric, deployment, load) AS total
                  FROM classes
                )
                SELECT CASE metric WHEN 'ttft' THEN 'TTFT: % of requests' ELSE 'TPOT: % of requests' END AS panel,
                  load, deployment, round(upperNs / 1e6, 3) AS ms, round(100.0 * upTo / total, 2) AS percent
                FROM sums WHERE upTo * 200 / total > (upTo - n) * 200 / total
                ORDER BY metric DESC, rate, deployment, ms
                """,
            ifEmpty: "These runs were stored by a version that kept no distributions.")
    }

    static func parts() -> PageChart {
        let names = [
            "queue", "prefill run", "prefill stalled", "KV transfer", "decode wait", "decode run", "decode stalled",
            "preempted",
        ]
        let rows = zip(Metric.latencyParts, names).enumerated().map { index, part in
            "('\(part.0.rawValue)', '\(part.1)', \(index))"
        }
        return PageChart(
            id: "parts", title: "Where the time of a request goes",
            note: """
                The parts of the mean end-to-end time, which sum to it exactly. Stalled is time in which a request was \
                under way but slowed down or held up by the other phase. In a unified engine a decode iteration runs as long as \
                the prompts that share its batch make it.
                """,
            kind: .bars, x: "deployment", xTitle: "ms", y: ["ms"], yTitle: "mean over completed requests, ms",
            series: "part", pick: "load",
            query: """
                , parts (metric, part, partOrder) AS (VALUES
                  \(rows.joined(separator: ",\n  "))
                )
                SELECT load, deployment, part, round(1000 * avg(value), 3) AS ms,
                  round(100 * avg(value) / sum(avg(value)) OVER (PARTITION BY load, deployment), 2) AS percent
                FROM selected JOIN summary USING (runId) JOIN parts USING (metric)
                WHERE value IS NOT NULL
                GROUP BY load, deployment, part ORDER BY rate, min(runId), partOrder
                """)
    }

    static func provenance() -> PageChart {
        let names = ["measured", "interpolated", "extrapolated", "analytic", "given"]
        let rows = zip(Metric.provenanceShares, names).enumerated().map { index, share in
            "('\(share.0.rawValue)', '\(share.1)', \(index))"
        }
        return PageChart(
            id: "provenance", title: "What the prices rest on",
            note: """
                The share of iteration time by where its price comes from: measured on the device, interpolated between \
                measurements, extrapolated from them at held utilisation, analytic (a model with fitted efficiencies), \
                or given.
                """,
            kind: .bars, x: "deployment", xTitle: "% of iteration time", y: ["percent"], yTitle: "% of iteration time",
            series: "provenance", pick: "load",
            query: """
                , shares (metric, provenance, shareOrder) AS (VALUES
                  \(rows.joined(separator: ",\n  "))
                )
                SELECT load, deployment, provenance, round(100 * avg(value), 2) AS percent
                FROM selected JOIN summary USING (runId) JOIN shares USING (metric)
                WHERE value IS NOT NULL
                GROUP BY load, deployment, provenance ORDER BY rate, min(runId), shareOrder
                """)
    }

    static func runs() -> PageChart {
        PageChart(
            id: "runs", title: "The runs of this page",
            note: "Same scenario, seed, run number and build: the same fingerprint.", kind: .table,
            query: """
                SELECT runId AS run, selected.deployment, load, run.seed, run.runNumber, run.gpus,
                  CAST(arrived AS INTEGER) AS arrived, CAST(completed AS INTEGER) AS completed,
                  CAST(rejected AS INTEGER) AS rejected,
                  CAST(unfinished AS INTEGER) AS unfinished, verdict AS saturation, round(100 * sloAttainment, 2) AS "SLO %", rowsKept, fingerprint,
                  revision
                FROM selected JOIN runOverview AS overview USING (runId) JOIN run ON run.id = runId
                ORDER BY rate, replication, runId
                """)
    }
}
