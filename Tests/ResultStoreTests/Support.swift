import EventKernel
import Foundation
import Metrics
import ResultStore

/// A folder of its own for one test, removed at its end.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("phasewise-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String = "results.sqlite") -> String { url.appendingPathComponent(name).path }
}

func description(
    name: String = "chat", comparison: String? = nil, deployment: String = "unified", seed: UInt64 = 1,
    slo: SLO? = SLO(timeToFirstToken: 0.3, timePerOutputToken: 0.03)
) -> RunDescription {
    RunDescription(
        createdAt: "2025-11-21T10:00:00Z", name: name, comparison: comparison, deployment: deployment,
        scenario: "model: llama-3-8b\n", seed: seed, runNumber: 0, revision: "abc1234", traceSource: "synthetic",
        slo: slo, pricePerHour: 4)
}

/// Of three class indices, as synthetic requests have them; batch has more time than the others.
func descriptionWithGroups(seed: UInt64) -> RunDescription {
    let batch = ClassSLO(name: "batch", timeToFirstToken: 0.9, timePerOutputToken: 0.1, attainmentTarget: 0.5)
    var description = description(
        seed: seed, slo: SLO(timeToFirstToken: 0.3, timePerOutputToken: 0.03, classes: [batch]))
    description.groups = [
        RequestGroup(className: "chat", tenant: "a"), RequestGroup(className: "batch", tenant: "a"),
        RequestGroup(className: "batch", tenant: "b"),
    ]
    return description
}

/// Requests with all outcomes, some of one token, some without stamps.
func syntheticRequests(seed: UInt64, count: Int) -> [RequestRecord] {
    var random = RandomStreams(seed: seed).stream(named: "requests")
    var arrival = SimulationTime.zero
    return (0..<count).map { index in
        arrival += SimulationDuration(rounding: random.exponential(mean: 0.25))
        var record = RequestRecord(
            request: index, classIndex: index % 3, outcome: .completed, arrival: arrival,
            promptTokens: 1 + random.index(below: 2000), outputTokens: 1 + random.index(below: 5))
        switch random.index(below: 10) {
        case 0: record.outcome = .rejected
        case 1: record.outcome = .unfinished
        default:
            record.parts.queue = SimulationDuration(rounding: random.exponential(mean: 0.1))
            record.parts.prefillRun = SimulationDuration(rounding: random.exponential(mean: 0.1))
            if record.outputTokens > 1 {
                record.parts.decodeRun = SimulationDuration(
                    rounding: random.exponential(mean: 0.03) * Double(record.outputTokens - 1))
            }
            record.scheduled = arrival + record.parts.queue
            record.firstToken = record.scheduled! + record.parts.prefillRun
            record.completion = record.firstToken! + record.parts.decodeRun
            record.preemptions = random.index(below: 2)
            record.prefillInstance = 0
            record.decodeInstance = 1
        }
        return record
    }
}

func outcome(fingerprint: UInt64 = 0xF00D, instances: Int = 2) -> RunOutcome {
    let instances = (0..<instances).map { index in
        InstanceRecord(
            instance: index, pool: "pool \(index)", gpus: 1, totalBlocks: 100, peakBlocks: 40,
            prefillBusy: SimulationDuration(rounding: 3), decodeBusy: SimulationDuration(rounding: 2),
            prefillIterations: 10, decodeIterations: 20, preemptions: 0)
    }
    return RunOutcome(
        end: SimulationTime(nanoseconds: 60_000_000_000), arrived: 0, completed: 0, rejected: 0, unfinished: 0,
        fingerprint: fingerprint, requestNanoseconds: 0, iterations: 30, provenanceSeconds: [1, 0, 0, 1, 0],
        instances: instances)
}

extension ResultStore {
    /// Stores a run of synthetic requests.
    @discardableResult
    func storeRun(
        _ description: RunDescription = description(), keeping rows: RowKeeping = .all, requests: Int = 200
    ) throws -> StoredRun {
        var writer = try startRun(description, keeping: rows)
        for record in syntheticRequests(seed: description.seed, count: requests) { writer.record(record) }
        for gap in 1...20 {
            writer.recordTokenGaps(SimulationDuration(nanoseconds: Int64(gap) * 1_000_000), count: gap)
        }
        return try writer.commit(outcome(), wallSeconds: 0.25)
    }

    func value(_ sql: String) throws -> String? { try query(sql).rows.first?.first ?? nil }
}
