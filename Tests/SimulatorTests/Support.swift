import CostModels
import EventKernel
import Metrics
import Simulator
import Workloads

/// Keeps everything it is given.
struct MemoryRecorder: Recorder {
    var requests: [RequestRecord] = []
    var gaps: [Int64: Int] = [:]
    var iterations: [IterationRecord] = []
    var intervals: [IntervalRecord] = []
    var transfers: [TransferRecord] = []
    var partitionChanges: [PartitionChangeRecord] = []

    var byRequest: [RequestRecord] { requests.sorted { $0.request < $1.request } }

    mutating func record(_ request: RequestRecord) { requests.append(request) }
    mutating func recordTokenGaps(_ gap: SimulationDuration, count: Int) { gaps[gap.nanoseconds, default: 0] += count }
    mutating func record(_ iterations: IterationRecord) { self.iterations.append(iterations) }
    mutating func record(_ interval: IntervalRecord) { intervals.append(interval) }
    mutating func record(_ transfer: TransferRecord) { transfers.append(transfer) }
    mutating func record(_ change: PartitionChangeRecord) { partitionChanges.append(change) }
}

/// Costs that are easy to reason about: `perPrefillToken` and `perPair` for prompts, `perSequence` and `perContext` for
/// decodes, plus `fixed`; in nanoseconds. Decode lines change slope at multiples of `segment` context tokens.
struct TestCostModel: CostModel {
    var fixed = 1_000.0
    var perPrefillToken = 100.0
    var perSequence = 500.0
    var perContext = 1.37
    var segment = 5_000
    /// Slowdown of each side beside the other, growing with what the other runs.
    var contention = 0.0

    func work(of shape: IterationShape, sms: Int) -> Work {
        let nanoseconds =
            fixed + perPrefillToken * Double(shape.prefillTokens) + perSequence * Double(shape.decodeSequences)
            + perContext * Double(shape.decodeContextTokens)
        return Work(rounding: nanoseconds / 1e9 * 100 / Double(sms))
    }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        let index = contextTokens / segment
        let slope = perContext * (1 + 0.1 * Double(index % 3))
        let scale = 1e-9 * 100 / Double(sms)
        return DecodeCostLine(
            fixed: Work(rounding: (fixed + perSequence * Double(sequences)) * scale),
            perContextToken: Work(rounding: slope * scale),
            validContext: index * segment...(index + 1) * segment - 1)
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        LaneSlowdowns(
            prefill: Slowdown(rounding: 1 + contention * Double(decode.decodeContextTokens % 977) / 977),
            decode: Slowdown(rounding: 1 + contention * Double(prefill.prefillTokens % 577) / 577))
    }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        ProvenanceShares(.given, seconds: work(of: shape, sms: sms).seconds)
    }
}

enum System: CaseIterable, CustomStringConvertible {
    case unified, semiPD, disaggregated, mixed
    /// Semi-PD with a partition that changes.
    case controlled
    /// Semi-PD with the hand-off, the evictions and the reserve of its variants.
    case handingOff
    /// Disaggregated, with layers pushed and requests that decode instances take as a whole.
    case splitwise
    /// Unified or disaggregated instances of several stages.
    case staged
    // Unified, with other policies.
    case swapping
    case vllm06, vllm06Chunked, sarathi, sglang, orca, fasterTransformer, prefillFirst

    /// Nothing but unified instances.
    var isUnified: Bool {
        switch self {
        case .semiPD, .disaggregated, .mixed, .controlled, .handingOff, .splitwise, .staged: false
        default: true
        }
    }

    /// The policy of its unified instances.
    var unifiedPolicy: any SchedulingPolicy {
        switch self {
        case .unified, .semiPD, .disaggregated, .mixed, .controlled, .handingOff, .splitwise, .staged: VLLMV1Policy()
        case .swapping: VLLM06Policy(preemption: .swap)
        case .vllm06: VLLM06Policy()
        case .vllm06Chunked: VLLM06ChunkedPolicy()
        case .sarathi: SarathiPolicy()
        case .sglang: SGLangPolicy(chunkedPrefillSize: 300)
        case .orca: OrcaPolicy()
        case .fasterTransformer: FasterTransformerPolicy()
        case .prefillFirst: PrefillFirstPolicy(maxPrefillTokens: 500)
        }
    }

    var description: String {
        switch self {
        case .unified: "unified"
        case .swapping: "vLLM 0.6 with swap"
        case .vllm06: "vLLM 0.6"
        case .vllm06Chunked: "vLLM 0.6 chunked"
        case .sarathi: "Sarathi"
        case .sglang: "SGLang"
        case .orca: "Orca"
        case .fasterTransformer: "FasterTransformer"
        case .prefillFirst: "prefill first"
        case .semiPD: "semi-PD"
        case .handingOff: "variants of semi-PD"
        case .controlled: "semi-PD under control"
        case .disaggregated: "disaggregated"
        case .mixed: "all roles behind one router"
        case .splitwise: "Splitwise"
        case .staged: "instances of several stages"
        }
    }
}

func pool(
    _ role: PoolRole, instances: Int = 1, model: any CostModel = TestCostModel(), blocks: Int = 1_000,
    blockSize: Int = 16, maxSequences: Int = 64, maxBatchedTokens: Int = 2_048,
    unifiedPolicy: any SchedulingPolicy = VLLMV1Policy(),
    partition: SMPartition = SMPartition(prefill: 100, decode: 100, total: 100)
) -> PoolConfiguration {
    PoolConfiguration(
        name: role.rawValue, role: role, instances: instances, gpusPerInstance: 1, costModel: model,
        memory: KVMemoryConfiguration(blockSize: blockSize, totalBlocks: blocks),
        limits: EngineLimits(maxSequences: maxSequences, maxBatchedTokens: maxBatchedTokens),
        prefillPolicy: role == .unified ? unifiedPolicy : FCFSPrefillPolicy(), decodePolicy: FCFSDecodePolicy(),
        partition: partition)
}

let testLink = TransferConfiguration(
    bytesPerToken: 1_000, bytesPerSecond: 1e9, latency: SimulationDuration(nanoseconds: 5_000))

/// A configuration drawn from a seed, small memories and short segments included.
func randomConfiguration(_ system: System, _ random: inout RandomStream) -> SimulationConfiguration {
    let total = 100
    let model = TestCostModel(
        fixed: Double(random.index(below: 3_000)), perPrefillToken: 1 + 200 * random.uniform(),
        perSequence: 300 * random.uniform(), perContext: 3 * random.uniform(),
        segment: 50 + random.index(below: 8_000), contention: random.index(below: 2) == 0 ? 0 : 2 * random.uniform())
    let blocks = [12, 40, 150, 2_000][random.index(below: 4)]
    let blockSize = [1, 4, 16][random.index(below: 3)]
    let sequences = 1 + random.index(below: 40)
    let budget = sequences + random.index(below: 300)
    let partition = SMPartition(
        prefill: 20 + random.index(below: 81), decode: 20 + random.index(below: 81), total: total)
    func make(_ role: PoolRole) -> PoolConfiguration {
        pool(
            role, instances: 1 + random.index(below: 3), model: model, blocks: blocks, blockSize: blockSize,
            maxSequences: sequences, maxBatchedTokens: budget, unifiedPolicy: system.unifiedPolicy,
            partition: partition)
    }
    let roles: [PoolRole] =
        switch system {
        case .semiPD, .controlled, .handingOff: [.semiPD]
        case .disaggregated, .splitwise: [.prefill, .decode]
        case .mixed: [.unified, .prefill, .decode, .semiPD]
        case .staged: random.index(below: 2) == 0 ? [.unified] : [.prefill, .decode]
        default: [.unified]
        }
    var link = testLink
    link.concurrentTransfers = 1 + random.index(below: 3)
    link.pausesDecode = random.index(below: 2) == 0
    let router = RouterPolicy.allCases[random.index(below: RouterPolicy.allCases.count)]
    let isStale = router == .leastKV || random.index(below: 3) == 0
    var configuration = SimulationConfiguration(
        pools: roles.map(make), router: router,
        signalInterval: isStale ? SimulationDuration(nanoseconds: 1 + Int64(random.index(below: 500_000))) : nil,
        transfer: link,
        sampleInterval: SimulationDuration(nanoseconds: 200_000))
    if system == .handingOff || system == .controlled, random.index(below: 2) == 0 {
        configuration.pools[0].handOff = .byMessage
    }
    if system == .staged {
        for index in configuration.pools.indices {
            let layers = (0..<1 + random.index(below: 4)).map { _ in 1 + random.index(below: 3) }
            configuration.pools[index].gpusPerInstance = layers.count
            configuration.pools[index].pipeline = PipelineStages(
                layers: layers, bytesPerToken: 100, bytesPerSecond: 1e9,
                latency: SimulationDuration(nanoseconds: Int64(random.index(below: 50))))
            if roles == [.unified], random.index(below: 2) == 0 {
                configuration.pools[index].pipeline?.scheduling = .shared
            }
        }
    }
    if system == .controlled { addRandomControl(to: &configuration.pools[0], &random) }
    if system == .handingOff {
        let evictions = FCFSDecodePolicy.Eviction.allCases
        configuration.pools[0].decodePolicy = FCFSDecodePolicy(
            eviction: evictions[random.index(below: evictions.count)])
        configuration.pools[0].prefillPolicy = FCFSPrefillPolicy(reserve: [0, 0.05, 0.4][random.index(below: 3)])
    }
    if system == .swapping || system == .handingOff || system == .disaggregated {
        for index in configuration.pools.indices {
            configuration.pools[index].memory.host = HostMemory(
                blocks: [0, 10, 1_000][random.index(below: 3)],
                secondsPerBlock: random.index(below: 2) == 0 ? 0 : 1e-6 * random.uniform())
            if system == .disaggregated, random.index(below: 2) == 0 {
                configuration.pools[index].decodePolicy = FCFSDecodePolicy(eviction: .swapLast)
            }
        }
    }
    if system == .splitwise {
        configuration.transfer?.pushedLayers = 1 + random.index(below: 40)
        configuration.mixedPoolTokens = 1 + random.index(below: 2_000)
        configuration.pools[1].decodePolicy = FCFSDecodePolicy(prefillBudget: 1 + random.index(below: 500))
        if random.index(below: 2) == 0 {
            configuration.mixedPoolMemory = [0.1, 0.5, 1][random.index(below: 3)]
            configuration.pools[0].prefillPolicy = FCFSPrefillPolicy(mixes: true)
        }
    }
    configuration.checksInvariants = true
    return configuration
}

/// Requests with gaps around what `randomConfiguration` serves, equal arrivals and single tokens included.
func randomTrace(count: Int, _ random: inout RandomStream) -> Trace {
    let meanGap = [500.0, 5_000, 50_000, 400_000][random.index(below: 4)]
    var time = SimulationTime.zero
    let requests = (0..<count).map { index in
        if random.index(below: 5) > 0 {
            time += SimulationDuration(nanoseconds: Int64(random.exponential(mean: meanGap)))
        }
        return Request(
            index: index, arrival: time, promptTokens: 1 + random.index(below: [8, 100, 400][random.index(below: 3)]),
            outputTokens: 1 + random.index(below: [1, 20, 300][random.index(below: 3)]))
    }
    return Trace(requests: requests, provenance: .init(source: "random", format: "generated"))
}

func simulate(_ configuration: SimulationConfiguration, _ trace: Trace) throws -> (MemoryRecorder, RunOutcome) {
    var recorder = MemoryRecorder()
    var source = trace.source
    let outcome = try Simulation(configuration).run(&source, into: &recorder)
    return (recorder, outcome)
}
