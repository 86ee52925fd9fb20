internal import EventKernel

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// When requests arrive. Rates are requests per second unless a name says otherwise.
public enum ArrivalProcess: Hashable, Sendable {
    /// One every 1/rate seconds, the first after one gap.
    case evenlySpaced(rate: Double)
    /// Exponential gaps.
    case poisson(rate: Double)
    /// Gamma gaps: burstier than Poisson with a coefficient of variation above 1, smoother below.
    case gamma(rate: Double, coefficientOfVariation: Double)
    /// Weibull gaps: burstier than Poisson with a shape below 1, smoother above.
    case weibull(rate: Double, shape: Double)
    /// Poisson at a rate that changes by the minute: mean requests in each minute, from the start again after the last.
    case poissonByMinute([Double])
    /// Poisson for spells of a mean of `on` seconds, nothing for spells of a mean of `off` seconds, both exponential; the
    /// rate is the mean of both (an interrupted Poisson process: Fischer and Meier-Hellstern, 1993). Starts with requests.
    case onOff(rate: Double, on: Double, off: Double)
    case bursts(BurstModel)

    /// Mean requests per second over a long time.
    public var meanRate: Double {
        switch self {
        case .evenlySpaced(let rate), .poisson(let rate), .gamma(let rate, _), .weibull(let rate, _),
            .onOff(let rate, _, _):
            rate
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
        if case .weibull(_, let shape) = self, !(shape >= 0.1 && shape <= 100) {
            return "Weibull shape \(shape), expected 0.1 to 100"
        }
        if case .onOff(let rate, let on, let off) = self,
            // Fewer than one request in a thousand spells would make the wait for one long to draw.
            !(on >= 1e-3 && off >= 1e-3 && on <= 1e6 && off <= 1e6) || rate * (on + off) < 1e-3
        {
            return
                "spells of \(on) s with and \(off) s without requests, expected 1e-3 to 1e6 s, and at least 1e-3 requests "
                + "in a pair of them"
        }
        // Within these bounds gaps fit into nanoseconds and the search for the next busy minute ends soon.
        return meanRate >= 1e-6 && meanRate <= 1e8 ? nil : "mean rate \(meanRate) requests/s, expected 1e-6 to 1e8"
    }
}

extension ArrivalProcess {
    /// Poisson at a rate that follows the day as a cosine: lowest at the start, highest twelve hours later.
    /// - Parameter peakToMean: 1 for a constant rate, 2 for nights without requests.
    public static func diurnal(meanRate: Double, peakToMean: Double) -> ArrivalProcess {
        precondition(peakToMean >= 1 && peakToMean <= 2, "a peak of \(peakToMean) times the mean, expected 1 to 2")
        return .poissonByMinute(
            (0..<1440).map { minute in
                let phase = 2 * Double.pi * (Double(minute) + 0.5) / 1440
                return 60 * meanRate * (1 - (peakToMean - 1) * cos(phase))
            })
    }

    /// Poisson at one rate, but at another for some minutes; all of it again after `period` minutes.
    public static func spike(rate: Double, spikeRate: Double, minutes: Range<Int>, period: Int) -> ArrivalProcess {
        precondition(
            minutes.lowerBound >= 0 && minutes.upperBound <= period, "a spike in \(minutes) of \(period) minutes")
        return .poissonByMinute((0..<period).map { 60 * (minutes.contains($0) ? spikeRate : rate) })
    }
}

/// Draws the arrivals of a process one after the other.
struct ArrivalSampler: Sendable {
    private let process: ArrivalProcess
    private var stream: RandomStream
    private var count = 0
    /// Requests still to come in the current burst, if they come in bursts.
    private var leftInBurst = 0
    /// Seconds that the current spell with requests still lasts, if they come in spells.
    private var leftInSpell: Double?
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
        case .weibull(let rate, let shape):
            // The mean of a Weibull is its scale times Γ(1 + 1/shape); its quantile at u is scale·(-ln(1 - u))^(1/shape).
            let scale = 1 / (rate * tgamma(1 + 1 / shape))
            latest += SimulationDuration(rounding: scale * pow(stream.exponential(mean: 1), 1 / shape))
        case .poissonByMinute(let requests):
            latest = nextByMinute(requests)
        case .onOff(let rate, let on, let off):
            latest += SimulationDuration(rounding: nextGap(rate: rate * (on + off) / on, on: on, off: off))
        case .bursts(let model):
            latest += SimulationDuration(rounding: nextGap(model))
        }
        return latest
    }

    private mutating func nextGap(rate: Double, on: Double, off: Double) -> Double {
        var wait = stream.exponential(mean: 1 / rate)
        var left = leftInSpell ?? stream.exponential(mean: on)
        var gap = 0.0
        // Ends: each spell takes a share of the wait that `problem` keeps away from zero.
        while wait > left {
            gap += left + stream.exponential(mean: off)
            wait -= left
            left = stream.exponential(mean: on)
        }
        leftInSpell = left - wait
        return gap + wait
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
