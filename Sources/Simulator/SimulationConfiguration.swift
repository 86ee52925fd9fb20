public import CostModels
public import EventKernel

/// Everything a run depends on besides its requests. All fields explicit; nothing is read from anywhere else.
public struct SimulationConfiguration: Sendable {
    public var pools: [PoolConfiguration]
    public var router: RouterPolicy
    /// Simulated time between two reports of the instances' loads to the router, which adds what it has sent since the
    /// last but does not hear what has been finished; `nil` for a router that always knows.
    public var signalInterval: SimulationDuration?
    /// How prompt KV travels from prefill to decode instances. Needed if there is a prefill pool.
    public var transfer: TransferConfiguration?
    /// Splitwise's mixed pool: tokens of prompts ahead of a prefill instance from which on a request goes to a decode
    /// instance instead, which prefills and decodes it in mixed batches; `nil` for roles that never mix.
    public var mixedPoolTokens: Int?
    /// The other way: the share of the KV blocks of decode instances from which on, with what requests before will hold
    /// when they end, a prefill instance keeps a request and decodes it in mixed batches; `nil` for never.
    public var mixedPoolMemory: Double?
    /// In order of time.
    public var changes: [DeploymentChange]
    /// Prices and logs every iteration instead of jumping over equal ones. Same records, bit for bit; the specification.
    public var stepByStep: Bool
    /// Simulated time between samples of every instance's state; `nil` for none.
    public var sampleInterval: SimulationDuration?
    /// Stops the run at this time and records what is left as unfinished; `nil` runs until all requests are done.
    public var stopTime: SimulationTime?
    /// Compares every running sum with what it sums after each step. Slow; for tests.
    package var checksInvariants = false

    public init(
        pools: [PoolConfiguration], router: RouterPolicy = .leastOutstanding,
        signalInterval: SimulationDuration? = nil, transfer: TransferConfiguration? = nil,
        changes: [DeploymentChange] = [], stepByStep: Bool = false,
        sampleInterval: SimulationDuration? = nil, stopTime: SimulationTime? = nil
    ) {
        self.pools = pools
        precondition(router != .leastKV || signalInterval != nil, "KV use is known from reports only")
        self.router = router
        self.signalInterval = signalInterval
        self.transfer = transfer
        precondition(zip(changes, changes.dropFirst()).allSatisfy { $0.time <= $1.time }, "changes must be in order")
        self.changes = changes
        self.stepByStep = stepByStep
        self.sampleInterval = sampleInterval
        self.stopTime = stopTime
    }
}

/// What the instances of a pool do with a request.
public enum PoolRole: String, CaseIterable, Hashable, Sendable {
    /// Prefill and decode in one engine with one lane.
    case unified
    /// Prefill only; prompt KV then goes to an instance of a decode pool.
    case prefill
    case decode
    /// Prefill and decode in two asynchronous lanes on the same GPUs, with one copy of the weights and one KV pool.
    case semiPD = "semi-pd"
}

/// Instances that are all alike.
public struct PoolConfiguration: Sendable {
    public var name: String
    public var role: PoolRole
    public var instances: Int
    /// GPUs of one instance: tensor times pipeline parallelism.
    public var gpusPerInstance: Int
    public var costModel: any CostModel
    public var memory: KVMemoryConfiguration
    public var limits: EngineLimits
    /// Forms the batches of the prefill lane, or of the only lane of a unified instance. Copied for every instance.
    public var prefillPolicy: any SchedulingPolicy
    /// Forms the batches of the decode lane; unused by unified and prefill pools.
    public var decodePolicy: any SchedulingPolicy
    /// SM caps of both lanes at the start. Unified, prefill and decode instances use all SMs.
    public var partition: SMPartition
    /// How semi-PD workers hand requests to each other.
    public var handOff = HandOff.inProcess
    /// The stages of an instance, of which each runs as many virtual engines; `nil` for one that is a single stage. Not of
    /// semi-PD pools. Virtual engines are numbered and recorded as instances, each with the GPUs of one stage. They are
    /// routed to as such and have an equal part of the KV blocks each, but where they share a scheduler: then the first has
    /// the requests that wait and the blocks of all.
    public var pipeline: PipelineStages?
    /// Changes the partition of semi-PD instances during a run; `nil` leaves it as it is. Copied for every instance.
    public var partitionControl: PartitionControl?

    public init(
        name: String, role: PoolRole, instances: Int, gpusPerInstance: Int, costModel: any CostModel,
        memory: KVMemoryConfiguration, limits: EngineLimits, prefillPolicy: any SchedulingPolicy,
        decodePolicy: any SchedulingPolicy, partition: SMPartition, partitionControl: PartitionControl? = nil
    ) {
        precondition(
            partitionControl.map { role == .semiPD && $0.inForce == partition } ?? true,
            "partition control of \(role.rawValue) instances, or from another partition than \(partition)")
        self.name = name
        self.role = role
        self.instances = instances
        self.gpusPerInstance = gpusPerInstance
        self.costModel = costModel
        self.memory = memory
        self.limits = limits
        self.prefillPolicy = prefillPolicy
        self.decodePolicy = decodePolicy
        self.partition = partition
        self.partitionControl = partitionControl
    }
}

extension PoolConfiguration {
    /// Virtual engines of an instance, or one.
    var enginesPerInstance: Int { pipeline?.count ?? 1 }

    /// Instances as they are numbered over the deployment.
    public var numberedInstances: Int { instances * enginesPerInstance }
}

/// How the workers of a semi-PD instance hand requests to each other.
public enum HandOff: String, CaseIterable, Hashable, Sendable {
    /// Both are driven by one process: prefill begins at once, and its results are there when it ends (semi-PD on DistServe).
    case inProcess = "in-process"
    /// By messages that the decode worker looks at between two iterations: prefill asks it for a batch and waits for the
    /// answer, and a first token waits for the decode worker to take it (semi-PD on SGLang).
    case byMessage = "by-message"
}

/// Paged KV memory of one instance.
public struct KVMemoryConfiguration: Hashable, Sendable {
    /// Tokens per block.
    public var blockSize: Int
    public var totalBlocks: Int
    /// Whether the KV of prompts is kept for later requests with the same beginning, where they have ids of blocks that
    /// say so. Not of decode instances.
    public var cachesPrefixes = false
    /// Where sequences go that are swapped out; `nil` for memory without end, to which copies take no time.
    public var host: HostMemory?

    public init(blockSize: Int = 16, totalBlocks: Int) {
        precondition(blockSize > 0 && totalBlocks > 0, "KV memory of \(totalBlocks) blocks of \(blockSize) tokens")
        self.blockSize = blockSize
        self.totalBlocks = totalBlocks
    }

    /// Blocks that `tokens` tokens need.
    public func blocks(for tokens: Int) -> Int { (tokens + blockSize - 1) / blockSize }
}

/// Host memory of one instance for the KV of sequences that its GPUs have no room for.
public struct HostMemory: Hashable, Sendable {
    /// As large as those of the GPUs.
    public var blocks: Int
    /// Of a copy of one block either way, all GPUs of the instance copying their shares at once. Copies lengthen the
    /// iteration that they make room for or bring sequences to: in vLLM 0.6 (`worker/cache_engine.py`) they are in the stream
    /// of its kernels.
    public var secondsPerBlock: Double

    public init(blocks: Int, secondsPerBlock: Double) {
        precondition(blocks >= 0 && secondsPerBlock >= 0, "host memory of \(blocks) blocks, \(secondsPerBlock) s each")
        self.blocks = blocks
        self.secondsPerBlock = secondsPerBlock
    }
}

/// Limits that every engine has, whatever its policy. Named after vLLM's flags.
public struct EngineLimits: Hashable, Sendable {
    /// `max_num_seqs`: sequences in an engine's running set.
    public var maxSequences: Int
    /// `max_num_batched_tokens`: tokens of one iteration.
    public var maxBatchedTokens: Int

    /// - Precondition: the token budget covers one token of every sequence, as vLLM requires.
    public init(maxSequences: Int, maxBatchedTokens: Int) {
        precondition(
            maxSequences > 0 && maxBatchedTokens >= maxSequences,
            "max_num_batched_tokens \(maxBatchedTokens) is below max_num_seqs \(maxSequences)")
        self.maxSequences = maxSequences
        self.maxBatchedTokens = maxBatchedTokens
    }
}

/// How requests are spread over the instances of a role.
public enum RouterPolicy: String, CaseIterable, Hashable, Sendable {
    case roundRobin = "round-robin"
    /// The instance with the fewest requests that it has been given and has not finished; ties to the lowest index.
    case leastOutstanding = "least-outstanding"
    /// Length-aware: the instance with the fewest tokens of prompts that it has been given and whose first token is not
    /// out; of decode instances, of requests that it has not finished.
    case leastPromptTokens = "least-prompt-tokens"
    /// KV-aware: the instance with the fewest KV blocks in use, as instances report it. Needs a signal interval.
    case leastKV = "least-kv"
    /// Cache-aware: the instance whose prefix cache holds most of the prompt, if that is more than half of it; else the
    /// one with the fewest requests outstanding. It always knows the caches, also where it knows loads from reports.
    case longestPrefix = "longest-prefix"
}

/// The path of prompt KV from prefill to decode instances.
public struct TransferConfiguration: Hashable, Sendable {
    public var bytesPerToken: Int
    /// Of the link into each decode instance and of that out of each prefill instance. Transfers that share one divide it.
    public var bytesPerSecond: Double
    /// Before the first byte of each transfer; its links count as busy.
    public var latency: SimulationDuration
    /// Transfers that a decode instance takes in at a time. DistServe pulls one after the other.
    public var concurrentTransfers: Int
    /// Whether a decode instance pulls between two iterations only and decodes nothing meanwhile, as the loop of DistServe
    /// does (`DecodingStageFCFSScheduler.post_process`, awaited before the next step).
    public var pausesDecode: Bool

    /// At which KV that arrives in another division over GPUs than its destination's is rearranged, its link still busy; `nil`
    /// where both divide it alike.
    public var layoutBytesPerSecond: Double?
    /// Splitwise's layer-wise push: the layers of the model, of which each is sent as soon as it is computed. `nil` where
    /// nothing is sent before the prompt is prefilled.
    public var pushedLayers: Int?

    /// - Precondition: at least one transfer at a time.
    public init(
        bytesPerToken: Int, bytesPerSecond: Double, latency: SimulationDuration, concurrentTransfers: Int = 1,
        pausesDecode: Bool = false
    ) {
        precondition(concurrentTransfers > 0, "\(concurrentTransfers) transfers at a time")
        self.pausesDecode = pausesDecode
        self.bytesPerToken = bytesPerToken
        self.bytesPerSecond = bytesPerSecond
        self.latency = latency
        self.concurrentTransfers = concurrentTransfers
    }

    public func duration(tokens: Int) -> SimulationDuration {
        let bytes = Double(tokens * bytesPerToken)
        let layout = layoutBytesPerSecond.map { bytes / $0 } ?? 0
        return latency + SimulationDuration(rounding: bytes / bytesPerSecond + layout)
    }

    /// What is left of a push when its prompt is prefilled, if the link was its own for `prefill` of that: at least the last
    /// layer.
    func duration(tokens: Int, beside prefill: SimulationDuration) -> SimulationDuration {
        guard let pushedLayers else { return duration(tokens: tokens) }
        let sending = duration(tokens: tokens) - latency
        let layers = Int64(pushedLayers)
        let last = SimulationDuration(nanoseconds: (sending.nanoseconds + layers - 1) / layers)
        return latency + max(last, sending - prefill)
    }
}
