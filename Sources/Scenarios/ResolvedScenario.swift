public import CostModels
public import Metrics
public import Simulator
public import Workloads

/// A scenario with nothing left open: defaults filled in, deployments expanded into pools and replicated for equal
/// footing. Two scenarios that are equal give the same run; `yaml` writes one that resolves to the same again.
public struct ResolvedScenario: Hashable, Sendable {
    public var name: String
    public var workload: ResolvedWorkload
    /// The id or path that was given.
    public var modelReference: String
    public var model: ModelArchitecture
    /// Id of a runtime profile: the host cost of an engine.
    public var runtime: String
    /// `nil` for measured kernels where the device has them.
    public var costModel: CostModelChoice?
    /// `nil` where the user asks for no limits: attainment and goodput are then not defined.
    public var slo: SLO?
    public var seed: UInt64
    /// The replication number.
    public var run: UInt64
    public var equalFooting: EqualFooting
    /// Prices that replace those of the device profiles, by device id, in order of id.
    public var prices: [DevicePrice]
    public var deployments: [ResolvedDeployment]
}

/// What prices iterations.
public enum CostModelChoice: String, CaseIterable, Sendable {
    /// Sums of measured kernels.
    case tables
    /// Fitted efficiencies against datasheet bounds.
    case roofline
}

/// The requests of a run.
public struct ResolvedWorkload: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
        /// A trace file; the format is recognised by content where it is not given.
        case trace(path: String, format: String?)
        /// A generator's preset, drawn from the scenario's seed.
        case generator(String)
    }

    public var source: Source
    public var arrivals: ResolvedArrivals
    /// The mean arrival rate to rescale to, requests per second over the whole deployment; `nil` keeps the source's.
    public var requestsPerSecond: Double?
    /// Only the first so many requests; `nil` for all. Generators always have one.
    public var requests: Int?
    /// What is taken of the source before its requests are counted.
    public var selection = TraceSelection()
    /// Users who wait for answers send the requests, in their order; `nil` where arrivals do not depend on answers.
    public var closedLoop: ClosedLoopModel?
    /// How sessions of a trace are replayed.
    public var sessions = SessionReplay.closed
}

/// What the later requests of a recorded session wait for.
public enum SessionReplay: String, CaseIterable, Hashable, Sendable {
    /// For the answers of the simulated system, and the pauses after them.
    case closed
    /// For nothing: arrivals are as recorded, or after pauses alone.
    case open
}

/// When the requests of a workload arrive.
public enum ResolvedArrivals: Hashable, Sendable {
    /// As the trace has them, or as the generator's preset draws them.
    case recorded
    /// Drawn from the scenario's seed.
    case drawn(ArrivalShape)

    /// `recorded` or the text of a shape; `nil` for anything else.
    init?(_ text: String) {
        if text == "recorded" {
            self = .recorded
        } else if let shape = ArrivalShape(text) {
            self = .drawn(shape)
        } else {
            return nil
        }
    }

    public var text: String {
        switch self {
        case .recorded: "recorded"
        case .drawn(let shape): shape.text
        }
    }
}

/// What a comparison holds equal.
public enum EqualFooting: String, CaseIterable, Hashable, Sendable {
    /// Deployments are replicated until all use the same number of GPUs.
    case gpus
    /// Deployments are replicated as often as fits the price of the dearest.
    case cost
    /// As they stand.
    case none
}

public struct DevicePrice: Hashable, Sendable {
    public var device: String
    /// US dollars for one GPU for one hour.
    public var pricePerHour: Double
}

/// One column of a comparison: pools behind a router.
public struct ResolvedDeployment: Hashable, Sendable {
    public var name: String
    public var router: RouterPolicy
    /// Between two reports of loads to the router; `nil` if it always knows.
    public var signalIntervalSeconds: Double?
    public var pools: [ResolvedPool]
    /// Into each decode instance; `nil` without a prefill pool.
    public var link: ResolvedLink?
    /// Prompt tokens ahead of a prefill instance from which on decode instances take requests; `nil` for never.
    public var mixedPoolTokens: Int?
    /// Share of the decode instances' KV blocks, promised, from which on prefill instances keep requests; `nil` for never.
    public var mixedPoolMemory: Double?
    /// In order of time; places count from 0 within a pool.
    public var changes: [ResolvedChange] = []

    public var gpus: Int { pools.reduce(0) { $0 + $1.gpus } }
    /// US dollars.
    public var pricePerHour: Double { pools.reduce(0) { $0 + Double($1.gpus) * $1.device.pricePerHour } }
}

/// Something that changes while a deployment serves.
public struct ResolvedChange: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case fail(pool: String, instance: Int, requests: InterruptedRequests)
        case join(pool: String, instance: Int)
        /// To another pool's role, in service again so many seconds after it has drained.
        case flip(pool: String, instance: Int, to: String, restart: Double)
        /// Bytes per second.
        case link(bandwidth: Double)
    }

    public var seconds: Double
    public var kind: Kind
}

public struct ResolvedLink: Hashable, Sendable {
    public var bytesPerSecond: Double
    public var latencySeconds: Double
    /// Transfers that a decode instance takes in at a time.
    public var concurrentTransfers = 1
    /// Bytes per second at which KV is rearranged on arrival; `nil` where both sides divide it alike.
    public var layoutBytesPerSecond: Double?
    /// Whether layers are sent beside the prefill of those after them.
    public var isLayerWise = false
    /// Whether a decode instance pulls between two iterations only, and decodes nothing meanwhile.
    public var pausesDecode = false
}

/// Instances that are all alike.
public struct ResolvedPool: Hashable, Sendable {
    /// How much KV memory an instance has.
    public enum KVMemory: Hashable, Sendable {
        /// What is left of this share of HBM after weights and working memory.
        case utilization(Double)
        /// So many blocks, as an engine's log says.
        case blocks(Int)
    }

    public var name: String
    public var role: PoolRole
    /// Id of a policy in `PolicyCatalog`.
    public var policy: String
    public var instances: Int
    public var tensorParallelism: Int
    /// Stages of an instance, each on as many GPUs as tensor parallelism says.
    public var pipelineParallelism = 1
    /// The id or path that was given.
    public var deviceReference: String
    public var device: DeviceProfile
    public var memory: KVMemory
    /// Host memory for what decode throws out, GiB for each GPU; `nil` for pools that compute it again.
    public var swapSpaceGiB: Double?
    /// Costs that the scenario states itself; `nil` for those of the device's profile.
    public var costs: ResolvedCosts?
    /// Of semi-PD pools, at the start; `nil` for others, which use all SMs.
    public var partition: SMPartition?
    /// What changes the partition during a run; `nil` leaves it as it is.
    public var partitionControl: ResolvedPartitionControl?
    /// Of semi-PD pools; `nil` for others.
    public var workers: ResolvedWorkers?
    /// Every parameter of the policy, in the catalogue's order.
    public var arguments: [PolicyArgument]

    public var gpusPerInstance: Int { tensorParallelism * pipelineParallelism }
    public var gpus: Int { instances * gpusPerInstance }

    /// The argument with a meaning; `nil` if the policy takes none.
    func argument(_ meaning: PolicyParameter.Meaning) -> Int? {
        let parameters = PolicyCatalog.policy(policy)?.part(role)?.parameters ?? []
        guard let name = parameters.first(where: { $0.meaning == meaning })?.name else { return nil }
        return arguments.first { $0.name == name }?.value
    }
}

/// A policy's parameter with its value.
public struct PolicyArgument: Hashable, Sendable {
    public var name: String
    public var value: Int
}
