internal import EventKernel

/// When requests arrive. Rates are requests per second unless a name says otherwise.
public enum ArrivalProcess: Hashable, Sendable {
    /// One every 1/rate seconds, the first after one gap.
    case evenlySpaced(rate: Double)
    /// Exponential gaps.
    case poisson(rate: Double)
    /// Gamma gaps: burstier than Poisson with a coefficient of variation above 1, smoother below.
    case gamma(rate: Double, coefficientOfVariation: Double)
    /// Poisson at a rate that changes by the minute: mean requests in each minute, from the start again after the last.
    case poissonByMinute([Double])
    case bursts(BurstModel)

    /// Mean requests per second over a long time.
    public var meanRate: Double {
        switch self {
        case .evenlySpaced(let rate), .poisson(let rate), .gamma(let rate, _): rate
        case .poissonByMinute(let requests): requests.reduce(0, +) / Double(requests.count) / 60
        case .bursts(let model): model.meanRate
        }
    }

    /// Why no arrivals can be drawn from this, in words for a message; `nil` if all is well.
    public var problem: String? {
        if case .poissonByMinute(let requests) = self,
            !requests.allSatisfy({ $0 >= 0 && $0.isFinite }) || requests.isEmpty
        {
            return "requests per minute must be finite numbers of at least 0, and at least one of them"
        }
        if case .gamma(_, let variation) = self, !(variation >= 0.01 && variation <= 100) {
            return "coefficient of variation \(variation), expected 0.01 to 100"
        }
        // Within these bounds gaps fit into nanoseconds and the search for the next busy minute ends soon.
        return meanRate >= 1e-6 && meanRate <= 1e8 ? nil : "mean rate \(meanRate) requests/s, expected 1e-6 to 1e8"
    }
}

/// Draws the arrivals of a process one after the other.
struct ArrivalSampler: Sendable {
    private let process: ArrivalProcess
    private var stream: RandomStream
    private var count = 0
    /// Requests still to come in the current burst, if they come in bursts.
    private var leftInBurst = 0
    private var latest = SimulationTime.zero

    init(_ process: ArrivalProcess, stream: RandomStream) {
        self.process = process
        self.stream = stream
    }

    mutating func next() -> SimulationTime {
        count += 1
        switch process {
        case .evenlySpaced(let rate):
            // From the count, so that rounding does not add up.
            latest = .zero + SimulationDuration(rounding: Double(count) / rate)
        case .poisson(let rate):
            latest += SimulationDuration(rounding: stream.exponential(mean: 1 / rate))
        case .gamma(let rate, let variation):
            let shape = 1 / (variation * variation)
            latest += SimulationDuration(rounding: stream.gamma(shape: shape, scale: 1 / (rate * shape)))
        case .poissonByMinute(let requests):
            latest = nextByMinute(requests)
        case .bursts(let model):
            latest += SimulationDuration(rounding: nextGap(model))
        }
        return latest
    }

    private mutating func nextGap(_ model: BurstModel) -> Double {
        leftInBurst -= 1
        if leftInBurst > 0 { return model.drawGap(&stream) }
        leftInBurst = max(1, Int(model.requestsPerBurst.draw(&stream).rounded()))
        // The trace starts with a burst.
        return count == 1 ? 0 : model.longestGap + model.pauseExcess.draw(&stream)
    }

    /// The time at which the expected number of arrivals since the last one reaches an exponential draw of mean 1.
    private mutating func nextByMinute(_ requests: [Double]) -> SimulationTime {
        let minuteLength: Int64 = 60_000_000_000
        var wait = stream.exponential(mean: 1)
        var time = latest.nanoseconds
        // Ends: a cycle of minutes takes a share of the draw that `problem` keeps away from zero.
        while true {
            let minute = time / minuteLength
            let end = (minute + 1) * minuteLength
            let rate = requests[Int(minute) % requests.count] / Double(minuteLength)
            let expected = rate * Double(end - time)
            if wait < expected { return SimulationTime(nanoseconds: min(end, time + Int64((wait / rate).rounded()))) }
            wait -= expected
            time = end
        }
    }
}
