import CostModels
import EventKernel
import Metrics
import Simulator

let slo = SLO(timeToFirstToken: 0.5, timePerOutputToken: 0.1)

func ms(_ milliseconds: Double) -> SimulationDuration { SimulationDuration(rounding: milliseconds / 1000) }

func at(_ seconds: Double) -> SimulationTime { .zero + SimulationDuration(rounding: seconds) }

/// A window in which every request fared alike.
func window(
    ttft: Double? = nil, wait: Double = 0, tpot: Double? = nil, count: Int = 400, seconds: Double = 40,
    arrivals: Int = 400, prefillBusy: Double = 8, partition: SMPartition = .unpartitioned(100), time: Double = 40,
    load: InstanceLoad = .idle
) -> PartitionObservation {
    let first = ttft.map {
        FirstTokenSample(timeToFirstToken: ms($0), execution: ms($0 - wait), wait: ms(wait))
    }
    let completion = tpot.map { CompletionSample(internalTimePerOutputToken: $0 / 1000, outputTokens: 200) }
    return PartitionObservation(
        time: at(time), elapsed: SimulationDuration(rounding: seconds), partition: partition,
        firstTokens: first.map { Array(repeating: $0, count: count) } ?? [],
        completions: completion.map { Array(repeating: $0, count: count) } ?? [], arrivals: arrivals,
        arrivedPromptTokens: arrivals * 250, prefillBusy: SimulationDuration(rounding: prefillBusy),
        prefilledPrompts: arrivals, load: load)
}
