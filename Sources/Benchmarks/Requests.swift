import EventKernel
import Workloads

/// Requests with the lengths and the burstiness of Azure's conversation trace, at another rate.
func conversation(_ requests: Int, rate: Double) -> Trace {
    let model = WorkloadPreset.azureConv.model
    let trace = WorkloadGenerator.trace(model, requests: max(2, requests), streams: RandomStreams(seed: 1))
    guard let scaled = trace.rescaled(toRate: rate) else { preconditionFailure("\(requests) requests have no rate") }
    return scaled
}

/// Requests of 100 to 500 output tokens that are all there from the start.
func batches(_ requests: Int) -> Trace {
    var random = RandomStreams(seed: 1).stream(named: "lengths")
    let requests = (0..<requests).map {
        Request(
            index: $0, arrival: .zero, promptTokens: 200 + random.index(below: 2_000),
            outputTokens: 100 + random.index(below: 400))
    }
    return Trace(requests: requests, provenance: .init(source: "batches", format: "generated"))
}

/// A trace again and again, one request at a time.
struct RepeatedTrace: RequestSource {
    private let trace: [Request]
    private let period: SimulationDuration
    private let requests: Int
    private var made = 0
    private var position = 0
    private var round = SimulationTime.zero

    init(_ trace: Trace, requests: Int) {
        self.trace = trace.requests
        self.requests = requests
        period = trace.duration + SimulationDuration(nanoseconds: 1)
    }

    mutating func next() -> Request? {
        guard made < requests else { return nil }
        if position == trace.count {
            position = 0
            round += period
        }
        var request = trace[position]
        request.index = made
        request.arrival = round + (request.arrival - trace[0].arrival)
        made += 1
        position += 1
        return request
    }
}
