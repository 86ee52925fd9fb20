public import Simulator

/// How the partition of a semi-PD pool changes during a run. What is not here, a pool whose partition stays, has none.
public struct ResolvedPartitionControl: Hashable, Sendable {
    /// Id of a controller in `ControllerCatalog`, not the one that changes nothing.
    public var controller: String
    /// Every parameter of the controller, in the catalogue's order.
    public var arguments: [PolicyArgument]
    public var mechanism: MechanismName
    /// The partition at the start.
    public var initial: SMPercentages
    public var change: ResolvedPartitionChange

    /// - Precondition: the controller takes a parameter of this meaning.
    func argument(_ meaning: ControllerParameter.Meaning) -> Int {
        let parameters = ControllerCatalog.controller(controller)?.parameters ?? []
        guard let index = parameters.firstIndex(where: { $0.meaning == meaning }) else {
            preconditionFailure("controller \(controller) has no parameter for \(meaning)")
        }
        return arguments[index].value
    }
}

/// What the workers of a semi-PD pool do beyond their batches.
public struct ResolvedWorkers: Hashable, Sendable {
    public var handOff = HandOff.inProcess
    public var eviction = FCFSDecodePolicy.Eviction.recomputeLast
    /// Share of the KV blocks that prompts leave free.
    public var reserve = 0.0
}

/// How a scenario names the mechanisms that divide a GPU's SMs.
public enum MechanismName: String, CaseIterable, Hashable, Sendable {
    case mps
    case greenContexts = "green-contexts"
    /// Steps of two SMs, without co-scheduling.
    case fineGreenContexts = "green-contexts-fine"
    case streams

    public var mechanism: PartitionMechanism {
        switch self {
        case .mps: .mps
        case .greenContexts: .hopperGreenContexts
        case .fineGreenContexts: .hopperGreenContextsWithoutCoscheduling
        case .streams: .streams
        }
    }
}

/// What a change of partition costs. Durations in seconds.
public enum ResolvedPartitionChange: Hashable, Sendable {
    case asynchronous(preparation: Double, prefillStall: Double, decodeStall: Double)
    /// A naive restart; rates in bytes per second, for each GPU.
    case restart(loadBandwidth: Double, copyBandwidth: Double, initialisation: Double)
}
