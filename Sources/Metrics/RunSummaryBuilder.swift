public import EventKernel

/// Gathers what a run summary needs while the run goes on: 40 bytes per completed request and a histogram.
public struct RunSummaryBuilder: Recorder, Sendable {
    /// What percentiles need of a completed request.
    struct Completed {
        var arrival: Int64
        var timeToFirstToken: Int64
        var endToEnd: Int64
        var queueTime: Int64
        /// Seconds, single precision: only averaged, for the saturation verdict.
        var waiting: Float
        var outputTokens: Int32
    }

    /// An unfinished request: its waiting is known when the run has ended.
    struct Unfinished {
        var arrival: Int64
        var run: Int64
    }

    let slo: SLO?
    private let judge: SLOJudge?
    /// By class index; empty for a workload without classes and tenants.
    let groups: [RequestGroup]
    private(set) var groupCounts: [GroupCounts]
    /// The class index of each of `completed`, in a workload with classes or tenants.
    private(set) var completedGroups: [Int32] = []
    let pricePerHour: Double?
    public private(set) var gaps = LatencyHistogram()
    private(set) var completed: [Completed] = []
    private(set) var unfinished: [Unfinished] = []
    private(set) var rejectedCount = 0
    private(set) var lostCount = 0
    private(set) var preemptedCount = 0
    private(set) var preemptions = 0
    private(set) var promptTokens = 0
    private(set) var outputTokens = 0
    private(set) var metSLO = 0
    private(set) var firstArrival = SimulationTime.never
    private(set) var lastCompletion = SimulationTime.zero
    private(set) var partTotals = PartTotals()

    /// - Parameters:
    ///   - slo: What attainment and goodput are about; without one they are not reported.
    ///   - pricePerHour: Dollars per hour of all GPUs of the deployment together; without one there are no costs.
    ///   - groups: Of the workload, by class index.
    ///   - expectedRequests: Room to reserve.
    public init(slo: SLO?, pricePerHour: Double?, groups: [RequestGroup] = [], expectedRequests: Int = 0) {
        self.slo = slo
        self.groups = groups
        judge = slo.map { SLOJudge($0, groups: groups) }
        groupCounts = Array(repeating: GroupCounts(), count: groups.count)
        self.pricePerHour = pricePerHour
        completed.reserveCapacity(expectedRequests)
    }

    /// - Precondition: a completed request has all its stamps and at least one output token.
    public mutating func record(_ request: RequestRecord) {
        firstArrival = min(firstArrival, request.arrival)
        preemptions += request.preemptions
        if request.preemptions > 0 { preemptedCount += 1 }
        if !groups.isEmpty { groupCounts[request.classIndex].arrived += 1 }
        switch request.outcome {
        case .rejected: rejectedCount += 1
        case .lost: lostCount += 1
        case .unfinished:
            let run = request.parts.prefillRun + request.parts.decodeRun
            unfinished.append(Unfinished(arrival: request.arrival.nanoseconds, run: run.nanoseconds))
        case .completed: recordCompleted(request)
        }
    }

    @inline(__always)
    private mutating func recordCompleted(_ request: RequestRecord) {
        guard let scheduled = request.scheduled, let ttft = request.timeToFirstToken,
            let completion = request.completion, request.outputTokens > 0
        else { preconditionFailure("completed, but never scheduled or without tokens: \(request)") }
        let parts = request.parts
        let endToEnd = completion - request.arrival
        let waiting = endToEnd - parts.prefillRun - parts.decodeRun
        completed.append(
            Completed(
                arrival: request.arrival.nanoseconds, timeToFirstToken: ttft.nanoseconds,
                endToEnd: endToEnd.nanoseconds, queueTime: (scheduled - request.arrival).nanoseconds,
                waiting: Float(waiting.seconds), outputTokens: Int32(clamping: request.outputTokens)))
        lastCompletion = max(lastCompletion, completion)
        promptTokens += request.promptTokens
        outputTokens += request.outputTokens
        let isMet = judge?.isMet(by: request) ?? false
        if isMet { metSLO += 1 }
        partTotals.add(parts)
        if groups.isEmpty { return }
        completedGroups.append(Int32(request.classIndex))
        groupCounts[request.classIndex].add(request, isMet: isMet)
    }

    public var recordsIterations: Bool { false }

    /// The distributions that are stored with a run whatever rows are kept. O(completed requests).
    public var histograms: [MetricHistogram] {
        var (timesToFirstToken, timesPerOutputToken) = (LatencyHistogram(), LatencyHistogram())
        for request in completed {
            timesToFirstToken.record(SimulationDuration(nanoseconds: request.timeToFirstToken), count: 1)
            if let tpot = request.timePerOutputToken {
                timesPerOutputToken.record(SimulationDuration(rounding: tpot), count: 1)
            }
        }
        return [(.ttft, timesToFirstToken), (.tpot, timesPerOutputToken), (.itl, gaps)].map { metric, histogram in
            MetricHistogram(metric: metric, buckets: histogram.buckets)
        }
    }

    public var tokenGaps: TokenGapRecording { .counted }
    public mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) { gaps.record(gap, count: count) }
    public mutating func recordTokenGaps(_ gaps: LatencyHistogram) { self.gaps.add(gaps) }
}

/// What is counted of the requests of one class index.
struct GroupCounts: Sendable {
    var arrived = 0
    private(set) var completed = 0
    private(set) var metSLO = 0
    private(set) var promptTokens = 0
    private(set) var outputTokens = 0

    mutating func add(_ request: RequestRecord, isMet: Bool) {
        completed += 1
        if isMet { metSLO += 1 }
        promptTokens += request.promptTokens
        outputTokens += request.outputTokens
    }
}

/// A sum of durations, in nanoseconds, wide enough for any number of them.
struct DurationSum: Sendable {
    /// What has come together since `full` last grew.
    private var open: Int64 = 0
    private var full: Int128 = 0

    var nanoseconds: Int128 { full + Int128(open) }

    @inline(__always)
    mutating func add(_ duration: SimulationDuration) {
        let (sum, isTooLong) = open.addingReportingOverflow(duration.nanoseconds)
        if isTooLong { full += Int128(open) }
        open = isTooLong ? duration.nanoseconds : sum
    }
}

/// Sums of the parts of latency.
struct PartTotals: Sendable {
    private var queue = DurationSum()
    private var prefillRun = DurationSum()
    private var prefillStalled = DurationSum()
    private var transfer = DurationSum()
    private var decodeWait = DurationSum()
    private var decodeRun = DurationSum()
    private var decodeStalled = DurationSum()
    private var preempted = DurationSum()

    @inline(__always)
    mutating func add(_ parts: LatencyParts) {
        queue.add(parts.queue)
        prefillRun.add(parts.prefillRun)
        prefillStalled.add(parts.prefillStalled)
        transfer.add(parts.transfer)
        decodeWait.add(parts.decodeWait)
        decodeRun.add(parts.decodeRun)
        decodeStalled.add(parts.decodeStalled)
        preempted.add(parts.preempted)
    }

    /// Nanoseconds in the order of `Metric.latencyParts`.
    var inOrder: [Int128] {
        [queue, prefillRun, prefillStalled, transfer, decodeWait, decodeRun, decodeStalled, preempted]
            .map(\.nanoseconds)
    }
}
