internal import EventKernel
public import Metrics
public import Workloads

/// One run: requests in, records out.
///
/// All events of an instant are taken before anything starts, so that no decision at an instant depends on the order
/// of the events that share it. Then every instance that something happened to is asked what to run next.
public struct Simulation: ~Copyable {
    let configuration: SimulationConfiguration
    var instances: ContiguousArray<Instance> = []
    /// Pool of each instance.
    var pools: ContiguousArray<Int> = []
    /// Policy of each lane, at `instance · 2 + lane`.
    var policies: ContiguousArray<any SchedulingPolicy> = []
    var entry: Router
    var decoders: Router

    var queue = EventQueue()
    var now = SimulationTime.zero
    /// Instances to ask for new batches at the end of the instant.
    var touched: ContiguousArray<Int> = []
    var isTouched: ContiguousArray<Bool> = []
    var transfers = SlotTable<Transfer>()
    /// When the link into each instance has carried what it has been given.
    var linkFree: ContiguousArray<SimulationTime> = []

    var isSampleDue = false
    var inSystem = 0
    var requestNanoseconds = Int128(0)
    var arrived = 0
    var outcomes: [RequestOutcome: Int] = [:]
    var fingerprint = Fingerprint()
    var provenance: [Double] = []

    enum EventKind: UInt8 {
        // In this order at one instant.
        case laneEnd, transferEnd, arrival, sample
    }

    /// - Precondition: the configuration has an instance that requests can enter, and if it has prefill instances, a
    ///   decode instance and a transfer configuration.
    public init(_ configuration: SimulationConfiguration) {
        self.configuration = configuration
        for (poolIndex, pool) in configuration.pools.enumerated() {
            for _ in 0..<pool.instances {
                instances.append(Instance(index: instances.count, pool: pool))
                pools.append(poolIndex)
                policies.append(pool.role == .decode ? pool.decodePolicy : pool.prefillPolicy)
                policies.append(pool.decodePolicy)
            }
        }
        let roles = instances.map(\.role)
        entry = Router(configuration.router, candidates: roles.indices.filter { roles[$0] != .decode })
        decoders = Router(configuration.router, candidates: roles.indices.filter { roles[$0] == .decode })
        precondition(!entry.isEmpty, "no instance takes requests")
        if roles.contains(.prefill) {
            precondition(!decoders.isEmpty && configuration.transfer != nil, "prefill instances with nowhere to go")
        }
        isTouched = ContiguousArray(repeating: false, count: instances.count)
        linkFree = ContiguousArray(repeating: .zero, count: instances.count)
        provenance = ProvenanceTotals.zero
    }

    /// Runs until all requests of `source` are done, or until the configured stop time.
    /// - Throws: what `source` throws.
    public consuming func run(
        _ source: inout some RequestSource, into recorder: inout some Recorder
    ) throws -> RunOutcome {
        var upcoming = try source.next()
        if let first = upcoming { schedule(.arrival, at: first.arrival) }
        if let interval = configuration.sampleInterval, upcoming != nil { schedule(.sample, at: .zero + interval) }
        let stop = configuration.stopTime ?? .never

        while let time = queue.nextTime, time <= stop {
            precondition(time >= now, "time runs back from \(now) to \(time)")
            requestNanoseconds += Int128(inSystem) * Int128((time - now).nanoseconds)
            now = time
            while queue.nextTime == now, let event = queue.next() {
                switch EventKind(rawValue: event.kind) {
                case .laneEnd: endLane(event, &recorder)
                case .transferEnd: endTransfer(event.index, &recorder)
                case .arrival:
                    guard let request = upcoming else { preconditionFailure("an arrival without a request") }
                    arrive(request, &recorder)
                    upcoming = try source.next()
                    if let next = upcoming { schedule(.arrival, at: next.arrival) }
                case .sample: isSampleDue = true
                case nil: preconditionFailure("unknown event kind \(event.kind)")
                }
            }
            startTouched(&recorder)
            if isSampleDue, queue.nextTime != now {
                isSampleDue = false
                sample(&recorder, more: upcoming != nil)
            }
        }
        if stop != .never, inSystem > 0 {
            requestNanoseconds += Int128(inSystem) * Int128((stop - now).nanoseconds)
            now = stop
        }
        recordUnfinished(&recorder)
        return outcome()
    }

    mutating func schedule(_ kind: EventKind, at time: SimulationTime, index: Int = 0) {
        queue.schedule(at: time, kind: kind.rawValue, index: index)
    }

    mutating func touch(_ instance: Int) {
        if isTouched[instance] { return }
        isTouched[instance] = true
        touched.append(instance)
    }
}
