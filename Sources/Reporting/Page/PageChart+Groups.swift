/// Charts about classes and tenants.
extension PageChart {
    static func groups() -> PageChart {
        PageChart(
            id: "groups", title: "Requests within the SLO, by class and tenant",
            note: """
                The share of the requests of each class, and of each tenant, that met the limits of their class: those                 of the scenario for it, or those for all. The twelve with the most requests.
                """,
            kind: .lines, x: "rate", xTitle: "requests per second", y: ["percent"], yTitle: "% of requests",
            series: "deployment", panel: "panel", hasPoints: true,
            query: """
                , largest AS (
                  SELECT kind, name, sum(arrived) AS requests
                  FROM selected JOIN groupSummary USING (runId) GROUP BY kind, name
                  ORDER BY requests DESC, kind, name LIMIT 12
                )
                SELECT kind || ' ' || groupSummary.name AS panel, deployment, rate,
                  round(100.0 * sum(met) / sum(arrived), 3) AS percent,
                  round(1000 * avg(ttftP90), 3) AS "TTFT P90, ms", round(1000 * avg(tpotP90), 3) AS "TPOT P90, ms",
                  sum(arrived) AS requests, count(*) AS runs
                FROM selected JOIN groupSummary USING (runId) JOIN largest USING (kind, name)
                WHERE met IS NOT NULL AND rate IS NOT NULL AND arrived > 0
                GROUP BY kind, groupSummary.name, deployment, rate
                ORDER BY kind, groupSummary.name, deployment, rate
                """,
            ifEmpty: "These runs have no SLO, or no arrival rate is stored with them.")
    }
}
