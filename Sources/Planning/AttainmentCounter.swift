internal import EventKernel
public import Metrics

/// What one run showed of an SLO.
public struct AttainmentSample: Hashable, Sendable {
    /// Requests of the trace.
    public var requests: Int
    public var metTTFT: Int
    public var metTPOT: Int
    /// Requests that met both.
    public var met: Int
    /// Of the later half of the trace.
    public var metLate: Int
    /// Whether the run was broken off once more requests had missed than could decide anything: the counts then hold
    /// for a run in which all that were left meet the SLO.
    public var isBound: Bool
    public var preemptions: Int
    public var rejected: Int
    /// `nil` of a run that was broken off, or too short to tell.
    public var saturation: SaturationVerdict?

    public init(
        requests: Int, metTTFT: Int, metTPOT: Int, met: Int, metLate: Int, isBound: Bool = false, preemptions: Int = 0,
        rejected: Int = 0, saturation: SaturationVerdict? = nil
    ) {
        self.requests = requests
        self.metTTFT = metTTFT
        self.metTPOT = metTPOT
        self.met = met
        self.metLate = metLate
        self.isBound = isBound
        self.preemptions = preemptions
        self.rejected = rejected
        self.saturation = saturation
    }

    /// The share of requests that met the SLO; at most this if `isBound`.
    public var attainment: Double { Double(met) / Double(max(1, requests)) }
    public var lateAttainment: Double { Double(metLate) / Double(max(1, requests - requests / 2)) }
}

/// Counts the requests of a run that miss each limit of an SLO, and gathers its summary.
public struct AttainmentCounter: Recorder, Sendable {
    public private(set) var summary: RunSummaryBuilder
    private let slo: SLO
    private let judge: SLOJudge
    private let requests: Int
    private var missedTTFT = 0
    private var missedTPOT = 0
    private var missed = 0
    private var missedLate = 0
    private var preemptions = 0
    private var rejected = 0

    /// - Parameter requests: how many the trace has.
    /// - Parameter groups: of the trace's requests, by class index.
    public init(slo: SLO, requests: Int, groups: [RequestGroup] = [], pricePerHour: Double? = nil) {
        self.slo = slo
        judge = SLOJudge(slo, groups: groups)
        self.requests = requests
        summary = RunSummaryBuilder(
            slo: slo, pricePerHour: pricePerHour, groups: groups, expectedRequests: requests)
    }

    /// Whether so many requests have missed the SLO that its target is missed by twice the share that may miss it.
    public var isHopeless: Bool {
        Double(missed) > 2 * (1 - slo.attainmentTarget) * Double(requests) + 1
    }

    public mutating func record(_ request: RequestRecord) {
        summary.record(request)
        preemptions += request.preemptions
        if request.outcome == .rejected { rejected += 1 }
        let limits = judge.limits(of: request)
        let meetsTTFT = request.timeToFirstToken.map { $0.seconds <= limits.timeToFirstToken } ?? false
        let meetsTPOT = request.outcome == .completed && (request.timePerOutputToken ?? 0) <= limits.timePerOutputToken
        if !meetsTTFT { missedTTFT += 1 }
        if !meetsTPOT { missedTPOT += 1 }
        guard !limits.isMet(by: request) else { return }
        missed += 1
        if request.request >= requests / 2 { missedLate += 1 }
    }

    public var recordsIterations: Bool { false }

    public var tokenGaps: TokenGapRecording { summary.tokenGaps }

    public mutating func recordTokenGaps(_ gaps: LatencyHistogram) { summary.recordTokenGaps(gaps) }

    /// - Parameter saturation: `nil` of a run that was broken off.
    public func sample(isBound: Bool, saturation: SaturationVerdict?) -> AttainmentSample {
        AttainmentSample(
            requests: requests, metTTFT: requests - missedTTFT, metTPOT: requests - missedTPOT, met: requests - missed,
            metLate: requests - requests / 2 - missedLate, isBound: isBound, preemptions: preemptions,
            rejected: rejected, saturation: saturation)
    }
}
