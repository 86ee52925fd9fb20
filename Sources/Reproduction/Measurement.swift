internal import EventKernel
internal import Metrics
internal import Simulator
internal import Workloads

/// What is read off a run. Latencies in milliseconds, shares between 0 and 1.
public enum Quantity: Int, CaseIterable, Sendable {
    case meanTTFT, p50TTFT, p90TTFT, p99TTFT
    case meanTPOT, p50TPOT, p90TPOT, p99TPOT
    /// Share of requests within the limits of Table 2.
    case tightAttainment, looseAttainment
    /// Largest share of its KV memory that the first and the last instance ever held: prefill and decode, if two.
    case firstPeakMemory, lastPeakMemory
}

/// The quantities of one run.
struct Measurement: Sendable {
    private var values: [Double]

    subscript(_ quantity: Quantity) -> Double { values[quantity.rawValue] }

    /// Serves `trace` to its end.
    init(_ system: ServingSystem, _ trace: Trace, limits workload: PaperWorkload) {
        self = Self.inTurn(system, [trace], limits: workload)[0]
    }

    /// Serves one trace after the other without starting the system anew. Of memory, all have the peaks of the whole.
    static func inTurn(_ system: ServingSystem, _ traces: [Trace], limits workload: PaperWorkload) -> [Measurement] {
        var source = RatesInTurn(traces)
        var ends: [Int] = []
        for trace in traces { ends.append((ends.last ?? 0) + trace.requests.count) }
        var latencies = LatenciesInTurn(
            ends: ends, of: Latencies(tight: workload.tight.onServer, loose: workload.loose.onServer))
        let outcome: RunOutcome
        do { outcome = try Simulation(system.configuration).run(&source, into: &latencies) } catch {
            preconditionFailure("a trace in memory cannot fail: \(error)")
        }
        precondition(
            outcome.completed == ends[ends.count - 1], "\(system.name): \(outcome.completed) requests completed")
        return zip(latencies.runs, traces).map { Measurement($0, requests: $1.requests.count, outcome) }
    }

    private init(_ latencies: Latencies, requests: Int, _ outcome: RunOutcome) {
        let (ttft, tpot) = (
            Distribution(of: latencies.timesToFirstToken), Distribution(of: latencies.timesPerOutputToken)
        )
        let peaks = outcome.instances.map { Double($0.peakBlocks) / Double($0.totalBlocks) }
        values = Quantity.allCases.map { quantity in
            switch quantity {
            case .meanTTFT: ttft[.mean] ?? 0
            case .p50TTFT: ttft[.p50] ?? 0
            case .p90TTFT: ttft[.p90] ?? 0
            case .p99TTFT: ttft[.p99] ?? 0
            case .meanTPOT: tpot[.mean] ?? 0
            case .p50TPOT: tpot[.p50] ?? 0
            case .p90TPOT: tpot[.p90] ?? 0
            case .p99TPOT: tpot[.p99] ?? 0
            case .tightAttainment: Double(latencies.withinTight) / Double(requests)
            case .looseAttainment: Double(latencies.withinLoose) / Double(requests)
            case .firstPeakMemory: peaks[0]
            case .lastPeakMemory: peaks[peaks.count - 1]
            }
        }
    }
}

/// Keeps the latencies of several runs apart.
private struct LatenciesInTurn: Recorder {
    /// By run, the number of requests up to its end.
    private let ends: [Int]
    private(set) var runs: [Latencies]

    init(ends: [Int], of empty: Latencies) {
        self.ends = ends
        runs = Array(repeating: empty, count: ends.count)
    }

    mutating func record(_ request: RequestRecord) {
        guard let run = ends.firstIndex(where: { request.request < $0 }) else { return }
        runs[run].record(request)
    }

    var recordsIterations: Bool { false }

    var tokenGaps: TokenGapRecording { .ignored }
}

/// Keeps the latencies of a run, in milliseconds.
private struct Latencies {
    let tight: SLO
    let loose: SLO
    var timesToFirstToken: [Double] = []
    var timesPerOutputToken: [Double] = []
    var withinTight = 0
    var withinLoose = 0

    init(tight: SLO, loose: SLO) {
        self.tight = tight
        self.loose = loose
    }

    mutating func record(_ request: RequestRecord) {
        if let ttft = request.timeToFirstToken {
            timesToFirstToken.append((ttft + Llama8BOnA100.requestLatency).seconds * 1e3)
        }
        if let tpot = request.timePerOutputToken { timesPerOutputToken.append(tpot * 1e3) }
        if tight.isMet(by: request) { withinTight += 1 }
        if loose.isMet(by: request) { withinLoose += 1 }
    }
}

extension SLO {
    /// What is left of the limits on a client's latencies once the request is where the simulation begins.
    var onServer: SLO {
        SLO(
            timeToFirstToken: timeToFirstToken - Llama8BOnA100.requestLatency.seconds,
            timePerOutputToken: timePerOutputToken, attainmentTarget: attainmentTarget)
    }
}
