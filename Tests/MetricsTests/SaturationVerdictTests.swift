import EventKernel
import Metrics
import Testing

/// A server that takes one second per request, in order of arrival.
private struct SingleServer {
    var free = 0.0

    mutating func serve(arrival: Double, service: Double = 1) -> RequestRecord {
        let start = max(free, arrival)
        free = start + service
        func nanoseconds(_ seconds: Double) -> Int64 { SimulationDuration(rounding: seconds).nanoseconds }
        return completedRequest(
            arrival: nanoseconds(arrival), queue: nanoseconds(start) - nanoseconds(arrival),
            prefill: nanoseconds(service), decode: 0, output: 1)
    }
}

@Suite("Saturation verdict")
struct SaturationVerdictTests {
    private func poissonArrivals(rate: Double, count: Int, seed: UInt64) -> [Double] {
        var random = RandomStreams(seed: seed).stream(named: "arrivals")
        var time = 0.0
        return (0..<count).map { _ in
            time += random.exponential(mean: 1 / rate)
            return time
        }
    }

    private func verdict(_ arrivals: [Double], stoppedAt stop: Double? = nil) -> SaturationVerdict? {
        var server = SingleServer()
        var builder = RunSummaryBuilder(slo: nil, pricePerHour: nil)
        var end = SimulationTime.zero
        for arrival in arrivals {
            let record = server.serve(arrival: arrival)
            if let stop, record.completion!.seconds > stop {
                builder.record(unfinishedRequest(arrival: record.arrival.nanoseconds))
            } else {
                builder.record(record)
                end = max(end, record.completion!)
            }
        }
        if let stop { end = SimulationTime.zero + SimulationDuration(rounding: stop) }
        return builder.summary(of: outcome(end: end.nanoseconds)).saturation
    }

    @Test(
        "M/D/1 at 70 % load is stable, at 130 % overloaded, however long the trace",
        arguments: 0..<20 as Range<UInt64>, [100, 400, 2000])
    func loads(seed: UInt64, count: Int) {
        #expect(verdict(poissonArrivals(rate: 0.7, count: count, seed: seed)) == .stable)
        #expect(verdict(poissonArrivals(rate: 1.3, count: count, seed: seed)) == .overloaded)
    }

    @Test("a burst that is worked off leaves a backlogged run")
    func burst() {
        let quiet = (0..<1000).map { Double($0) * 2 }
        let burst = (0..<300).map { 600 + Double($0) * 0.01 }
        #expect(verdict((quiet + burst).sorted()) == .backlogged)
        #expect(verdict(quiet) == .stable)
    }

    @Test("an overloaded run that is stopped stays overloaded", arguments: 0..<20 as Range<UInt64>)
    func stopped(seed: UInt64) {
        let arrivals = poissonArrivals(rate: 1.3, count: 1000, seed: seed)
        #expect(verdict(arrivals, stoppedAt: arrivals.last!) == .overloaded)
        let calm = poissonArrivals(rate: 0.7, count: 1000, seed: seed)
        #expect(verdict(calm, stoppedAt: calm.last!) == .stable)
    }

    @Test("a run whose requests all wait equally long is stable")
    func constantWait() {
        var builder = RunSummaryBuilder(slo: nil, pricePerHour: nil)
        for index in 0..<200 {
            builder.record(
                completedRequest(
                    arrival: Int64(index) * 1_000_000_000, queue: 500_000_000_000, prefill: 1, decode: 1, output: 2))
        }
        #expect(builder.summary(of: outcome(end: 700_000_000_000)).saturation == .stable)
    }

    @Test("nothing can be said of few requests, or of requests that come all at once")
    func unknown() {
        #expect(verdict(poissonArrivals(rate: 5, count: SaturationVerdict.requestsNeeded - 1, seed: 1)) == nil)
        #expect(verdict([Double](repeating: 3, count: 1000)) == nil)
        #expect(verdict([]) == nil)
    }
}
