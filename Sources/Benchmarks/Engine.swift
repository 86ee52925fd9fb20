import CostModels
import EventKernel
import Metrics
import Simulator
import Workloads

// The engine alone: no file is read, and nothing is stored.

extension Benchmark {
    static var serving: [Benchmark] {
        [
            serving("unified-1", .unified, rate: 1, bar: 2e6),
            serving("unified-4", .unified, rate: 4, bar: 3e6),
            serving("unified-8", .unified, rate: 8, bar: 3e6),
            serving("disaggregated-4", .disaggregated, rate: 4, bar: 1.5e6),
            serving("semi-pd-4", .semiPD, rate: 4, bar: 1e6),
            serving("semi-pd-controlled-4", .controlledSemiPD, rate: 4, bar: 0.7e6),
            uniform,
        ]
    }

    /// One instance, or one of each role, and requests in the shape of Azure's conversation trace.
    private static func serving(_ name: String, _ way: ServingWay, rate: Double, bar: Double) -> Benchmark {
        Benchmark(name: name, size: 200_000, bar: .perSecond(bar, unit: "requests")) { size in
            let trace = conversation(size, rate: rate)
            return { try simulate(way.configuration(), trace.source, summary(of: size)) }
        }
    }

    /// One unified instance, 1,024 prompt and 200 output tokens, 8 requests/s.
    private static var uniform: Benchmark {
        Benchmark(name: "uniform-1024-200", size: 10_000, bar: .seconds(0.02)) { size in
            let requests = (0..<size).map {
                Request(
                    index: $0, arrival: SimulationTime(nanoseconds: Int64($0) * 125_000_000), promptTokens: 1_024,
                    outputTokens: 200)
            }
            let trace = Trace(requests: requests, provenance: .init(source: "uniform", format: "generated"))
            return { try simulate(ServingWay.unified.configuration(), trace.source, summary(of: size)) }
        }
    }

    static var stepping: [Benchmark] {
        [stepping("step-batch-17", batch: 17, bar: 3e6), stepping("step-batch-68", batch: 68, bar: 1e6)]
    }

    /// Batches that stay full, every iteration priced and booked.
    static func stepping(_ name: String, batch: Int, bar: Double) -> Benchmark {
        Benchmark(name: name, size: 20_000, bar: .perSecond(bar, unit: "iterations")) { size in
            let trace = batches(size)
            return {
                var configuration = ServingWay.unified.configuration(maxSequences: batch)
                configuration.stepByStep = true
                return try simulate(configuration, trace.source, summary(of: size), counting: \.iterations)
            }
        }
    }

    /// 1,000 instances behind the least-outstanding router, with requests that are made as they arrive.
    static var cluster: Benchmark { cluster(instances: 1_000) }

    static func cluster(instances: Int) -> Benchmark {
        let bar = Bar.perSecond(1e7 / 60, unit: "requests")
        return Benchmark(name: "cluster-\(instances)", size: 10_000_000, bar: bar, repetitions: 1) { size in
            let trace = conversation(min(size, 50_000), rate: 4 * Double(instances))
            return {
                let configuration = ServingWay.unified.configuration(instances: instances)
                return try simulate(configuration, RepeatedTrace(trace, requests: size), NoRecorder())
            }
        }
    }
}

/// How one GPU, or one for each role, serves.
enum ServingWay {
    case unified, disaggregated, semiPD
    /// With the controller of the semi-PD paper.
    case controlledSemiPD

    private var roles: [PoolRole] {
        switch self {
        case .unified: [.unified]
        case .disaggregated: [.prefill, .decode]
        case .semiPD, .controlledSemiPD: [.semiPD]
        }
    }

    /// Prices of a device with so many SMs.
    typealias Costs = (model: any CostModel, sms: Int)

    /// Roughly a 7B model on an A100: 9 ms for a small decode batch, 25 µs for a prompt token. With two lanes, prefill
    /// feels the loss of SMs and decode a fifth of it.
    static var affineCosts: Costs {
        let model = AffineCostModel(
            streamingMultiprocessors: 108,
            prefill: .init(
                constantSeconds: 0.006, secondsPerToken: 25e-6, secondsPerSquaredToken: 1e-10,
                smResponse: .init(scaling: 1, fixed: 0.25)),
            decode: .init(
                constantSeconds: 0.009, secondsPerContextToken: 6e-8, secondsPerSequence: 2e-5,
                smResponse: .init(scaling: 0.2, fixed: 0.8)))
        return (model, 108)
    }

    func configuration(
        instances: Int = 1, maxSequences: Int = 256, costs: Costs = Self.affineCosts
    ) -> SimulationConfiguration {
        let partition = SMPartition.percent(prefill: 80, decode: 100, of: costs.sms)
        let controller = PaperController(
            slo: SLO(timeToFirstToken: 0.5, timePerOutputToken: 0.05, attainmentTarget: 0.9), mechanism: .mps,
            initial: SMPercentages(prefill: 80, decode: 100))
        let control = PartitionControl(controller, initial: partition, cost: PartitionMechanism.mps.switchCost)
        let pools = roles.map { role in
            PoolConfiguration(
                name: role.rawValue, role: role, instances: instances, gpusPerInstance: 1, costModel: costs.model,
                memory: KVMemoryConfiguration(totalBlocks: 30_000),
                limits: EngineLimits(maxSequences: maxSequences, maxBatchedTokens: 8_192),
                prefillPolicy: role == .unified ? VLLMV1Policy() : FCFSPrefillPolicy(),
                decodePolicy: FCFSDecodePolicy(), partition: partition,
                partitionControl: self == .controlledSemiPD ? control : nil)
        }
        let link = TransferConfiguration(bytesPerToken: 131_072, bytesPerSecond: 1e11, latency: .zero)
        return SimulationConfiguration(pools: pools, transfer: link)
    }
}

/// Runs a simulation and counts something of it.
func simulate(
    _ configuration: SimulationConfiguration, _ source: some RequestSource,
    _ recorder: some Recorder,
    counting count: (RunOutcome) -> Int = { $0.arrived }
) throws -> Benchmark.Done {
    var (source, recorder) = (source, recorder)
    return Benchmark.Done(count: count(try Simulation(configuration).run(&source, into: &recorder)))
}

/// With room for as many requests as will come, as `phasewise` has it.
func summary(of requests: Int) -> RunSummaryBuilder {
    RunSummaryBuilder(slo: nil, pricePerHour: nil, expectedRequests: requests)
}

/// Counts nothing: memory that grows would be the engine's.
struct NoRecorder: Recorder {
    mutating func record(_ request: RequestRecord) {}
    var recordsIterations: Bool { false }
    var tokenGaps: TokenGapRecording { .ignored }
}
