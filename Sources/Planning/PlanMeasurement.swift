/// One run that a plan wants simulated.
public struct PlanRun: Hashable, Sendable {
    public var arrangement: Arrangement
    /// The first so many requests of the load.
    public var requests: Int
    /// The draws: equal numbers are equal draws for all arrangements.
    public var replication: Int
}

/// What one run of an arrangement showed.
public struct PlanSample: Hashable, Sendable {
    public var attainment: AttainmentSample
    /// Prompt and output tokens per second; `nil` of a run that was broken off, as below.
    public var tokensPerSecond: Double?
    public var outputTokensPerSecond: Double?
    /// Mean seconds per output token.
    public var timePerOutputToken: Double?
    public var kvPeakFraction: Double?

    public init(
        attainment: AttainmentSample, tokensPerSecond: Double? = nil, outputTokensPerSecond: Double? = nil,
        timePerOutputToken: Double? = nil, kvPeakFraction: Double? = nil
    ) {
        self.attainment = attainment
        self.tokensPerSecond = tokensPerSecond
        self.outputTokensPerSecond = outputTokensPerSecond
        self.timePerOutputToken = timePerOutputToken
        self.kvPeakFraction = kvPeakFraction
    }
}

/// The answer to a `PlanRun`.
public enum PlanOutcome: Hashable, Sendable {
    case sample(PlanSample)
    /// The model does not fit, or the arrangement cannot be simulated.
    case impossible(reason: String)
}

/// What keeps an arrangement from doing with fewer GPUs.
public enum BindingLimit: String, Hashable, Sendable {
    case memory
    case ttft = "TTFT"
    case tpot = "TPOT"
    /// Requests never catch up: throughput.
    case throughput
}

/// An arrangement with what was measured of it at full length.
public struct PlanCandidate: Hashable, Sendable {
    public var arrangement: Arrangement
    /// US dollars.
    public var pricePerHour: Double
    public var samples: [PlanSample]
    public var verdict: AttainmentTest.Verdict
    /// What one instance fewer fails on; `nil` where that was not tried.
    public var binding: BindingLimit?

    public var attainment: Double {
        samples.reduce(0) { $0 + $1.attainment.attainment } / Double(max(1, samples.count))
    }

    /// The mean over the replications; `nil` if any of them was broken off.
    public func mean(_ figure: (PlanSample) -> Double?) -> Double? {
        let values = samples.compactMap(figure)
        return values.count == samples.count && !values.isEmpty
            ? values.reduce(0, +) / Double(values.count) : nil
    }

    /// Dollars for a million tokens, prompt and output, at this load.
    public var dollarsPerMillionTokens: Double? {
        mean(\.tokensPerSecond).flatMap { $0 > 0 ? pricePerHour / 3600 / $0 * 1e6 : nil }
    }
}

extension BindingLimit {
    /// The limit that runs fail on.
    init?(_ samples: [PlanSample]) {
        guard !samples.isEmpty else { return nil }
        func total(_ count: (AttainmentSample) -> Int) -> Int { samples.reduce(0) { $0 + count($1.attainment) } }
        let requests = total(\.requests)
        let missedTTFT = requests - total(\.metTTFT)
        let missedTPOT = requests - total(\.metTPOT)
        if total(\.rejected) > 0 || total(\.preemptions) * 20 > requests {
            self = .memory
            return
        }
        // A full cache holds requests back at the door, where they miss their first token.
        if missedTTFT >= missedTPOT, samples.contains(where: { $0.kvPeakFraction ?? 0 > 0.98 }) {
            self = .memory
        } else if missedTTFT + missedTPOT == 0 {
            self = .throughput
        } else {
            self = missedTTFT >= missedTPOT ? .ttft : .tpot
        }
    }
}
