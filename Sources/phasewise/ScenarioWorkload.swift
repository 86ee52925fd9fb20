internal import Diagnostics
internal import EventKernel
internal import Scenarios
internal import Workloads

/// The requests that a scenario asks for.
struct ScenarioWorkload {
    private let workload: ResolvedWorkload
    private let place: SourceLocation
    private let streams: RandomStreams

    init(_ resolution: ScenarioResolution) {
        workload = resolution.scenario.workload
        place = resolution.workloadPlace
        streams = RandomStreams(seed: resolution.scenario.seed, run: resolution.scenario.run)
    }

    /// Whether another seed gives other requests.
    var isDrawn: Bool {
        if case .generator = workload.source { return true }
        return workload.arrivals != .recorded || workload.selection.share != nil || workload.closedLoop != nil
    }

    /// The sessions that the scenario generates, where each turn waits for the answer before it; `nil` for requests that
    /// are a trace or part of a closed loop.
    func sessions() throws(InputError) -> Sessions? {
        guard case .generator(let name) = workload.source, case .sessions(let preset)? = GeneratorPreset(name),
            preset.model.waitsForAnswer, let requests = workload.requests
        else { return nil }
        guard workload.arrivals == .recorded, workload.requestsPerSecond == nil, workload.selection.takesAll,
            workload.closedLoop == nil
        else {
            throw InputError(
                at: place,
                "found \"\(name)\" with arrivals, a rate or a selection: its turns come when answers have come")
        }
        return SessionGenerator.sessions(preset.model, requests: requests, streams: streams)
    }

    /// Requests that wait for answers have no rate to search or to plan for.
    func checkArrivalsAreKnown() throws(InputError) {
        let sessions = try sessions()
        if workload.closedLoop == nil, sessions == nil { return }
        throw InputError(
            at: place, "found requests that wait for answers, expected known arrivals",
            help: "closed loops and such sessions are for `phasewise simulate` and `phasewise compare`")
    }

    /// Who sends the requests of a trace, if they wait for answers.
    var closedLoop: ClosedLoopModel? { workload.closedLoop }

    /// The source of a closed loop over a trace's requests.
    func source(of loop: ClosedLoopModel, over trace: Trace) -> ClosedLoopSource<TraceSource> {
        ClosedLoopSource(loop, base: trace.source, streams: streams)
    }

    func trace() throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        let (source, warnings) = try source()
        return (try trace(from: source), warnings)
    }

    /// What the scenario takes of the source, as many requests as it asks for, arriving when it says.
    func trace(from source: Trace) throws(InputError) -> Trace {
        let source = workload.selection.takesAll ? source : try selected(source)
        guard let requests = workload.requests, requests < source.requests.count else { return try arranged(source) }
        return try arranged(source.prefix(requests))
    }

    /// The requests as the file or the generator has them.
    func source() throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        switch workload.source {
        case .trace(let path, let format):
            do throws(InputError) {
                return try TraceReader.read(
                    path: path, format: format.flatMap(TraceFormat.init), arrivals: arrivalsIfNone)
            } catch {
                // A file that cannot be opened is a mistake where it is named.
                var error = error
                for index in error.diagnostics.indices where error.diagnostics[index].location == nil {
                    error.diagnostics[index].location = place
                }
                throw error
            }
        case .generator(let name):
            guard let preset = GeneratorPreset(name), let requests = workload.requests else {
                preconditionFailure("generator \(name) of \(String(describing: workload.requests)) requests")
            }
            return (preset.trace(requests: requests, streams: streams), [])
        }
    }

    /// Arrivals as the scenario wants them: drawn at its rate or the trace's own, or recorded and rescaled.
    private func arranged(_ trace: Trace) throws(InputError) -> Trace {
        guard case .drawn(let shape) = workload.arrivals else {
            guard let rate = workload.requestsPerSecond else { return trace }
            if let rescaled = trace.rescaled(toRate: rate) { return rescaled }
            throw InputError(
                at: place, "found a trace that cannot be rescaled to \(rate) requests/s: all requests arrive at once",
                help: "leave out the rate, or draw arrivals: workload.arrivals=poisson")
        }
        let rate = workload.requestsPerSecond ?? trace.rate
        if rate == 0 {
            throw InputError(
                at: place, "found a trace without a rate of its own to draw arrivals at: all requests arrive at once",
                help: "give one: workload.rate, or --rate")
        }
        if let process = shape.process(rate: rate), process.problem == nil,
            let drawn = trace.withArrivals(process, streams: streams)
        {
            return drawn
        }
        throw InputError(
            at: place,
            "found \(trace.requests.count) requests to draw arrivals for, which at \(rate)"
                + " requests/s do not fit into the 2e9 seconds that a run may last",
            help: "raise the rate, or take fewer requests")
    }

    /// For a file without times, where the scenario says all of an arrival process.
    private var arrivalsIfNone: GivenArrivals? {
        guard case .drawn(let shape) = workload.arrivals, let rate = workload.requestsPerSecond,
            let process = shape.process(rate: rate), process.problem == nil
        else { return nil }
        return GivenArrivals(process, streams: streams)
    }

    private func selected(_ trace: Trace) throws(InputError) -> Trace {
        if let error = trace.fault(of: workload.selection, at: place) { throw error }
        let selected = trace.selecting(workload.selection, streams: streams)
        if selected.requests.isEmpty { throw InputError(at: place, "found no request left of the trace") }
        return selected
    }
}
