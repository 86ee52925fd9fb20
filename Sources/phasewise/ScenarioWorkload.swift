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
        return workload.arrivals != .recorded
    }

    func trace() throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        let (source, warnings) = try source()
        return (try trace(from: source), warnings)
    }

    /// As many of the source's requests as the scenario asks for, arriving when it says.
    func trace(from source: Trace) throws(InputError) -> Trace {
        guard let requests = workload.requests, requests < source.requests.count else { return try arranged(source) }
        return try arranged(source.prefix(requests))
    }

    /// The requests as the file or the generator has them.
    func source() throws(InputError) -> (trace: Trace, warnings: [Diagnostic]) {
        switch workload.source {
        case .trace(let path, let format):
            do throws(InputError) {
                return try TraceReader.read(path: path, format: format.flatMap(TraceFormat.init))
            } catch {
                // A file that cannot be opened is a mistake where it is named.
                var error = error
                for index in error.diagnostics.indices where error.diagnostics[index].location == nil {
                    error.diagnostics[index].location = place
                }
                throw error
            }
        case .generator(let name):
            guard let preset = WorkloadPreset(rawValue: name), let requests = workload.requests else {
                preconditionFailure("generator \(name) of \(String(describing: workload.requests)) requests")
            }
            return (WorkloadGenerator.trace(preset.model, requests: requests, streams: streams), [])
        }
    }

    /// Arrivals as the scenario wants them: drawn at its rate or the trace's own, or recorded and rescaled.
    private func arranged(_ trace: Trace) throws(InputError) -> Trace {
        guard let process = arrivalProcess(rate: workload.requestsPerSecond ?? trace.rate) else {
            guard let rate = workload.requestsPerSecond else { return trace }
            if let rescaled = trace.rescaled(toRate: rate) { return rescaled }
            throw InputError(
                at: place, "found a trace that cannot be rescaled to \(rate) requests/s: all requests arrive at once",
                help: "leave out the rate, or draw arrivals: workload.arrivals=poisson")
        }
        if process.meanRate == 0 {
            throw InputError(
                at: place, "found a trace without a rate of its own to draw arrivals at: all requests arrive at once",
                help: "give one: workload.rate, or --rate")
        }
        if process.problem == nil, let drawn = trace.withArrivals(process, streams: streams) { return drawn }
        throw InputError(
            at: place,
            "found \(trace.requests.count) requests to draw arrivals for, which at \(process.meanRate)"
                + " requests/s do not fit into the 2e9 seconds that a run may last",
            help: "raise the rate, or take fewer requests")
    }

    private func arrivalProcess(rate: Double) -> ArrivalProcess? {
        switch workload.arrivals {
        case .recorded: nil
        case .poisson: .poisson(rate: rate)
        case .gamma(let variation): .gamma(rate: rate, coefficientOfVariation: variation)
        }
    }
}
