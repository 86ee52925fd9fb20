internal import CostModels
internal import EventKernel
internal import Metrics
internal import Simulator
internal import Workloads

/// The requests of a measured run, served by the simulator under the engine's rules.
///
/// The engine (README of the measured runs): first come, first served; prefill batches of up to 8,192 prompt tokens, at
/// least one request; at most 256 sequences. Its prefill worker also takes at most 64 requests, which never binds: the
/// largest measured batch has 8. Disaggregated, every prompt's KV cache is copied after its prefill batch.
struct Replay {
    var records: [RequestRecord]
    var outcome: RunOutcome

    /// - Parameter serviceTime: factor on all work, 1 for the engine as it is.
    init(_ run: ServingRun, on engine: EngineModel, serviceTime: Double = 1) throws {
        let requests = run.requests.enumerated().map { index, request in
            Request(
                index: index, arrival: SimulationTime(nanoseconds: Int64((request.arrival * 1e9).rounded())),
                promptTokens: request.promptTokens, outputTokens: request.outputTokens)
        }
        let trace = Trace(requests: requests, provenance: .init(source: "\(run.policy)", format: "measured run"))
        var source = trace.source
        var recorder = RecordKeeper()
        outcome = try Simulation(Self.configuration(run, engine, serviceTime)).run(&source, into: &recorder)
        records = recorder.records.sorted { $0.request < $1.request }
    }

    private static func configuration(
        _ run: ServingRun, _ engine: EngineModel, _ serviceTime: Double
    ) throws -> SimulationConfiguration {
        let policy = run.policy
        let costs = ScaledCostModel(base: try engine.costs(for: run), factor: serviceTime)
        let limits = EngineLimits(maxSequences: EngineModel.mostSequences, maxBatchedTokens: 8192)
        // More than the runs ever hold: memory never ran out.
        let memory = KVMemoryConfiguration(totalBlocks: 65_536)
        func pool(_ role: PoolRole, prefill: any SchedulingPolicy) -> PoolConfiguration {
            PoolConfiguration(
                name: role.rawValue, role: role, instances: 1, gpusPerInstance: 1, costModel: costs, memory: memory,
                limits: limits, prefillPolicy: prefill, decodePolicy: FCFSDecodePolicy(),
                partition: engine.partition(for: policy))
        }
        switch policy {
        case .unified: return SimulationConfiguration(pools: [pool(.unified, prefill: PrefillFirstPolicy())])
        case .semiPD, .greenContexts:
            return SimulationConfiguration(pools: [pool(.semiPD, prefill: FCFSPrefillPolicy())])
        case .disaggregated:
            return SimulationConfiguration(
                pools: [pool(.prefill, prefill: FCFSPrefillPolicy()), pool(.decode, prefill: FCFSPrefillPolicy())],
                transfer: TransferConfiguration(
                    bytesPerToken: engine.model.keyValueBytesPerToken,
                    bytesPerSecond: engine.device.nvlinkBytesPerSecond,
                    latency: SimulationDuration(rounding: engine.device.nvlinkLatencySeconds)))
        }
    }
}

private struct RecordKeeper: Recorder {
    var records: [RequestRecord] = []

    mutating func record(_ request: RequestRecord) { records.append(request) }
    var recordsIterations: Bool { false }
    var tokenGaps: TokenGapRecording { .ignored }
}
