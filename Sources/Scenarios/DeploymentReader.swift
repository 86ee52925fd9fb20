internal import CostModels
internal import Diagnostics
internal import Profiles
internal import Simulator

/// Reads one deployment after the other: a policy's shorthand, or a list of pools.
struct DeploymentReader {
    let findings: Findings
    private var pools: PoolReader
    private var names: [String] = []

    init(
        environment: ScenarioEnvironment, folder: String, findings: Findings, model: ModelArchitecture?,
        defaultDevice: Located<String>?, defaultCosts: ResolvedCosts?
    ) {
        self.findings = findings
        pools = PoolReader(
            findings: findings, model: model, defaultCosts: defaultCosts,
            devices: DeviceLookup(
                catalog: environment.catalog, folder: folder, findings: findings, defaultDevice: defaultDevice))
    }

    /// Ids of the devices that the deployments read so far use, without duplicates, in order of appearance.
    var deviceIDs: [String] { pools.devices.ids }

    /// Reports a default device that no pool has used and that cannot be read: one that is used was reported there.
    mutating func checkDefaultDevice() { pools.devices.checkDefault() }

    mutating func read(_ node: YAMLNode) -> ResolvedDeployment? {
        guard var keys = YAMLReader(node, "a deployment", findings) else { return nil }
        let name = keys.optional("name", .string("a name"))
        let router = keys.optional("router", .choice("a router"))?.value ?? RouterPolicy.leastOutstanding
        let signalInterval = keys.optional("signal_interval", .number(in: 1e-3...3600))?.value
        let policy = keys.optional("policy", .word("a policy", of: PolicyCatalog.ids))
        let poolsNode = keys.node("pools")
        let linkNode = keys.node("link")
        let changesNode = keys.node("changes")
        let mixedPoolTokens = keys.optional("mixed_pool_tokens", .int(in: 1...1_000_000_000))
        let mixedPoolMemory = keys.optional("mixed_pool_memory", .number(in: 0.01...1e9))

        var read: [ResolvedPool]?
        if let poolsNode {
            if let policyPlace = keys.place(of: "policy") {
                findings.error(
                    at: policyPlace, "found both \"policy\" and \"pools\" in a deployment, expected one of them",
                    help: "with \"pools\", each pool names its policy")
            }
            read = readPools(poolsNode)
            if name == nil, keys.place(of: "name") == nil {
                keys.reportMissing("name", expected: "a name, since it has no policy to be called after")
            }
        } else if let policy, let description = PolicyCatalog.policy(policy.value) {
            read = readShorthand(description, &keys)
        } else if keys.place(of: "policy") == nil {
            reportMissingPolicy(keys)
        }
        // Which further keys exist depends on the policy: without one there is nothing to hold them against.
        if poolsNode != nil || policy != nil { keys.finish() }
        let isSplitwise = read?.contains { $0.policy == PolicyCatalog.splitwise.id } ?? false
        let link = linkNode.flatMap {
            readLink($0, layout: Self.defaultLayout(of: read ?? []), isLayerWise: isSplitwise)
        }
        guard let read, read.count > 0, let deploymentName = name?.value ?? policy?.value else { return nil }
        checkName(deploymentName, at: name?.location ?? node.location)
        let isComplete = checkRoles(read, at: poolsNode?.location ?? node.location)
        let hasPrefillPool = read.contains { $0.role == .prefill }
        if let linkNode, !hasPrefillPool {
            findings.error(
                at: linkNode.location, "link: found in a deployment without a prefill pool, where nothing travels")
        }
        if let mixedPoolTokens, !hasPrefillPool {
            findings.error(
                at: mixedPoolTokens.location, "mixed_pool_tokens: found in a deployment without a prefill pool")
        }
        let prefillMixes =
            hasPrefillPool && read.allSatisfy { $0.role != .prefill || $0.policy == PolicyCatalog.splitwise.id }
        if let mixedPoolMemory, !prefillMixes {
            findings.error(
                at: mixedPoolMemory.location,
                "mixed_pool_memory: found with prefill pools of other policies than splitwise, which never decode")
        }
        let changes = changesNode.map {
            ChangesReader(findings: findings, pools: read, hasLink: hasPrefillPool).read($0)
        }
        guard isComplete else { return nil }
        return ResolvedDeployment(
            name: deploymentName, router: router,
            signalIntervalSeconds: signalInterval ?? (router == .leastKV ? Self.defaultSignalInterval : nil),
            pools: read,
            link: hasPrefillPool ? link ?? Self.defaultLink(of: read, isLayerWise: isSplitwise) : nil,
            mixedPoolTokens: mixedPoolTokens?.value ?? (isSplitwise ? Self.defaultMixedPoolTokens : nil),
            mixedPoolMemory: prefillMixes ? mixedPoolMemory?.value ?? 1 : nil,
            changes: changes ?? [])
    }

    private mutating func readShorthand(_ policy: PolicyDescription, _ keys: inout YAMLReader) -> [ResolvedPool]? {
        let parameters = keys.node("parameters")
        let perRole = policy.parts.count > 1 ? roleParameters(parameters, policy) : [:]
        let shared = pools.readShared(&keys, isSemiPD: policy.roles.contains(.semiPD))
        let instances = policy.parts.map { part in
            let key = policy.parts.count > 1 ? "\(part.role.rawValue)_instances" : "instances"
            return keys.optional(key, PoolReader.instances)?.value ?? 1
        }
        let partitioning =
            policy.roles.contains(.semiPD)
            ? PartitionReader(findings: findings).read(&keys, device: shared.device) : nil
        let swap = SwapReader(findings: findings).read(
            &keys, policy: policy, roles: policy.roles, semiPDEviction: partitioning?.workers?.eviction)
        var read: [ResolvedPool] = []
        for (part, instances) in zip(policy.parts, instances) {
            let arguments = pools.readArguments(
                policy.parts.count > 1 ? perRole[part.role] : parameters, part: part, of: policy, device: shared.device
            )
            guard let device = shared.device, let arguments else { continue }
            read.append(
                ResolvedPool(
                    name: part.role.rawValue, role: part.role, policy: policy.id, instances: instances,
                    tensorParallelism: shared.tensorParallelism, pipelineParallelism: shared.pipelineParallelism,
                    deviceReference: device.reference, device: device.profile, memory: shared.memory,
                    swapSpaceGiB: part.role == .prefill ? nil : swap, costs: shared.costs,
                    partition: part.role == .semiPD ? partitioning?.partition : nil,
                    partitionControl: part.role == .semiPD ? partitioning?.control : nil,
                    workers: part.role == .semiPD ? partitioning?.workers : nil, arguments: arguments))
        }
        return read.count == policy.parts.count ? read : nil
    }

    /// The parameters of a policy with several roles, which are given by role.
    private func roleParameters(_ node: YAMLNode?, _ policy: PolicyDescription) -> [PoolRole: YAMLNode] {
        guard let node, var keys = YAMLReader(node, "the parameters of \(policy.id)", findings) else { return [:] }
        var nodes: [PoolRole: YAMLNode] = [:]
        for role in policy.roles { nodes[role] = keys.node(role.rawValue) }
        keys.finish()
        return nodes
    }

    /// Points at a misspelt key, if there is one, rather than at the whole deployment.
    private func reportMissingPolicy(_ keys: YAMLReader) {
        for (key, location) in keys.presentKeys {
            guard let nearest = nearestMatch(to: key, among: ["policy", "pools"]) else { continue }
            return findings.error(
                at: location, "found the unknown key \"\(shortened(key))\" in a deployment",
                help: "did you mean \"\(nearest)\"?")
        }
        keys.reportMissing("policy", expected: "one of \(PolicyCatalog.ids.joined(separator: ", ")), or \"pools\"")
    }

    private mutating func readPools(_ node: YAMLNode) -> [ResolvedPool]? {
        guard case .sequence(let items) = node.content, !items.isEmpty else {
            findings.error(at: node.location, "pools: expected a list of at least one pool")
            return nil
        }
        var read: [ResolvedPool] = []
        var used: [String] = []
        for item in items {
            guard let pool = pools.read(item) else { continue }
            if used.contains(pool.name) {
                findings.error(
                    at: item.location, "found a second pool \"\(shortened(pool.name))\", expected another name")
            }
            used.append(pool.name)
            read.append(pool)
        }
        return read.count == items.count ? read : nil
    }

    private func readLink(_ node: YAMLNode, layout: Double?, isLayerWise: Bool) -> ResolvedLink? {
        guard var keys = YAMLReader(node, "a link", findings) else { return nil }
        let bandwidth = keys.required("bandwidth", .number(in: 1e3...1e18))
        let latency = keys.optional("latency", .number(in: 0...60))
        let concurrent = keys.optional("concurrent_transfers", .int(in: 1...1024))
        let given = keys.optional("layout_bandwidth", .number(in: 1e3...1e18))
        let push = keys.optional("push", .word("a push", of: ["layer-wise", "none"]))
        let pauses = keys.optional("pauses_decode", .bool)
        keys.finish()
        return bandwidth.map {
            ResolvedLink(
                bytesPerSecond: $0.value, latencySeconds: latency?.value ?? 0,
                concurrentTransfers: concurrent?.value ?? 1, layoutBytesPerSecond: given?.value ?? layout,
                isLayerWise: push.map { $0.value == "layer-wise" } ?? isLayerWise,
                pausesDecode: pauses?.value ?? false)
        }
    }

    private mutating func checkName(_ name: String, at location: SourceLocation) {
        if names.contains(name) {
            findings.error(
                at: location, "found a second deployment \"\(shortened(name))\", expected another name",
                help: "give each a \"name\"")
        }
        names.append(name)
    }

    private func checkRoles(_ pools: [ResolvedPool], at location: SourceLocation) -> Bool {
        let roles = pools.map(\.role)
        for (role, partner) in [(PoolRole.prefill, PoolRole.decode), (.decode, .prefill)]
        where roles.contains(role) && !roles.contains(partner) {
            findings.error(
                at: location, "found a \(role.rawValue) pool without a \(partner.rawValue) pool, expected both")
            return false
        }
        return true
    }

    /// Seconds; assumed: engines publish their metrics several times a second.
    private static let defaultSignalInterval = 0.1

    /// Four prefill iterations: assumed, the paper has a threshold and does not say which.
    private static let defaultMixedPoolTokens = 8192

    /// Every GPU of an instance moves its own shard over its own link, so the narrower side of the two counts.
    private static func defaultLink(of pools: [ResolvedPool], isLayerWise: Bool) -> ResolvedLink {
        let ends = pools.filter { $0.role == .prefill || $0.role == .decode }
        let hasNVLink = ends.allSatisfy { $0.device.nvlinkBytesPerSecond > 0 }
        let bandwidths = ends.map { pool in
            let perGPU = hasNVLink ? pool.device.nvlinkBytesPerSecond : pool.device.pcieBytesPerSecond
            return perGPU * Double(pool.gpusPerInstance)
        }
        let latency = hasNVLink ? ends.map(\.device.nvlinkLatencySeconds).max() ?? 0 : copyLatencyWithoutNVLink
        return ResolvedLink(
            bytesPerSecond: bandwidths.min() ?? 0, latencySeconds: latency,
            layoutBytesPerSecond: defaultLayout(of: pools), isLayerWise: isLayerWise)
    }

    /// Where the roles divide the KV heads over different numbers of GPUs, each GPU of a decode instance reads what it got
    /// and writes it in its own order: assumed, one pass over its memory at full bandwidth.
    private static func defaultLayout(of pools: [ResolvedPool]) -> Double? {
        let prefill = pools.filter { $0.role == .prefill }
        let decode = pools.filter { $0.role == .decode }
        let differ = prefill.contains { source in
            decode.contains { $0.tensorParallelism != source.tensorParallelism }
        }
        return differ
            ? decode.map { $0.device.memoryBandwidthBytesPerSecond * Double($0.gpusPerInstance) / 2 }.min() : nil
    }
}
