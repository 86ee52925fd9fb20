internal import CostModels
internal import Diagnostics
internal import Profiles
internal import Simulator

/// Reads pools, and the keys that a deployment's shorthand shares with them.
struct PoolReader {
    /// The keys that mean the same in a pool and in a shorthand.
    struct Shared {
        var tensorParallelism: Int
        var pipelineParallelism: Int
        var device: DeviceLookup.Device?
        var memory: ResolvedPool.KVMemory
        var costs: ResolvedCosts?
    }

    static var instances: YAMLExpectation<Int> { .int(in: 1...10_000) }

    let findings: Findings
    /// `nil` if the model could not be read: then what depends on it is not checked.
    let model: ModelArchitecture?
    /// Of the scenario, for pools that state none.
    let defaultCosts: ResolvedCosts?
    var devices: DeviceLookup

    mutating func read(_ node: YAMLNode) -> ResolvedPool? {
        guard var keys = YAMLReader(node, "a pool", findings) else { return nil }
        let name = keys.optional("name", .string("a name"))
        let role: Located<PoolRole>? = keys.required("role", .choice("a role"))
        let fitting = PolicyCatalog.policies.filter { policy in role.map { policy.roles.contains($0.value) } ?? true }
        let what = role.map { "a policy for the role \($0.value.rawValue)" } ?? "a policy"
        let policy = keys.required("policy", .word(what, of: fitting.map(\.id)))
            .flatMap { PolicyCatalog.policy($0.value) }
        let instances = keys.optional("instances", Self.instances)?.value ?? 1
        let shared = readShared(&keys, isSemiPD: role?.value == .semiPD)
        let parameters = keys.node("parameters")
        let partitioning: PartitionReader.Partitioning
        if let role, role.value != .semiPD {
            partitioning = PartitionReader.Partitioning()
            for key in PartitionReader.keys where key != "eviction" || role.value != .decode {
                guard let node = keys.node(key) else { continue }
                findings.error(
                    at: node.location,
                    "\(key): found in a pool with the role \(role.value.rawValue), expected only with the role semi-pd")
            }
        } else {
            partitioning = PartitionReader(findings: findings).read(&keys, device: shared.device)
        }
        let swap = SwapReader(findings: findings).read(
            &keys, policy: policy, roles: role.map { [$0.value] } ?? [],
            semiPDEviction: partitioning.workers?.eviction)
        keys.finish()
        guard let role, let policy, let part = policy.part(role.value) else { return nil }
        let arguments = readArguments(parameters, part: part, of: policy, device: shared.device)
        guard let device = shared.device, let arguments else { return nil }
        return ResolvedPool(
            name: name?.value ?? role.value.rawValue, role: role.value, policy: policy.id, instances: instances,
            tensorParallelism: shared.tensorParallelism, pipelineParallelism: shared.pipelineParallelism,
            deviceReference: device.reference, device: device.profile,
            memory: shared.memory, swapSpaceGiB: swap, costs: shared.costs, partition: partitioning.partition,
            partitionControl: partitioning.control, workers: partitioning.workers,
            arguments: arguments)
    }

    mutating func readShared(_ keys: inout YAMLReader, isSemiPD: Bool) -> Shared {
        let tp = keys.optional("tp", .int(in: 1...64))
        let pp = keys.optional("pp", .int(in: 1...64))
        let device = devices.device(keys.optional("device", .string("a device's id")), for: keys)
        let blocks = keys.optional("kv_blocks", .int(in: 1...1_000_000_000))
        let utilization = keys.optional("memory_utilization", .number(in: 0.01...1))
        let costs = keys.node("costs").map { CostsReader(findings: findings).read($0) }
        if let tp, let model { checkDivides(tp, model) }
        if let pp { checkStages(pp, isSemiPD: isSemiPD) }
        if let blocks, let utilization {
            findings.error(
                at: max(blocks.location, utilization.location),
                "found both \"kv_blocks\" and \"memory_utilization\", expected one of them")
        }
        return Shared(
            tensorParallelism: tp?.value ?? 1, pipelineParallelism: pp?.value ?? 1, device: device,
            memory: blocks.map { .blocks($0.value) } ?? .utilization(utilization?.value ?? 0.9),
            costs: costs ?? defaultCosts)
    }

    /// Heads are split over the GPUs; key-value heads are split, or replicated where there are fewer of them.
    private func checkDivides(_ tp: Located<Int>, _ model: ModelArchitecture) {
        guard model.heads % tp.value == 0 else {
            return findings.error(
                at: tp.location,
                "tp: found \(tp.value), expected a divisor of the \(model.heads) attention heads of \(model.id)")
        }
        if model.keyValueHeads % tp.value != 0 && tp.value % model.keyValueHeads != 0 {
            findings.error(
                at: tp.location,
                "tp: found \(tp.value), expected a divisor or a multiple of the \(model.keyValueHeads) key-value heads"
                    + " of \(model.id)")
        }
    }

    private func checkStages(_ pp: Located<Int>, isSemiPD: Bool) {
        if isSemiPD, pp.value > 1 {
            findings.error(
                at: pp.location,
                "pp: found \(pp.value) with the role semi-pd, whose workers share one stage, expected 1")
        } else if let model, pp.value > model.layers {
            findings.error(
                at: pp.location, "pp: found \(pp.value), expected at most the \(model.layers) layers of \(model.id)")
        }
    }

    /// Every parameter of a policy's part, given or default.
    func readArguments(
        _ node: YAMLNode?, part: PolicyDescription.Part, of policy: PolicyDescription, device: DeviceLookup.Device?
    ) -> [PolicyArgument]? {
        var given: [PolicyParameter.Meaning: Located<Int>] = [:]
        if let node {
            guard var keys = YAMLReader(node, "the parameters of \(policy.id)", findings) else { return nil }
            for parameter in part.parameters {
                given[parameter.meaning] = keys.optional(parameter.name, .int(in: parameter.range))
            }
            keys.finish()
        }
        guard let device else { return nil }
        let arguments = part.parameters.map { parameter in
            let value = given[parameter.meaning]?.value ?? parameter.defaultValue(on: device.profile, for: model)
            return PolicyArgument(name: parameter.name, value: value)
        }
        checkBudget(part, arguments, given)
        return arguments
    }

    /// Engines refuse a token budget below their sequence limit: a decode iteration of all sequences would not fit.
    private func checkBudget(
        _ part: PolicyDescription.Part, _ arguments: [PolicyArgument],
        _ given: [PolicyParameter.Meaning: Located<Int>]
    ) {
        guard let budget = part.parameters.firstIndex(where: { $0.meaning == .tokenBudget }),
            let limit = part.parameters.firstIndex(where: { $0.meaning == .sequenceLimit }),
            arguments[budget].value < arguments[limit].value,
            let place = given[.tokenBudget]?.location ?? given[.sequenceLimit]?.location
        else { return }
        func described(_ index: Int) -> String {
            let isGiven = given[part.parameters[index].meaning] != nil
            return "\(arguments[index].name) \(arguments[index].value)\(isGiven ? "" : " (the default)")"
        }
        findings.error(
            at: place, "found \(described(budget)) below \(described(limit)), expected a budget of one token a sequence"
        )
    }
}

private func max(_ a: SourceLocation, _ b: SourceLocation) -> SourceLocation {
    (a.line, a.column) < (b.line, b.column) ? b : a
}
