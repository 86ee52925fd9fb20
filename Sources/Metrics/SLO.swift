internal import EventKernel

/// What a user asks of a deployment: limits that a request must meet together.
public struct SLO: Hashable, Sendable {
    /// Seconds to the first token.
    public var timeToFirstToken: Double
    /// Seconds per output token after the first.
    public var timePerOutputToken: Double
    /// The share of requests that must meet both limits.
    public var attainmentTarget: Double
    /// Limits of the requests of single classes, in their place.
    public var classes: [ClassSLO]

    public init(
        timeToFirstToken: Double, timePerOutputToken: Double, attainmentTarget: Double = 0.9, classes: [ClassSLO] = []
    ) {
        self.timeToFirstToken = timeToFirstToken
        self.timePerOutputToken = timePerOutputToken
        self.attainmentTarget = attainmentTarget
        self.classes = classes
    }

    /// What holds for a class: its own limits, or those of all. Without classes of its own.
    public func limits(ofClass name: String?) -> SLO {
        let own = classes.first { $0.name == name }
        return SLO(
            timeToFirstToken: own?.timeToFirstToken ?? timeToFirstToken,
            timePerOutputToken: own?.timePerOutputToken ?? timePerOutputToken,
            attainmentTarget: own?.attainmentTarget ?? attainmentTarget)
    }

    /// Whether a request meets both limits, those of classes left aside. A request of one token has no time per output
    /// token and is judged by its first alone (DistServe); one that was not completed meets neither.
    public func isMet(by record: RequestRecord) -> Bool {
        guard record.outcome == .completed, let ttft = record.timeToFirstToken else { return false }
        return ttft.seconds <= timeToFirstToken && (record.timePerOutputToken ?? 0) <= timePerOutputToken
    }
}

/// The limits of one class.
public struct ClassSLO: Hashable, Sendable {
    public var name: String
    public var timeToFirstToken: Double
    public var timePerOutputToken: Double
    public var attainmentTarget: Double

    public init(name: String, timeToFirstToken: Double, timePerOutputToken: Double, attainmentTarget: Double) {
        self.name = name
        self.timeToFirstToken = timeToFirstToken
        self.timePerOutputToken = timePerOutputToken
        self.attainmentTarget = attainmentTarget
    }
}
