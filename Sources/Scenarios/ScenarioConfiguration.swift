public import CostModels
public import Diagnostics
internal import EventKernel
public import Simulator

/// The kind of instance that a cost model prices and whose memory is counted.
public struct InstanceKind: Hashable, Sendable {
    public var device: DeviceProfile
    public var model: ModelArchitecture
    public var tensorParallelism: Int
    /// Stages that the layers are divided over. A cost model prices all of them as one.
    public var pipelineParallelism = 1
    /// Id of a runtime profile.
    public var runtime: String
    /// `nil` for measured kernels where the device has them.
    public var costModel: CostModelChoice?
    /// Processes that share each GPU: two of a semi-PD instance, else one. Each needs working memory.
    public var workersPerGPU: Int
    /// The SM counts that lanes will run on, sorted, without duplicates.
    public var smCounts: [Int]
    /// The largest iteration, which activations are for.
    public var maxSequences: Int
    public var maxBatchedTokens: Int
}

/// Makes the cost model of a kind of instance.
public typealias CostModelFactory = @Sendable (InstanceKind) throws -> any CostModel

/// The KV blocks of `blockSize` tokens that fit a kind of instance when it uses a share of its memory.
public typealias KVCapacity = @Sendable (InstanceKind, _ utilization: Double, _ blockSize: Int) throws -> Int

extension ScenarioResolution {
    /// What the simulator needs for each deployment, in order.
    ///
    /// - Throws: what the factories threw, at the places of the deployments, all of them at once.
    public func configurations(
        costModel: CostModelFactory, kvCapacity: KVCapacity
    ) throws(InputError) -> [SimulationConfiguration] {
        var collector = DiagnosticCollector()
        var configurations: [SimulationConfiguration] = []
        for (deployment, place) in zip(scenario.deployments, deploymentPlaces) {
            do {
                configurations.append(
                    try scenario.configuration(of: deployment, costModel: costModel, kvCapacity: kvCapacity))
            } catch let error as InputError {
                collector.absorb(error)
            } catch {
                collector.error(at: place, "deployment \"\(deployment.name)\" cannot be simulated: \(error)")
            }
        }
        try collector.throwIfAny()
        return configurations
    }
}

extension ResolvedScenario {
    func configuration(
        of deployment: ResolvedDeployment, costModel: CostModelFactory, kvCapacity: KVCapacity
    ) throws -> SimulationConfiguration {
        var simulation = SimulationConfiguration(
            pools: try deployment.pools.map { try configuration(of: $0, costModel: costModel, kvCapacity: kvCapacity) },
            router: deployment.router,
            signalInterval: deployment.signalIntervalSeconds.map(SimulationDuration.init(rounding:)),
            transfer: deployment.link.map { link in
                var transfer = TransferConfiguration(
                    bytesPerToken: model.keyValueBytesPerToken, bytesPerSecond: link.bytesPerSecond,
                    latency: SimulationDuration(rounding: link.latencySeconds),
                    concurrentTransfers: link.concurrentTransfers, pausesDecode: link.pausesDecode)
                transfer.layoutBytesPerSecond = link.layoutBytesPerSecond
                transfer.pushedLayers = link.isLayerWise ? model.layers : nil
                return transfer
            }, changes: deployment.changes.flatMap { $0.changes(in: deployment.pools) })
        simulation.mixedPoolTokens = deployment.mixedPoolTokens
        simulation.mixedPoolMemory = deployment.mixedPoolMemory
        return simulation
    }

    private func configuration(
        of pool: ResolvedPool, costModel costModelFactory: CostModelFactory, kvCapacity: KVCapacity
    ) throws -> PoolConfiguration {
        let partition = pool.partition ?? .unpartitioned(pool.device.streamingMultiprocessors)
        guard let sequences = pool.argument(.sequenceLimit), let blockSize = pool.argument(.blockSize) else {
            preconditionFailure("policy \(pool.policy) has no sequence limit or block size")
        }
        // A decode instance has no token budget of its own: an iteration is one token of every sequence.
        let limits = EngineLimits(
            maxSequences: sequences, maxBatchedTokens: max(sequences, pool.argument(.tokenBudget) ?? sequences))
        let kind = InstanceKind(
            device: pool.device, model: model, tensorParallelism: pool.tensorParallelism,
            pipelineParallelism: pool.pipelineParallelism, runtime: runtime, costModel: self.costModel,
            workersPerGPU: pool.role == .semiPD ? 2 : 1,
            smCounts: smCounts(of: pool, partition),
            maxSequences: limits.maxSequences,
            maxBatchedTokens: max(
                limits.maxBatchedTokens, pool.argument(.prefillBudget) ?? pool.argument(.mixedPrefillBudget) ?? 0))
        let blocks =
            switch pool.memory {
            case .blocks(let blocks): blocks
            case .utilization(let share): try kvCapacity(kind, share, blockSize)
            }
        let policies = schedulingPolicies(of: pool)
        let given = pool.costs?.costModel(streamingMultiprocessors: pool.device.streamingMultiprocessors)
        let costModel = try given ?? costModelFactory(kind)
        var memory = KVMemoryConfiguration(blockSize: blockSize, totalBlocks: blocks)
        memory.cachesPrefixes = pool.argument(.prefixCaching) == 1 || pool.argument(.noPrefixCaching) == 0
        memory.host = pool.swapSpaceGiB.map { pool.hostMemory(gibibytes: $0, blockSize: blockSize, of: model) }
        let control = try pool.partitionControl.map { control in
            guard let slo else { throw ControllerWithoutSLO(controller: control.controller) }
            return control.control(
                slo: slo, model: costModel, limits: limits, initial: partition,
                weightBytes: model.weightBytes / pool.tensorParallelism,
                keyValueBytesPerBlock: blockSize * model.keyValueBytesPerToken / pool.tensorParallelism)
        }
        var configuration = PoolConfiguration(
            name: pool.name, role: pool.role, instances: pool.instances, gpusPerInstance: pool.gpusPerInstance,
            costModel: costModel, memory: memory,
            limits: limits,
            prefillPolicy: policies.prefill, decodePolicy: policies.decode, partition: partition,
            partitionControl: control)
        configuration.handOff = pool.workers?.handOff ?? .inProcess
        if pool.pipelineParallelism > 1 {
            let layers = PipelineStages.even(layers: model.layers, stages: pool.pipelineParallelism)
            // Given costs do not say what of them grows with the layers.
            let last = given == nil ? try costModelFactory(kind.withLayers(layers[layers.count - 1])) : nil
            configuration.pipeline = PipelineStages(layers: layers, lastStage: last, between: pool, of: model)
            if pool.policy == PolicyCatalog.vllmV1.id { configuration.pipeline?.scheduling = .shared }
        }
        return configuration
    }

    /// The SM counts that lanes may run on, sorted, without duplicates.
    private func smCounts(of pool: ResolvedPool, _ partition: SMPartition) -> [Int] {
        let reachable = pool.partitionControl?.reachable(of: partition.total) ?? []
        let counts = ([partition] + reachable).flatMap { [$0.prefill, $0.decode] }.sorted()
        return counts.indices.filter { $0 == 0 || counts[$0] != counts[$0 - 1] }.map { counts[$0] }
    }
}

extension ResolvedPool {
    /// Every GPU copies its share of a block over its own PCIe link.
    fileprivate func hostMemory(gibibytes: Double, blockSize: Int, of model: ModelArchitecture) -> HostMemory {
        let bytes = MemoryCapacity.keyValueBlockBytes(
            model: model, blockSize: blockSize, tensorParallelism: tensorParallelism,
            pipelineParallelism: pipelineParallelism)
        return HostMemory(
            blocks: Int(gibibytes * 1_073_741_824) / bytes, secondsPerBlock: Double(bytes) / device.pcieBytesPerSecond)
    }
}

extension InstanceKind {
    /// The same device with a model of fewer layers.
    fileprivate func withLayers(_ layers: Int) -> InstanceKind {
        var other = self
        other.model.layers = layers
        return other
    }
}

extension PipelineStages {
    /// Between two stages every token sends its hidden state and its residual, 16 bits a value, in equal parts over the
    /// links of a stage's GPUs.
    fileprivate init(
        layers: [Int], lastStage: (any CostModel)?, between pool: ResolvedPool, of model: ModelArchitecture
    ) {
        let hasNVLink = pool.device.nvlinkBytesPerSecond > 0
        let perGPU = hasNVLink ? pool.device.nvlinkBytesPerSecond : pool.device.pcieBytesPerSecond
        self.init(
            layers: layers, lastStage: lastStage, bytesPerToken: 2 * 2 * model.hiddenSize,
            bytesPerSecond: perGPU * Double(pool.tensorParallelism),
            latency: SimulationDuration(
                rounding: hasNVLink ? pool.device.nvlinkLatencySeconds : copyLatencyWithoutNVLink))
    }
}

/// Copies through host memory take two DMA transfers and their synchronisation: assumed, an order of magnitude. Seconds.
let copyLatencyWithoutNVLink = 20e-6

/// Controllers hold latencies against limits.
struct ControllerWithoutSLO: Error, CustomStringConvertible {
    var controller: String

    var description: String { "the controller \(controller) needs the limits of an \"slo\", of which there is none" }
}

extension ResolvedChange {
    /// Instances of a deployment are numbered pool by pool; each stage of a pipeline counts as one.
    fileprivate func changes(in pools: [ResolvedPool]) -> [DeploymentChange] {
        func indices(_ name: String, _ place: Int) -> Range<Int> {
            let before = pools.prefix { $0.name != name }.reduce(0) { $0 + $1.instances * $1.pipelineParallelism }
            let stages = pools.first { $0.name == name }?.pipelineParallelism ?? 1
            return before + place * stages..<before + (place + 1) * stages
        }
        let kinds: [DeploymentChange.Kind] =
            switch kind {
            case .fail(let pool, let instance, let requests):
                indices(pool, instance).map { .fail(instance: $0, requests) }
            case .join(let pool, let instance): indices(pool, instance).map { .join(instance: $0) }
            case .flip(let pool, let instance, let to, let restart):
                indices(pool, instance).map {
                    .flip(
                        instance: $0, toPool: pools.firstIndex { $0.name == to } ?? 0,
                        restart: SimulationDuration(rounding: restart))
                }
            case .link(let bandwidth): [.linkBandwidth(bandwidth)]
            }
        return kinds.map { DeploymentChange($0, at: .zero + SimulationDuration(rounding: seconds)) }
    }
}
