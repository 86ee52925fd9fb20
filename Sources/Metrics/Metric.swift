/// What a run summary says. The raw value is the name in the results database, in CSV and in JSON.
public enum Metric: String, CaseIterable, Hashable, Sendable {
    // Of completed requests, each with mean, spread and percentiles. Definitions are those of vLLM's serving benchmark.

    /// Time to first token: first token − arrival.
    case ttft
    /// Time per output token: (completion − first token)/(n − 1), one value per request of at least two tokens.
    case tpot
    /// Inter-token latency: the gaps between successive tokens, pooled over all requests.
    case itl
    /// Completion − arrival.
    case endToEnd
    /// (Completion − arrival)/n, as the Orca and vLLM papers have it.
    case normalisedLatency
    /// Start of the first prefill iteration − arrival.
    case queueTime

    /// Completed requests per second of `duration`.
    case requestThroughput
    /// Output tokens of completed requests per second of `duration`.
    case outputTokenThroughput
    /// Prompt and output tokens of completed requests per second of `duration`.
    case totalTokenThroughput
    case outputTokenThroughputPerGPU
    /// Requests per second that met the SLO, at the load of this run.
    case goodput
    /// Requests that met the SLO over all that arrived (DistServe).
    case sloAttainment
    /// Jain's index of the shares of requests within the SLO, over tenants, or over classes in a workload without
    /// tenants. Only of runs with at least two of them and an SLO.
    case attainmentFairness
    /// Jain's index of the output tokens per second of completed requests, over the same.
    case tokenFairness

    /// The largest share of its KV blocks that any instance had in use at a time.
    case kvPeakFraction
    /// Share of the time in which an instance's busier lane ran, averaged over GPUs. With two lanes it is a lower bound
    /// of the time in which either ran.
    case busyFraction
    /// Prompt tokens that were in the prefix cache over those of all prompts, at first admissions. Only of runs with
    /// prefix caching.
    case prefixHitRate
    /// The same over all admissions, those after a preemption included.
    case prefixHitRateCumulative
    /// Time in which prompts waited for an idle prefill lane to have KV blocks, over the instances that have one. Only of
    /// runs with such instances, and so the next three.
    case prefillStarved
    /// The longest spell of it on one instance.
    case prefillStarvedLongest
    /// The same for decode: sequences in host memory, thrown out and not yet computed again, or refused for want of
    /// blocks.
    case decodeStarved
    case decodeStarvedLongest
    case gpus
    /// Dollars for a million output tokens: price of all GPUs over `duration`.
    case costPerMillionOutputTokens
    /// Dollars for a million tokens, prompt and output.
    case costPerMillionTokens
    /// `SaturationVerdict.rank`.
    case saturation

    /// First arrival to last completion.
    case duration
    case arrived
    case completed
    case rejected
    case unfinished
    case lost
    /// Completed requests of one output token, which have no time per output token.
    case singleToken
    /// Requests that were preempted at least once.
    case preempted
    case preemptions
    /// Prompt tokens of completed requests.
    case promptTokens
    /// Output tokens of completed requests.
    case outputTokens

    // Means of the parts of latency over completed requests.

    case queuePart
    case prefillRunPart
    case prefillStalledPart
    case transferPart
    case decodeWaitPart
    case decodeRunPart
    case decodeStalledPart
    case preemptedPart

    // Shares of iteration time by where its price comes from.

    case measuredShare
    case interpolatedShare
    case heldUtilisationShare
    case analyticShare
    case givenShare

    /// Metrics that are distributions, in the order in which people read them.
    public static let distributions: [Metric] = [.ttft, .tpot, .itl, .endToEnd, .normalisedLatency, .queueTime]

    /// Metrics of the parts of latency, in the order in which a request goes through them.
    public static let latencyParts: [Metric] = [
        .queuePart, .prefillRunPart, .prefillStalledPart, .transferPart, .decodeWaitPart, .decodeRunPart,
        .decodeStalledPart, .preemptedPart,
    ]

    /// Shares of iteration time, from the best provenance to the worst.
    public static let provenanceShares: [Metric] = [
        .measuredShare, .interpolatedShare, .heldUtilisationShare, .analyticShare, .givenShare,
    ]

    /// The unit of this metric's values.
    public var unit: MetricUnit {
        switch self {
        case .ttft, .tpot, .itl, .endToEnd, .normalisedLatency, .queueTime, .duration: .seconds
        case .queuePart, .prefillRunPart, .prefillStalledPart, .transferPart: .seconds
        case .decodeWaitPart, .decodeRunPart, .decodeStalledPart, .preemptedPart: .seconds
        case .prefillStarved, .prefillStarvedLongest, .decodeStarved, .decodeStarvedLongest: .seconds
        case .requestThroughput, .goodput: .requestsPerSecond
        case .outputTokenThroughput, .totalTokenThroughput, .outputTokenThroughputPerGPU: .tokensPerSecond
        case .sloAttainment, .kvPeakFraction, .busyFraction, .prefixHitRate, .prefixHitRateCumulative: .fraction
        case .measuredShare, .interpolatedShare, .heldUtilisationShare, .analyticShare, .givenShare: .fraction
        case .attainmentFairness, .tokenFairness: .fraction
        case .costPerMillionOutputTokens, .costPerMillionTokens: .dollars
        case .gpus, .arrived, .completed, .rejected, .unfinished, .lost, .singleToken, .preempted: .count
        case .preemptions, .promptTokens, .outputTokens: .count
        case .saturation: .verdict
        }
    }
}

/// Units of metrics. The raw value is what CSV and JSON print.
public enum MetricUnit: String, Hashable, Sendable {
    case seconds = "s"
    case requestsPerSecond = "requests/s"
    case tokensPerSecond = "tokens/s"
    case fraction
    case dollars
    case count
    case verdict
}

/// What is said of a metric. `value` is for those that are one number.
public enum Statistic: String, CaseIterable, Hashable, Sendable {
    case mean
    case standardDeviation = "std"
    case p50
    case p90
    case p95
    case p99
    case max
    case value

    /// Statistics of a distribution, in the order in which they are stored and printed.
    public static let ofDistributions: [Statistic] = [.mean, .standardDeviation, .p50, .p90, .p95, .p99, .max]
}
