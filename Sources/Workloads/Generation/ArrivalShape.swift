/// An arrival process but for its rate, as users name it: `poisson`, `gamma:2`, `on-off:10,30`.
public enum ArrivalShape: Hashable, Sendable {
    case evenlySpaced
    case poisson
    case gamma(coefficientOfVariation: Double)
    case weibull(shape: Double)
    /// Mean seconds with and without requests.
    case onOff(on: Double, off: Double)
    case diurnal(peakToMean: Double)
    /// At `factor` times the usual rate for `minutes` from minute `start` on; all of it again after `period` minutes.
    case spike(factor: Double, start: Int, minutes: Int, period: Int)
    /// Weights of the minutes of a cycle.
    case byMinute([Double])

    /// How each is written, for messages and help.
    public static let words =
        "poisson, even, gamma:CV, weibull:SHAPE, on-off:SECONDS,SECONDS, diurnal:PEAK, spike:FACTOR,START,MINUTES,PERIOD"
        + " or minutes:REQUESTS,REQUESTS,…"

    /// `nil` for text that is none, or that names a process nothing can be drawn from.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let values = parts.count < 2 ? [] : parts[1].split(separator: ",", omittingEmptySubsequences: false)
        let numbers = values.compactMap { DecimalText.number($0) }
        guard numbers.count == values.count, let shape = Self.shape(named: parts[0], numbers) else { return nil }
        self = shape
        // Whether the process can be drawn from at any rate at all.
        if process(rate: 1)?.problem != nil || process(rate: 1) == nil { return nil }
    }

    private static func shape(named name: Substring, _ numbers: [Double]) -> ArrivalShape? {
        switch (name, numbers.count) {
        case ("poisson", 0): .poisson
        case ("even", 0): .evenlySpaced
        case ("gamma", 1): .gamma(coefficientOfVariation: numbers[0])
        case ("weibull", 1): .weibull(shape: numbers[0])
        case ("on-off", 2): .onOff(on: numbers[0], off: numbers[1])
        case ("diurnal", 1): .diurnal(peakToMean: numbers[0])
        case ("spike", 4):
            if let start = Int(exactly: numbers[1]), let minutes = Int(exactly: numbers[2]),
                let period = Int(exactly: numbers[3])
            {
                .spike(factor: numbers[0], start: start, minutes: minutes, period: period)
            } else {
                nil
            }
        case ("minutes", 1...): .byMinute(numbers)
        default: nil
        }
    }

    /// The text that reads back as the same shape.
    public var text: String {
        switch self {
        case .evenlySpaced: "even"
        case .poisson: "poisson"
        case .gamma(let variation): "gamma:\(Self.brief(variation))"
        case .weibull(let shape): "weibull:\(Self.brief(shape))"
        case .onOff(let on, let off): "on-off:\(Self.brief(on)),\(Self.brief(off))"
        case .diurnal(let peak): "diurnal:\(Self.brief(peak))"
        case .spike(let factor, let start, let minutes, let period):
            "spike:\(Self.brief(factor)),\(start),\(minutes),\(period)"
        case .byMinute(let weights): "minutes:\(weights.map(Self.brief).joined(separator: ","))"
        }
    }

    private static func brief(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }

    /// The process of this shape with a mean rate over a long time; `nil` for numbers that describe none.
    /// - Precondition: `rate` is more than 0.
    public func process(rate: Double) -> ArrivalProcess? {
        precondition(rate > 0, "a rate of \(rate) requests/s")
        switch self {
        case .evenlySpaced: return .evenlySpaced(rate: rate)
        case .poisson: return .poisson(rate: rate)
        case .gamma(let variation): return .gamma(rate: rate, coefficientOfVariation: variation)
        case .weibull(let shape): return .weibull(rate: rate, shape: shape)
        case .onOff(let on, let off): return .onOff(rate: rate, on: on, off: off)
        case .diurnal(let peak):
            return peak >= 1 && peak <= 2 ? .diurnal(meanRate: rate, peakToMean: peak) : nil
        case .spike(let factor, let start, let minutes, let period):
            guard factor >= 0, start >= 0, minutes >= 1, period <= 100_000, start <= period - minutes else {
                return nil
            }
            let usual = rate * Double(period) / (Double(period - minutes) + factor * Double(minutes))
            guard usual.isFinite else { return nil }
            return .spike(rate: usual, spikeRate: usual * factor, minutes: start..<start + minutes, period: period)
        case .byMinute(let weights):
            let mean = weights.reduce(0, +) / Double(weights.count)
            return mean > 0 ? .poissonByMinute(weights.map { 60 * rate * $0 / mean }) : nil
        }
    }
}
