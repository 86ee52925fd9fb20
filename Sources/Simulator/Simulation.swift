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
    var engines: ContiguousArray<Engine>
    var context: RunContext
    /// Where requests enter, and where prefilled ones go.
    var entry: Router
    var decoders: Router
    /// Instances to ask for new batches at the end of the instant.
    private var touched: ContiguousArray<Int> = []
    private var isTouched: ContiguousArray<Bool>
    /// On their way into each instance, in the order in which its link carries them.
    var inbound: ContiguousArray<Deque<Transfer>>
    /// The longest request, in tokens of KV, that every decode instance could serve.
    let decoderCapacityTokens: Int

    /// - Precondition: the configuration has an instance that requests can enter, and if it has prefill instances, a
    ///   decode instance and a transfer configuration.
    public init(_ configuration: SimulationConfiguration) {
        var engines: ContiguousArray<Engine> = []
        var takers: [Int] = []
        var pullers: [Int] = []
        for (poolIndex, pool) in configuration.pools.enumerated() {
            for _ in 0..<pool.instances {
                if pool.role == .decode { pullers.append(engines.count) } else { takers.append(engines.count) }
                engines.append(Engine(index: engines.count, pool: poolIndex, pool))
            }
        }
        precondition(!takers.isEmpty, "no instance takes requests")
        if configuration.pools.contains(where: { $0.role == .prefill }) {
            precondition(!pullers.isEmpty && configuration.transfer != nil, "prefill instances with nowhere to go")
        }
        self.configuration = configuration
        entry = Router(configuration.router, candidates: takers)
        decoders = Router(configuration.router, candidates: pullers)
        decoderCapacityTokens = pullers.map { engines[$0].instance.memory.capacityTokens }.min() ?? .max
        context = RunContext(instances: engines.count, stepByStep: configuration.stepByStep)
        isTouched = ContiguousArray(repeating: false, count: engines.count)
        inbound = ContiguousArray(repeating: [], count: engines.count)
        self.engines = engines
    }

    /// Runs until all requests of `source` are done, or until the configured stop time.
    /// - Throws: what `source` throws.
    public consuming func run(
        _ source: inout some RequestSource, into recorder: inout some Recorder
    ) throws -> RunOutcome {
        let stop = configuration.stopTime ?? .never
        var upcoming = try source.next()
        var nextSample = configuration.sampleInterval.map { .zero + $0 } ?? .never

        while true {
            let time = min(context.timers.earliest, upcoming?.arrival ?? .never, nextSample)
            if time > stop || time == .never { break }
            context.advance(to: time)
            repeat {
                while let timer = context.timers.take(at: time) { end(timer, &recorder) }
                while let request = upcoming, request.arrival == time {
                    arrive(request, &recorder)
                    upcoming = try source.next()
                }
            } while context.timers.earliest == time
            startTouched(&recorder)
            if nextSample == time, context.timers.earliest != time {
                sample(&recorder)
                let goesOn = upcoming != nil || context.inSystem > 0
                nextSample = goesOn ? time + (configuration.sampleInterval ?? .zero) : .never
            }
        }
        if stop != .never, context.inSystem > 0 { context.advance(to: stop) }
        recordUnfinished(&recorder)
        return outcome()
    }

    private mutating func end(_ timer: Int, _ recorder: inout some Recorder) {
        if timer < 2 * engines.count {
            endLane(timer % 2, of: timer / 2, &recorder)
        } else {
            endTransfer(into: timer - 2 * engines.count, &recorder)
        }
    }

    /// Asks every touched instance what to run next.
    private mutating func startTouched(_ recorder: inout some Recorder) {
        for index in touched {
            isTouched[index] = false
            engines[index].formBatches(&context, &recorder)
            // After admissions have made way for prompts, and running requests have their blocks.
            if engines[index].instance.role == .decode { pull(into: index) }
            engines[index].setRates(&context)
            if configuration.checksInvariants, let broken = engines[index].instance.brokenInvariant() {
                preconditionFailure("instance \(index) at \(context.now): \(broken)")
            }
        }
        touched.removeAll(keepingCapacity: true)
    }

    mutating func touch(_ instance: Int) {
        if isTouched[instance] { return }
        isTouched[instance] = true
        touched.append(instance)
    }
}
