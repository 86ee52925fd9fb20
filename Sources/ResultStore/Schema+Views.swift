extension Schema {
    /// In an order that does not matter: a view is looked into only when it is asked.
    static let viewsBesidesAttainment = overviewView + requestLatencyView + comparisonView + variantsView

    /// One line per run with what people look at first.
    private static let overviewView = """
        CREATE VIEW runOverview AS
        SELECT
            run.id AS runId, createdAt, name, comparison, deployment, seed, runNumber, gpus,
            max(value) FILTER (WHERE metric = 'arrived') AS arrived,
            max(value) FILTER (WHERE metric = 'completed') AS completed,
            max(value) FILTER (WHERE metric = 'rejected') AS rejected,
            max(value) FILTER (WHERE metric = 'unfinished') AS unfinished,
            max(value) FILTER (WHERE metric = 'sloAttainment') AS sloAttainment,
            CASE max(value) FILTER (WHERE metric = 'saturation')
                WHEN 0 THEN 'stable' WHEN 1 THEN 'backlogged' WHEN 2 THEN 'overloaded' END AS verdict,
            max(value) FILTER (WHERE metric = 'measuredShare') AS measuredShare,
            max(value) FILTER (WHERE metric = 'interpolatedShare') AS interpolatedShare,
            max(value) FILTER (WHERE metric = 'heldUtilisationShare') AS heldUtilisationShare,
            max(value) FILTER (WHERE metric = 'analyticShare') AS analyticShare,
            max(value) FILTER (WHERE metric = 'givenShare') AS givenShare
        FROM run LEFT JOIN summary ON summary.runId = run.id AND summary.statistic = 'value'
        GROUP BY run.id;

        """

    /// Latencies of every stored request and their parts, in milliseconds.
    private static let requestLatencyView = """
        CREATE VIEW requestLatency AS
        SELECT
            runId, request, class, outcome, promptTokens, outputTokens, arrivalNs / 1e9 AS arrivalSeconds,
            (firstTokenNs - arrivalNs) / 1e6 AS ttftMs,
            CASE WHEN outputTokens > 1 THEN (completionNs - firstTokenNs) / 1e6 / (outputTokens - 1) END AS tpotMs,
            (completionNs - arrivalNs) / 1e6 AS endToEndMs,
            (completionNs - arrivalNs) / 1e6 / outputTokens AS normalisedMs,
            queueNs / 1e6 AS queueMs,
            prefillRunNs / 1e6 AS prefillRunMs,
            prefillStalledNs / 1e6 AS prefillStalledMs,
            transferNs / 1e6 AS transferMs,
            decodeWaitNs / 1e6 AS decodeWaitMs,
            decodeRunNs / 1e6 AS decodeRunMs,
            decodeStalledNs / 1e6 AS decodeStalledMs,
            preemptedNs / 1e6 AS preemptedMs,
            preemptions
        FROM request;

        """

    /// Attainment of the limits stored with each run: from its requests where they are stored, else from its summary,
    /// which does not tell the two limits apart. The arithmetic is that of `SLO.isMet`, step by step, so that both give
    /// the same count.
    static let attainmentView = """
        CREATE VIEW sloAttainment AS
        WITH judged AS (
            SELECT
                run.id AS runId,
                outcome = 'completed' AND (firstTokenNs - arrivalNs) / 1e9 <= sloTTFTSeconds AS meetsTTFT,
                outcome = 'completed'
                    AND (outputTokens = 1
                        OR (completionNs - firstTokenNs) / 1e9 / (outputTokens - 1) <= sloTPOTSeconds) AS meetsTPOT
            FROM run JOIN request ON request.runId = run.id
            WHERE sloTTFTSeconds IS NOT NULL
        ), counted AS (
            SELECT
                runId, count(*) AS arrived, sum(meetsTTFT) AS metTTFT, sum(meetsTPOT) AS metTPOT,
                sum(meetsTTFT AND meetsTPOT) AS met
            FROM judged GROUP BY runId
            UNION ALL
            SELECT run.id, attained.count, NULL, NULL, good.count
            FROM run
            JOIN summary AS attained ON attained.runId = run.id AND attained.metric = 'sloAttainment'
            JOIN summary AS good ON good.runId = run.id AND good.metric = 'goodput'
            WHERE rowsKept = 'none' AND attained.value IS NOT NULL
        )
        SELECT
            runId, name, deployment, sloTTFTSeconds, sloTPOTSeconds, sloAttainmentTarget, arrived, metTTFT, metTPOT,
            met, CAST(met AS REAL) / arrived AS attainment,
            CAST(met AS REAL) / arrived >= sloAttainmentTarget AS isMet
        FROM counted JOIN run ON run.id = runId;

        """

    /// Every number of every run of a comparison beside that of the run that was stored first under the same seed.
    private static let comparisonView = """
        CREATE VIEW policyComparison AS
        WITH base AS (
            SELECT comparison, seed, runNumber, min(id) AS runId
            FROM run WHERE comparison IS NOT NULL
            GROUP BY comparison, seed, runNumber
        )
        SELECT
            run.comparison, run.seed, run.runNumber, metric, statistic,
            run.id AS runId, run.deployment, mine.value,
            baseRun.id AS baseRunId, baseRun.deployment AS baseDeployment, theirs.value AS baseValue,
            CASE WHEN theirs.value <> 0 THEN mine.value / theirs.value END AS ratio
        FROM run
        JOIN base ON base.comparison = run.comparison AND base.seed = run.seed AND base.runNumber = run.runNumber
        JOIN run AS baseRun ON baseRun.id = base.runId
        JOIN summary AS mine ON mine.runId = run.id
        JOIN summary AS theirs USING (metric, statistic)
        WHERE theirs.runId = base.runId;

        """

    /// The same names as other tools define them, side by side, from stored requests. Empty where a tool has no such
    /// metric. A request of one token has no gap: vLLM bench leaves it out of TPOT, DistServe counts it as 0;
    /// GuideLLM's TPOT is end-to-end latency over all tokens; ITL is pooled over gaps by vLLM bench and a mean over
    /// requests for AIPerf and GuideLLM; DistServe divides by all requests that arrived.
    private static let variantsView = """
        CREATE VIEW metricVariants AS
        WITH perRequest AS (
            SELECT
                runId, outputTokens, firstTokenNs - arrivalNs AS ttft, completionNs - firstTokenNs AS decoding,
                completionNs - arrivalNs AS endToEnd
            FROM request WHERE outcome = 'completed'
        ), perRun AS (
            SELECT
                runId,
                avg(ttft) / 1e6 AS ttft,
                avg(CAST(decoding AS REAL) / nullif(outputTokens - 1, 0)) / 1e6 AS tpot,
                avg(CASE WHEN outputTokens = 1 THEN 0 ELSE CAST(decoding AS REAL) / (outputTokens - 1) END) / 1e6
                    AS tpotZero,
                avg(CAST(endToEnd AS REAL) / outputTokens) / 1e6 AS normalised,
                CAST(sum(decoding) AS REAL) / nullif(sum(outputTokens - 1), 0) / 1e6 AS itlPooled,
                avg(endToEnd) / 1e6 AS endToEnd
            FROM perRequest GROUP BY runId
        )
        SELECT
            runId, 'ttft' AS metric, 'ms' AS unit, ttft AS vllmBench, ttft AS aiperf, ttft AS guidellm,
            ttft AS distserve
        FROM perRun
        UNION ALL SELECT runId, 'tpot', 'ms', tpot, NULL, normalised, tpotZero FROM perRun
        UNION ALL SELECT runId, 'itl', 'ms', itlPooled, tpot, tpot, NULL FROM perRun
        UNION ALL SELECT runId, 'endToEnd', 'ms', endToEnd, endToEnd, endToEnd, endToEnd FROM perRun
        UNION ALL SELECT runId, 'requestThroughput', 'requests/s', value, value, value, value
            FROM perRun JOIN summary USING (runId) WHERE metric = 'requestThroughput'
        UNION ALL SELECT runId, 'goodput', 'requests/s', value, value, NULL, NULL
            FROM perRun JOIN summary USING (runId) WHERE metric = 'goodput'
        UNION ALL SELECT runId, 'sloAttainment', 'fraction', NULL, NULL, NULL, attainment
            FROM perRun JOIN sloAttainment USING (runId);

        """

    /// Attainment again, each request by the limits of its class.
    static let attainmentByClassView = """
        CREATE VIEW sloAttainment AS
        WITH judged AS (
            SELECT
                run.id AS runId,
                outcome = 'completed'
                    AND (firstTokenNs - arrivalNs) / 1e9 <= coalesce(own.sloTTFTSeconds, run.sloTTFTSeconds)
                    AS meetsTTFT,
                outcome = 'completed'
                    AND (outputTokens = 1
                        OR (completionNs - firstTokenNs) / 1e9 / (outputTokens - 1)
                            <= coalesce(own.sloTPOTSeconds, run.sloTPOTSeconds)) AS meetsTPOT
            FROM run JOIN request ON request.runId = run.id
            LEFT JOIN requestClass AS own ON own.runId = run.id AND own.class = request.class
            WHERE run.sloTTFTSeconds IS NOT NULL
        ), counted AS (
            SELECT
                runId, count(*) AS arrived, sum(meetsTTFT) AS metTTFT, sum(meetsTPOT) AS metTPOT,
                sum(meetsTTFT AND meetsTPOT) AS met
            FROM judged GROUP BY runId
            UNION ALL
            SELECT run.id, attained.count, NULL, NULL, good.count
            FROM run
            JOIN summary AS attained ON attained.runId = run.id AND attained.metric = 'sloAttainment'
            JOIN summary AS good ON good.runId = run.id AND good.metric = 'goodput'
            WHERE rowsKept = 'none' AND attained.value IS NOT NULL
        )
        SELECT
            runId, name, deployment, sloTTFTSeconds, sloTPOTSeconds, sloAttainmentTarget, arrived, metTTFT, metTPOT,
            met, CAST(met AS REAL) / arrived AS attainment,
            CAST(met AS REAL) / arrived >= sloAttainmentTarget AS isMet
        FROM counted JOIN run ON run.id = runId;

        """
}
