internal import EventKernel

/// The engines of a configuration with their timers, before anything happens.
struct Deployment: ~Copyable {
    var engines = UniqueBuffer<Engine>()
    var timerOwners = UniqueBuffer<TimerOwner>()
    /// Of the instances with more than one stage.
    private(set) var pipelines: [PipelineTimetable] = []
    /// Those that requests can enter and those that pull prefilled ones, at first or after a flip; ascending.
    private(set) var takers: [Int] = []
    private(set) var pullers: [Int] = []
    /// The longest request, in tokens of KV, that every decode instance could serve.
    private(set) var decoderCapacityTokens = Int.max

    /// - Precondition: as of `Simulation.init`.
    init(_ configuration: SimulationConfiguration) {
        for (index, pool) in configuration.pools.enumerated() {
            addEngines(of: pool, index, transfer: configuration.transfer)
        }
        precondition(!takers.isEmpty, "no instance takes requests")
        if configuration.pools.contains(where: { $0.role == .prefill }) {
            precondition(!pullers.isEmpty && configuration.transfer != nil, "prefill instances with nowhere to go")
            let mixes = configuration.pools.allSatisfy {
                $0.role != .prefill || ($0.prefillPolicy as? FCFSPrefillPolicy)?.mixes != false
            }
            precondition(mixes || configuration.mixedPoolMemory == nil, "requests stay where nobody decodes them")
        }
        let flipping = addRolesAfterFlips(configuration)
        addTimers(flipping: flipping)
    }

    private mutating func addEngines(of given: PoolConfiguration, _ poolIndex: Int, transfer: TransferConfiguration?) {
        var pool = given
        pool.costModel = given.costModel.shared
        let virtualEngines = given.enginesPerInstance
        precondition(virtualEngines == 1 || pool.role != .semiPD, "pipeline stages of a semi-PD pool")
        let isShared = virtualEngines > 1 && pool.pipeline?.scheduling == .shared
        precondition(!isShared || pool.role == .unified, "one scheduler for the stages of \(pool.role.rawValue)")
        if !isShared {
            pool.memory.totalBlocks = max(1, pool.memory.totalBlocks / virtualEngines)
            pool.memory.host?.blocks /= virtualEngines
        }
        for number in 0..<pool.numberedInstances {
            let isFirst = number % virtualEngines == 0
            if virtualEngines > 1, isFirst { pipelines.append(PipelineTimetable(stages: virtualEngines)) }
            if pool.role == .decode {
                pullers.append(engines.count)
                decoderCapacityTokens = min(decoderCapacityTokens, pool.memory.blockSize * pool.memory.totalBlocks)
            } else if !isShared || isFirst {
                takers.append(engines.count)
            }
            let first = engines.count - number % virtualEngines
            var engine = Engine(
                index: engines.count, pool: poolIndex, laneTimer: timerOwners.count,
                pipeline: virtualEngines > 1 ? pipelines.count - 1 : nil, pool, transfer: transfer,
                sharing: isShared ? first..<first + virtualEngines : nil)
            if isShared, !isFirst {
                engine.instance.memory = KVCacheManager(withoutBlocksOf: pool.memory.blockSize)
            }
            for lane in engine.instance.lanes.indices {
                timerOwners.append(.lane(lane, instance: engines.count))
            }
            engines.append(engine)
        }
    }

    /// Returns the instances that will change their role.
    private mutating func addRolesAfterFlips(_ configuration: SimulationConfiguration) -> [Int] {
        var flipping: [Int] = []
        for case .flip(let index, let pool, _) in configuration.changes.map(\.kind) {
            let role = configuration.pools[pool].role
            precondition(
                [.prefill, .decode].contains(role) && configuration.pools[pool].pipeline == nil,
                "a flip to \(role.rawValue) or to stages")
            if role == .decode, !pullers.contains(index) { pullers.append(index) }
            if role == .prefill, !takers.contains(index) { takers.append(index) }
            flipping.append(index)
        }
        takers.sort()
        pullers.sort()
        return flipping
    }

    /// Those of links and controls, behind those of all lanes.
    private mutating func addTimers(flipping: [Int]) {
        for index in pullers {
            engines[index].linkTimer = timerOwners.count
            timerOwners.append(.link(instance: index))
        }
        for index in engines.indices where engines[index].isControlled || flipping.contains(index) {
            engines[index].controlTimer = timerOwners.count
            timerOwners.append(.control(instance: index))
        }
    }
}
