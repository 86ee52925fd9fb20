internal import EventKernel

/// What a user asks of a deployment: limits that a request must meet together.
public struct SLO: Hashable, Sendable {
    /// Seconds to the first token.
    public var timeToFirstToken: Double
    /// Seconds per output token after the first.
    public var timePerOutputToken: Double
    /// The share of requests that must meet both limits.
    public var attainmentTarget: Double

    public init(timeToFirstToken: Double, timePerOutputToken: Double, attainmentTarget: Double = 0.9) {
        self.timeToFirstToken = timeToFirstToken
        self.timePerOutputToken = timePerOutputToken
        self.attainmentTarget = attainmentTarget
    }

    /// Whether a request meets both limits. A request of one token has no time per output token and is judged by its
    /// first alone (DistServe); one that was not completed meets neither.
    public func isMet(by record: RequestRecord) -> Bool {
        guard record.outcome == .completed, let ttft = record.timeToFirstToken else { return false }
        return ttft.seconds <= timeToFirstToken && (record.timePerOutputToken ?? 0) <= timePerOutputToken
    }
}
