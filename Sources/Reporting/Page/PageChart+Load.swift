internal import Metrics
internal import Statistics

/// Charts over the arrival rate.
extension PageChart {
    /// Means and confidence intervals over the replications of rows `(deployment, load, rate, panel, value)` in `found`.
    private static func estimates(maximumReplications: Int, of columns: String, decimals: Int) -> String {
        """
        , \(quantiles(upTo: maximumReplications)), grouped AS (
          SELECT \(columns), count(*) AS runs, avg(value) AS mean,
            CASE WHEN count(*) > 1 THEN sqrt(max(0, sum(value * value) - count(*) * avg(value) * avg(value))
              / (count(*) - 1) / count(*)) END AS standardError
          FROM found GROUP BY \(columns), panelOrder
          ORDER BY panelOrder, deploymentOrder, rate
        )
        SELECT \(columns.split(separator: ", ").filter { $0 != "deploymentOrder" }.joined(separator: ", ")),
          round(mean, \(decimals)) AS mean, round(max(0, mean - quantile * standardError), \(decimals)) AS low,
          round(mean + quantile * standardError, \(decimals)) AS high, runs
        FROM grouped LEFT JOIN t ON samples = runs
        """
    }

    /// A table `t (samples, quantile)` of Student's t.
    private static func quantiles(upTo samples: Int) -> String {
        let rows = (2...max(2, samples)).map { samples in
            let quantile = StudentT.quantile((1 + PageVerdict.confidence) / 2, degreesOfFreedom: samples - 1)
            return "(\(samples), \(fixed(quantile, decimals: 6)))"
        }
        return "t (samples, quantile) AS (VALUES \(rows.joined(separator: ", ")))"
    }

    /// The order of deployments in the page.
    private static let ordered = """
        , ordered AS (SELECT *, min(position) OVER (PARTITION BY deployment) AS deploymentOrder FROM
          (SELECT *, row_number() OVER () AS position FROM selected))
        """

    static func attainment(_ runs: PageRuns) -> PageChart {
        PageChart(
            id: "attainment", title: "Requests within the SLO",
            note: """
                The share of all requests that got both their first token and the following ones in time. \
                Where a line crosses the target, the deployment has reached its capacity under this SLO.
                """,
            kind: .lines, x: "rate", xTitle: "requests per second", y: ["mean"], yTitle: "% of requests",
            series: "deployment", panel: "panel", band: ("low", "high"), hasPoints: true,
            query: ordered + """
                , found AS (
                  SELECT deployment, deploymentOrder, rate, panel, panelOrder, 100 * value AS value
                  FROM ordered JOIN summary USING (runId)
                  JOIN (SELECT 'sloAttainment' AS metric, '% of requests within the SLO' AS panel, 1 AS panelOrder)
                    USING (metric)
                  WHERE value IS NOT NULL AND rate IS NOT NULL
                )
                """
                + estimates(
                    maximumReplications: runs.replications, of: "panel, deployment, deploymentOrder, rate", decimals: 3),
            ifEmpty: "These runs have no SLO, or no arrival rate is stored with them.")
    }

    static func latencies(_ runs: PageRuns) -> PageChart {
        let panels: [(Metric, Statistic, String)] = [
            (.ttft, .p50, "TTFT P50, ms"), (.ttft, .p99, "TTFT P99, ms"), (.tpot, .p50, "TPOT P50, ms"),
            (.tpot, .p99, "TPOT P99, ms"), (.endToEnd, .mean, "end-to-end mean, ms"),
            (.endToEnd, .p99, "end-to-end P99, ms"),
        ]
        let rows = panels.enumerated().map { index, panel in
            "('\(panel.0.rawValue)', '\(panel.1.rawValue)', '\(panel.2)', \(index))"
        }
        return PageChart(
            id: "latency", title: "Latency over the rate",
            note: """
                Time to first token, time per output token after it, and the whole request, of completed requests. \
                Scales are logarithmic. Where a deployment is overloaded, its latencies grow with the length of the trace.
                """,
            kind: .lines, x: "rate", xTitle: "requests per second", y: ["mean"], series: "deployment", panel: "panel",
            band: ("low", "high"), isLogY: true, hasPoints: true,
            query: ordered + """
                , panels (metric, statistic, panel, panelOrder) AS (VALUES
                  \(rows.joined(separator: ",\n  "))
                ), found AS (
                  SELECT deployment, deploymentOrder, rate, panel, panelOrder, 1000 * value AS value
                  FROM ordered JOIN summary USING (runId) JOIN panels USING (metric, statistic)
                  WHERE value IS NOT NULL AND rate IS NOT NULL
                )
                """
                + estimates(
                    maximumReplications: runs.replications, of: "panel, deployment, deploymentOrder, rate", decimals: 3),
            ifEmpty: "No arrival rate is stored with these runs.")
    }

    /// Tokens a GPU yields against what they cost the users in time.
    static func pareto(_ runs: PageRuns) -> PageChart {
        PageChart(
            id: "pareto", title: "Throughput against latency",
            note: """
                Right is more output from each GPU, down is faster for users. The line joins the runs that no other run \
                beats in both; overloaded runs are shown, but are not on it.
                """,
            kind: .points, x: "tokensPerGPU", xTitle: "output tokens per second and GPU", y: ["ms"],
            series: "deployment", panel: "panel", isLogY: true,
            query: """
                , panels (metric, statistic, panel, panelOrder) AS (VALUES
                  ('ttft', 'p99', 'TTFT P99, ms', 1), ('tpot', 'p99', 'TPOT P99, ms', 2),
                  ('endToEnd', 'mean', 'end-to-end mean, ms', 3)
                ), points AS (
                  SELECT runId, deployment, load, panel, panelOrder, throughput.value AS tokensPerGPU,
                    1000 * latency.value AS ms, coalesce(verdict.value, 0) AS saturation
                  FROM selected
                  JOIN summary AS latency USING (runId)
                  JOIN panels ON panels.metric = latency.metric AND panels.statistic = latency.statistic
                  JOIN summary AS throughput USING (runId)
                  JOIN summary AS verdict USING (runId)
                  WHERE throughput.metric = 'outputTokenThroughputPerGPU' AND verdict.metric = 'saturation'
                    AND throughput.value IS NOT NULL AND latency.value IS NOT NULL
                )
                SELECT panel, deployment, load, round(tokensPerGPU, 2) AS tokensPerGPU, round(ms, 3) AS ms,
                  saturation < 2 AND NOT EXISTS (
                    SELECT 1 FROM points AS other
                    WHERE other.panel = points.panel AND other.saturation < 2
                      AND other.tokensPerGPU >= points.tokensPerGPU AND other.ms <= points.ms
                      AND (other.tokensPerGPU > points.tokensPerGPU OR other.ms < points.ms)
                  ) AS front, saturation = 2 AS overloaded
                FROM points ORDER BY panelOrder, tokensPerGPU, deployment
                """)
    }
}
