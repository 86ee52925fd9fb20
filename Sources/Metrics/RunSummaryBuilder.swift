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

    /// - Precondition: a completed request has all its stamps and at least one output token, and the parts of its latency
    ///   are not negative and sum to it.
    public mutating func record(_ request: RequestRecord) {
        firstArrival = min(firstArrival, request.arrival)
        if request.preemptions > 0 {
            preemptions += request.preemptions
            preemptedCount += 1
        }
        if !groups.isEmpty { groupCounts[request.classIndex].arrived += 1 }
        if case .completed = request.outcome { recordCompleted(request) } else { recordOther(request) }
    }

    @inline(never)
    private mutating func recordOther(_ request: RequestRecord) {
        switch request.outcome {
        case .completed: recordCompleted(request)
        case .rejected: rejectedCount += 1
        case .lost: lostCount += 1
        case .unfinished:
            let run = request.parts.prefillRun + request.parts.decodeRun
            unfinished.append(Unfinished(arrival: request.arrival.nanoseconds, run: run.nanoseconds))
        }
    }

    /// What is only added up comes first: to append calls, and what is at hand then has to be put away.
    @inline(__always)
    private mutating func recordCompleted(_ request: RequestRecord) {
        guard let scheduled = request.scheduled, let ttft = request.timeToFirstToken,
            let completion = request.completion, request.outputTokens > 0
        else { preconditionFailure("completed, but never scheduled or without tokens: \(request)") }
        let endToEnd = completion - request.arrival
        partTotals.add(request.parts, of: endToEnd)
        lastCompletion = max(lastCompletion, completion)
        promptTokens += request.promptTokens
        outputTokens += request.outputTokens
        let isMet = judge?.isMet(by: request) ?? false
        if isMet { metSLO += 1 }
        // Of its parts.
        let waiting = SimulationDuration(
            nanoseconds: endToEnd.nanoseconds &- request.parts.prefillRun.nanoseconds
                &- request.parts.decodeRun.nanoseconds)
        completed.append(
            Completed(
                arrival: request.arrival.nanoseconds, timeToFirstToken: ttft.nanoseconds,
                endToEnd: endToEnd.nanoseconds, queueTime: (scheduled - request.arrival).nanoseconds,
                waiting: Float(waiting.seconds), outputTokens: Int32(clamping: request.outputTokens)))
        if !groups.isEmpty { recordGroup(of: request, isMet: isMet) }
    }

    @inline(never)
    private mutating func recordGroup(of request: RequestRecord, isMet: Bool) {
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

/// Sums of the parts of latency, wide enough for any number of requests.
struct PartTotals: Sendable {
    /// Of the requests since `closed` last grew, and the sum of their latencies: where that fits into 64 bits, the sums of
    /// their parts do.
    private var open = LatencyParts()
    private var openLatency = SimulationDuration.zero
    /// Nanoseconds, in the order of `Metric.latencyParts`.
    private var closed = Array(repeating: Int128(0), count: Metric.latencyParts.count)

    /// - Precondition: `parts` are not negative and sum to `latency`.
    @inline(__always)
    mutating func add(_ parts: LatencyParts, of latency: SimulationDuration) {
        var (sum, isTooLong) = openLatency.nanoseconds.addingReportingOverflow(latency.nanoseconds)
        if isTooLong {
            close()
            sum = latency.nanoseconds
        }
        openLatency = SimulationDuration(nanoseconds: sum)
        open.queue.nanoseconds &+= parts.queue.nanoseconds
        open.prefillRun.nanoseconds &+= parts.prefillRun.nanoseconds
        open.prefillStalled.nanoseconds &+= parts.prefillStalled.nanoseconds
        open.transfer.nanoseconds &+= parts.transfer.nanoseconds
        open.decodeWait.nanoseconds &+= parts.decodeWait.nanoseconds
        open.decodeRun.nanoseconds &+= parts.decodeRun.nanoseconds
        open.decodeStalled.nanoseconds &+= parts.decodeStalled.nanoseconds
        open.preempted.nanoseconds &+= parts.preempted.nanoseconds
    }

    @inline(never)
    private mutating func close() {
        closed = inOrder
        open = LatencyParts()
    }

    /// Nanoseconds in the order of `Metric.latencyParts`.
    var inOrder: [Int128] {
        let parts = [
            open.queue, open.prefillRun, open.prefillStalled, open.transfer, open.decodeWait, open.decodeRun,
            open.decodeStalled, open.preempted,
        ]
        return zip(closed, parts).map { $0 + Int128($1.nanoseconds) }
    }
}
