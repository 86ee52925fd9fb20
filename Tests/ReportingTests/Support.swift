import EventKernel
import Foundation
import Metrics
import ResultStore
import Testing

/// The summary of a queue of one server that takes `service` seconds per request, fed at a constant rate.
func summary(
    rate: Double, service: Double, gpus: Int = 1, requests: Int = 400, price: Double? = 4,
    slo: SLO? = SLO(timeToFirstToken: 0.5, timePerOutputToken: 0.08)
) -> RunSummary {
    var builder = RunSummaryBuilder(slo: slo, pricePerHour: price.map { $0 * Double(gpus) })
    var free = SimulationTime.zero
    var end = SimulationTime.zero
    for index in 0..<requests {
        let arrival = SimulationTime.zero + SimulationDuration(rounding: Double(index) / rate)
        let start = max(free, arrival)
        // Every third request has one token.
        let tokens = index % 3 == 0 ? 1 : 5 + index % 7
        var parts = LatencyParts()
        parts.queue = start - arrival
        parts.prefillRun = SimulationDuration(rounding: service)
        let gap = SimulationDuration(rounding: service / 8 * (1 + Double(index % 11) / 10))
        for _ in 1..<tokens { parts.decodeRun += gap }
        if tokens > 1 { builder.recordTokenGaps(gap, count: tokens - 1) }
        free = start + parts.prefillRun
        end = free + parts.decodeRun
        builder.record(
            RequestRecord(
                request: index, classIndex: 0, outcome: .completed, arrival: arrival, promptTokens: 100,
                outputTokens: tokens, scheduled: start, firstToken: free, completion: end, parts: parts,
                preemptions: index % 50 == 0 ? 1 : 0))
    }
    let instances = (0..<gpus).map { index in
        InstanceRecord(
            instance: index, pool: "pool", gpus: 1, totalBlocks: 1000, peakBlocks: 437,
            prefillBusy: SimulationDuration(rounding: service * Double(requests)), decodeBusy: .zero,
            prefillIterations: requests, decodeIterations: 0, preemptions: 0)
    }
    return builder.summary(
        of: RunOutcome(
            end: end, arrived: requests, completed: requests, rejected: 0, unfinished: 0, fingerprint: 0,
            requestNanoseconds: 0, iterations: requests, provenanceSeconds: [0, 3, 0, 1, 0], instances: instances))
}

/// The summary of a run in which nothing happened.
func emptySummary(slo: SLO? = SLO(timeToFirstToken: 0.5, timePerOutputToken: 0.05)) -> RunSummary {
    RunSummaryBuilder(slo: slo, pricePerHour: 4).summary(
        of: RunOutcome(
            end: .zero, arrived: 0, completed: 0, rejected: 0, unfinished: 0, fingerprint: 0, requestNanoseconds: 0,
            iterations: 0, provenanceSeconds: [0, 0, 0, 0, 0], instances: []))
}

func storedRun(_ summary: RunSummary, id: Int64 = 3, name: String = "chat", deployment: String = "unified") -> StoredRun
{
    StoredRun(
        id: id,
        description: RunDescription(
            createdAt: "2025-11-21T10:00:00Z", name: name, comparison: "chat at 2 requests/s", deployment: deployment,
            scenario: "model: llama-3-8b\n", seed: 1, runNumber: 0, revision: "abc1234", traceSource: "synthetic",
            slo: summary.slo, pricePerHour: 4),
        rowsKept: .all, gpus: summary.count(.gpus), iterations: 400, fingerprint: 0xF00D, wallSeconds: 0.0125,
        summary: summary)
}

/// Compares with a file in Tests/Golden, or writes it if the environment says PHASEWISE_REWRITE_GOLDENS.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden").appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["PHASEWISE_REWRITE_GOLDENS"] != nil {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try text == String(contentsOf: file, encoding: .utf8), sourceLocation: sourceLocation)
}
