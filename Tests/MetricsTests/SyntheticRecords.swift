import EventKernel
import Metrics

/// A completed request that was served in one go: queue, prefill, decode, nothing else. Times in nanoseconds.
func completedRequest(
    _ request: Int = 0, arrival: Int64, queue: Int64, prefill: Int64, decode: Int64, prompt: Int = 100, output: Int
) -> RequestRecord {
    var parts = LatencyParts()
    parts.queue = SimulationDuration(nanoseconds: queue)
    parts.prefillRun = SimulationDuration(nanoseconds: prefill)
    parts.decodeRun = SimulationDuration(nanoseconds: decode)
    let arrival = SimulationTime(nanoseconds: arrival)
    let scheduled = arrival + parts.queue
    return RequestRecord(
        request: request, classIndex: 0, outcome: .completed, arrival: arrival, promptTokens: prompt,
        outputTokens: output, scheduled: scheduled, firstToken: scheduled + parts.prefillRun,
        completion: scheduled + parts.prefillRun + parts.decodeRun, parts: parts, prefillInstance: 0, decodeInstance: 0)
}

func unfinishedRequest(arrival: Int64) -> RequestRecord {
    RequestRecord(
        request: 0, classIndex: 0, outcome: .unfinished, arrival: SimulationTime(nanoseconds: arrival),
        promptTokens: 100, outputTokens: 10)
}

/// What the simulator would return, as far as summaries look at it.
func outcome(
    end: Int64 = 0, instances: [InstanceRecord] = [], provenanceSeconds: [Double] = [0, 0, 0, 0, 0]
) -> RunOutcome {
    RunOutcome(
        end: SimulationTime(nanoseconds: end), arrived: 0, completed: 0, rejected: 0, unfinished: 0, fingerprint: 0,
        requestNanoseconds: 0, iterations: 0, provenanceSeconds: provenanceSeconds, instances: instances)
}

func instance(gpus: Int = 1, peak: Int = 0, prefillBusy: Double = 0, decodeBusy: Double = 0) -> InstanceRecord {
    InstanceRecord(
        instance: 0, pool: "pool", gpus: gpus, totalBlocks: 1000, peakBlocks: peak,
        prefillBusy: SimulationDuration(rounding: prefillBusy), decodeBusy: SimulationDuration(rounding: decodeBusy),
        prefillIterations: 1, decodeIterations: 1, preemptions: 0)
}
