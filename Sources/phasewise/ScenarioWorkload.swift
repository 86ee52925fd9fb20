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
        // Not with `&&`, which forgets the type of what its right side throws.
        if workload.closedLoop == nil, try sessions() == nil { return }
        throw waitsForAnswers
    }

    private var waitsForAnswers: InputError {
        let isTrace = if case .trace = workload.source { workload.closedLoop == nil } else { false }
        return InputError(
            at: place, "found requests that wait for answers, expected known arrivals",
            help: isTrace
                ? "workload.sessions=open takes them as recorded; `phasewise simulate` and `compare` let them wait"
                : "closed loops and such sessions are for `phasewise simulate` and `phasewise compare`")
    }

    /// What a run is given: all requests, arriving as if answers needed no time where they wait for some, and the
    /// source that lets them wait.
    func requests() throws(InputError) -> (trace: Trace, source: any RequestSource, warnings: [Diagnostic]) {
        if let sessions = try sessions() { return (sessions.trace, SessionSource(sessions), []) }
        let (trace, warnings) = try trace()
        if let loop = workload.closedLoop {
            return (trace, ClosedLoopSource(loop, base: trace.source, streams: streams), warnings)
        }
        return (trace, trace.followUps == nil ? trace.source : FollowUpSource(trace), warnings)
    }

    /// Requests of known arrivals, from a source that was read before.
    func knownArrivals(from source: Trace) throws(InputError) -> Trace {
        if source.followUps != nil { throw waitsForAnswers }
        return try trace(from: source)
    }

    private func trace() throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        let (source, warnings) = try source()
        return (try trace(from: source), warnings)
    }

    /// What the scenario takes of the source, as many requests as it asks for, arriving when it says.
    private func trace(from source: Trace) throws(InputError) -> Trace {
        if source.followUps != nil, !workload.selection.takesAll || isRescaled {
            throw InputError(
                at: place, "found a rate or a selection for sessions that wait for answers",
                help: "workload.sessions=open takes them as recorded; arrivals: poisson draws their starts at a rate")
        }
        let source = workload.selection.takesAll ? source : try selected(source)
        guard let requests = workload.requests, requests < source.requests.count else { return try arranged(source) }
        return try arranged(source.prefix(requests))
    }

    private var isRescaled: Bool { workload.arrivals == .recorded && workload.requestsPerSecond != nil }

    /// The requests as the file or the generator has them.
    func source() throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        switch workload.source {
        case .trace(let path, let format):
            do throws(InputError) {
                return try TraceReader.read(
                    path: path, format: format.flatMap(TraceFormat.init), arrivals: arrivalsIfNone,
                    keepsFollowUps: workload.sessions == .closed && workload.closedLoop == nil)
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
        if let error = workload.selection.fault(classNames: trace.classNames, at: place) { throw error }
        let selected = trace.selecting(workload.selection, streams: streams)
        if selected.requests.isEmpty { throw InputError(at: place, "found no request left of the trace") }
        return selected
    }
}
