internal import EventKernel

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Arrival rate and mean lengths of late: averages in which what is `memory` old counts 1/e.
struct DemandEstimate: Hashable, Sendable {
    private let memorySeconds: Double
    private var time = 0.0
    private var arrivals = 0.0
    private var promptTokens = 0.0
    private var completions = 0.0
    private var outputTokens = 0.0

    init(memory: SimulationDuration) { memorySeconds = memory.seconds }

    mutating func observe(_ observation: PartitionObservation) {
        let elapsed = observation.elapsed.seconds
        let kept = exp(-elapsed / memorySeconds)
        time = time * kept + elapsed
        arrivals = arrivals * kept + Double(observation.arrivals)
        promptTokens = promptTokens * kept + Double(observation.arrivedPromptTokens)
        completions = completions * kept + Double(observation.completions.count)
        outputTokens = outputTokens * kept + Double(observation.completions.reduce(0) { $0 + $1.outputTokens })
    }

    /// Requests per second; 0 before any time has passed.
    var arrivalRate: Double { time > 0 ? arrivals / time : 0 }
    /// `nil` before the first arrival.
    var meanPromptTokens: Double? { arrivals > 0 ? promptTokens / arrivals : nil }
    /// `nil` before the first completion.
    var meanOutputTokens: Double? { completions > 0 ? outputTokens / completions : nil }
}
