internal import DequeModule
internal import EventKernel
public import Metrics
public import Workloads

/// One run: requests in, records out.
///
/// All events of an instant are taken before anything starts, so that no decision at an instant depends on the order
/// of the events that share it. Then every instance that something happened to is asked what to run next.
public struct Simulation: ~Copyable {
    let configuration: SimulationConfiguration
    var engines: UniqueBuffer<Engine>
    var context: RunContext
    /// Where requests enter, and where prefilled ones go.
    var entry: Router
    var decoders: Router
    /// Instances to ask for new batches at the end of the instant.
    private var touched = UniqueBuffer<Int>()
    var fabric: TransferFabric
    /// As configured, with the bandwidth of now.
    var link: TransferConfiguration?
    var isDown: UniqueBuffer<Bool>
    /// Under way, and what was recorded of instances in roles that they no longer have.
    var flips: [InstanceFlip] = []
    var formerRecords: [InstanceRecord] = []
    /// Requests that came while no instance was up, and prefilled ones while no decode instance was.
    var homeless: Deque<PendingRequest> = []
    var unoffered: Deque<BridgeEntry> = []
    /// The longest request, in tokens of KV, that every decode instance could serve.
    let decoderCapacityTokens: Int
    /// Of requests whose ids of blocks say how their prompts begin, where an instance caches prefixes.
    private var prefixKeys: PrefixKeys?
    private var prefixBlockTokens: Int?

    /// - Precondition: the configuration has an instance that requests can enter, and if it has prefill instances, a
    ///   decode instance and a transfer configuration.
    public init(_ configuration: SimulationConfiguration) {
        self.configuration = configuration
        let deployment = Deployment(configuration)
        let instances = deployment.engines.count
        let isStale = configuration.signalInterval != nil
        entry = Router(configuration.router, isStale: isStale, candidates: deployment.takers, of: instances)
        decoders = Router(configuration.router, isStale: isStale, candidates: deployment.pullers, of: instances)
        decoderCapacityTokens = deployment.decoderCapacityTokens
        context = RunContext(
            timerOwners: deployment.timerOwners, pools: configuration.pools.count, stepByStep: configuration.stepByStep)
        context.pipelines = deployment.pipelines
        fabric = TransferFabric(instances: instances, lanes: configuration.transfer?.concurrentTransfers ?? 1)
        link = configuration.transfer
        isDown = UniqueBuffer(repeating: false, count: instances)
        engines = deployment.engines
    }

    /// Runs until all requests of `source` are done, or until the configured stop time.
    /// - Throws: what `source` throws.
    public consuming func run(
        _ source: inout some RequestSource, into recorder: inout some Recorder
    ) throws -> RunOutcome {
        let stop = configuration.stopTime ?? .never
        // What never happens is later.
        let last = min(stop, SimulationTime(nanoseconds: SimulationTime.never.nanoseconds - 1))
        cachePrefixes(of: source.blockFormat)
        context.keepsFinished = source.reacts
        context.prepare(for: recorder)
        var upcoming = try source.next() ?? .never
        var nextSample = configuration.sampleInterval.map { .zero + $0 } ?? .never
        var nextSignal = configuration.signalInterval.map { .zero + $0 } ?? .never
        var changes = configuration.changes[...]
        var nextOther = min(nextSample, nextSignal, changes.first?.time ?? .never)

        confineToRoles()
        takeDownAbsent()
        recordPartitions(&recorder)
        while true {
            let other = min(upcoming.arrival, nextOther, last + SimulationDuration(nanoseconds: 1))
            if !context.keepsFinished { endBatches(before: other, &recorder) }
            if upcoming.arrival == .never, isOver(noChanges: changes.isEmpty) { break }
            let time = min(context.timers.earliest, upcoming.arrival, nextOther)
            if time > last { break }
            context.advance(to: time)
            repeat {
                while let timer = context.timers.take(at: time) { end(timer, &recorder) }
                while upcoming.arrival == time { try takeArrival(&upcoming, from: &source, &recorder) }
                if !context.finished.isEmpty { try react(to: &upcoming, &source) }
                // Whoever reacts may do so at once.
            } while min(context.timers.earliest, upcoming.arrival) == time
            while nextOther == time, let change = changes.first, change.time == time {
                apply(change.kind, &recorder)
                changes.removeFirst()
            }
            if !touched.isEmpty { startTouched(&recorder) }
            // Results that waited for the decode worker may have ended requests just now.
            if !context.finished.isEmpty { try react(to: &upcoming, &source) }
            guard nextOther == time else { continue }
            if nextSignal == time, context.timers.earliest != time {
                reportLoads(&recorder)
                nextSignal = time + (configuration.signalInterval ?? .zero)
            }
            if nextSample == time, context.timers.earliest != time {
                sample(&recorder)
                nextSample = time + (configuration.sampleInterval ?? .zero)
            }
            nextOther = min(nextSample, nextSignal, changes.first?.time ?? .never)
        }
        if stop != .never, context.inSystem > 0 { context.advance(to: stop) }
        recordUnfinished(&recorder)
        context.gaps.hand(to: &recorder)
        return outcome()
    }

    /// Whether nothing is left to happen, where nothing arrives any more.
    ///
    /// With no requests but those that nothing can help any more, only partition controls have timers, and what they would
    /// see is of no use to anyone. Nor is it sampled once more: looking at a run must not make it longer. Prompts behind
    /// those that are pinned for ever wait without any timer. Mutating although it changes nothing.
    @inline(never)
    private mutating func isOver(noChanges: Bool) -> Bool {
        context.inSystem == (noChanges && !isRestarting ? homeless.count + unoffered.count : 0)
            || noChanges && context.timers.earliest == .never
    }

    /// Goes from instant to instant before `other` is due, as long as at each of them one batch or transfer ends and nothing
    /// else happens, as at most instants. Nothing then has to be remembered until the end of the instant: the next batch
    /// begins at once.
    @inline(never)
    private mutating func endBatches(before other: SimulationTime, _ recorder: inout some Recorder) {
        while context.timers.earliest < other, let timer = context.timers.onlyEarliest {
            let time = context.timers.earliest
            switch context.timerOwners[timer] {
            case .lane(let lane, let index):
                context.advance(to: time)
                if engines[index].isUnified {
                    engines[index].endOnlyLane(&context, &recorder)
                    updateEntry(index)
                    engines[index].startOnlyLane(&context)
                    lookAfterStart(of: index)
                    // The next batch has set the timer anew.
                    if !engines[index].instance.lanes[0].isRunning { context.timers.set(timer, to: .never) }
                    continue
                }
                let goesOn =
                    engines[index].endsAlone
                    ? endOnlyLane(of: index, &recorder) : endLane(lane, of: index, &recorder)
                if !touched.isEmpty {
                    // It has offered prompts to others, who come first.
                    if goesOn { touch(index) }
                    startTouched(&recorder)
                } else if goesOn {
                    start(index, &recorder)
                }
                if !engines[index].instance.lanes[lane].isRunning { context.timers.set(timer, to: .never) }
            case .link(let index):
                context.advance(to: time)
                // The next transfer, or none, sets the timer anew.
                endTransfer(into: index, &recorder)
                // A run that it has cut here ends before anyone is asked what comes next.
                if context.timers.earliest == time { return }
                if !touched.isEmpty { startTouched(&recorder) }
            case .control: return
            }
        }
    }

    /// Takes a request that arrives at this instant. Not inlined: what it needs would be made ready before the loop.
    @inline(never)
    private mutating func takeArrival(
        _ upcoming: inout Request, from source: inout some RequestSource, _ recorder: inout some Recorder
    ) throws {
        if prefixKeys == nil {
            arrive(&upcoming, [], &recorder)
        } else {
            let ids = source.blockIDs(of: upcoming.index)
            let keys = prefixKeys?.keys(of: ids, promptTokens: upcoming.promptTokens) ?? []
            arrive(&upcoming, keys, &recorder)
        }
        try Self.takeNext(from: &source, &upcoming)
    }

    /// Only the time changes where nothing arrives any more: whatever is copied as a whole is read as it was written.
    @inline(__always)
    private static func takeNext(from source: inout some RequestSource, _ upcoming: inout Request) throws {
        if let next = try source.next() { upcoming = next } else { upcoming.arrival = .never }
    }

    /// Tells the source what has finished at this instant, after which something else may arrive next.
    private mutating func react(to upcoming: inout Request, _ source: inout some RequestSource) throws {
        for position in context.finished.indices { source.finished(context.finished[position], at: context.now) }
        context.finished.removeAll()
        if upcoming.arrival != .never { source.takeBack(upcoming) }
        try Self.takeNext(from: &source, &upcoming)
    }

    private mutating func cachePrefixes(of format: BlockFormat?) {
        guard let format else { return }
        prefixBlockTokens = format.tokens
        for index in engines.indices where configuration.pools[engines[index].pool].memory.cachesPrefixes {
            cachePrefixes(in: index)
            prefixKeys = PrefixKeys(format)
        }
    }

    /// Gives an instance of a pool that caches prefixes its cache, empty, where requests have ids of blocks.
    mutating func cachePrefixes(in index: Int) {
        guard let prefixBlockTokens, configuration.pools[engines[index].pool].memory.cachesPrefixes else { return }
        engines[index].instance.cachePrefixes(of: prefixBlockTokens)
    }

    /// Where the history of each semi-PD instance's partition begins.
    private func recordPartitions(_ recorder: inout some Recorder) {
        for index in engines.indices where engines[index].instance.role == .semiPD {
            recorder.record(engines[index].instance.partitionRecord(reason: "start"))
        }
    }

    @inline(never)
    private mutating func end(_ timer: Int, _ recorder: inout some Recorder) {
        switch context.timerOwners[timer] {
        case .lane(let lane, let instance):
            if endLane(lane, of: instance, &recorder) { touch(instance) }
        case .link(let instance): endTransfer(into: instance, &recorder)
        case .control(let instance):
            if !flips.isEmpty { startIfRestarted(instance, &recorder) }
            touch(instance)
        }
    }

    /// Asks every touched instance what to run next.
    @inline(never)
    private mutating func startTouched(_ recorder: inout some Recorder) {
        for position in touched.indices {
            let index = touched[position]
            engines[index].isTouched = false
            if !isDown[index] { start(index, &recorder) }
        }
        touched.removeAll()
    }

    @inline(__always)
    private mutating func start(_ index: Int, _ recorder: inout some Recorder) {
        if engines[index].hasOnlyOneLane {
            startOnlyLane(of: index)
        } else {
            startLanes(of: index, &recorder)
        }
        lookAfterStart(of: index)
    }

    @inline(never)
    private mutating func startOnlyLane(of index: Int) { engines[index].startOnlyLane(&context) }

    /// Stops an instance that has nothing left to do before it changes its role, and looks for mistakes.
    @inline(__always)
    private mutating func lookAfterStart(of index: Int) {
        if !flips.isEmpty { stopIfDrained(index) }
        if configuration.checksInvariants { checkInvariants(of: index) }
    }

    @inline(never)
    private mutating func checkInvariants(of index: Int) {
        if let broken = brokenInvariant(of: index) {
            preconditionFailure("instance \(index) at \(context.now): \(broken)")
        }
    }

    /// Asks an instance whose lanes share memory with others what to run next.
    @inline(never)
    private mutating func startLanes(of index: Int, _ recorder: inout some Recorder) {
        switch engines[index].instance.role {
        case .unified, .prefill:
            if let shared = engines[index].sharing { startSharing(shared) }
        case .semiPD:
            engines[index].formBatches(&context, &recorder)
            // Results that waited for the decode worker may have completed requests.
            updateEntry(index)
            engines[index].lookForStarvation(at: context.now)
            engines[index].setRates(&context)
        case .decode:
            if engines[index].pullsBesideRun(at: context.now) {
                pull(into: index)
                return engines[index].lookForStarvation(at: context.now)
            }
            if engines[index].pausesForPulls { pullBetweenIterations(into: index, &recorder) }
            engines[index].formDecodeBatch(&context, &recorder)
            // After admissions have made way for prompts, and running requests have their blocks.
            if !engines[index].instance.bridge.isEmpty, !engines[index].pausesForPulls { pull(into: index) }
            engines[index].lookForStarvation(at: context.now)
            engines[index].planOnlyLane(&context)
        }
    }

    private func brokenInvariant(of index: Int) -> String? {
        if let shared = engines[index].sharing { return brokenInvariant(of: shared) }
        return engines[index].brokenInvariant()
    }

    /// Whether an instance will be up after a flip. One that drains beside prompts that nobody can pull never will.
    private var isRestarting: Bool { flips.contains { $0.ready != nil } }

    @inline(__always)
    mutating func touch(_ instance: Int) {
        if engines[instance].isTouched { return }
        engines[instance].isTouched = true
        touched.append(instance)
    }
}

extension Request {
    /// What arrives next where nothing arrives any more.
    fileprivate static var never: Request { Request(index: 0, arrival: .never, promptTokens: 1, outputTokens: 1) }
}
