internal import CostModels
internal import EventKernel
internal import Metrics

/// Mean, median and 90th percentile (of rank ⌈q·n⌉).
public struct Spread: Hashable, Sendable {
    public var mean: Double
    public var p50: Double
    public var p90: Double

    /// - Precondition: there is a value.
    init(_ values: [Double]) {
        precondition(!values.isEmpty, "a spread of nothing")
        let sorted = values.sorted()
        func rank(_ q: Double) -> Double { sorted[max(0, Int((q * Double(sorted.count)).rounded(.up)) - 1)] }
        mean = sorted.reduce(0, +) / Double(sorted.count)
        p50 = rank(0.5)
        p90 = rank(0.9)
    }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }

/// What is compared of a run, measured or simulated. Times in seconds.
public struct RunFigures: Hashable, Sendable {
    public var timeToFirstToken: Spread
    public var timePerOutputToken: Spread
    public var endToEnd: Spread
    public var prefillSteps: Int
    public var decodeSteps: Int
    /// Means over the steps.
    public var prefillStep: Double
    public var decodeStep: Double
    /// Means over the prefill steps that began before and after half of the time in which requests arrive.
    public var prefillStepByHalf: [Double]
    /// Time in prefill steps over the time in which requests arrive.
    public var prefillLoad: Double
    /// `nil` where the phases do not run side by side.
    public var slowdowns: Slowdowns?

    /// Time in the steps of a phase over what they would take alone on the SMs they may use.
    public struct Slowdowns: Hashable, Sendable {
        public var prefill: Double
        /// Steps weighted by their sequences.
        public var decode: Double
    }
}

extension RunFigures {
    /// Of the run as it was measured. What steps would take alone is the cost model's word, in both columns.
    init(measured run: ServingRun, on engine: EngineModel) throws {
        let (prefills, decodes) = (run.steps(.prefill), run.steps(.decode))
        let prefillTime = prefills.map(\.duration).reduce(0, +)
        let decodeTime = decodes.map(\.duration).reduce(0, +)
        self.init(
            timeToFirstToken: Spread(run.requests.map(\.timeToFirstToken)),
            timePerOutputToken: Spread(
                run.requests.filter { $0.outputTokens > 1 }.map {
                    ($0.endToEnd - $0.timeToFirstToken) / Double($0.outputTokens - 1)
                }),
            endToEnd: Spread(run.requests.map(\.endToEnd)), prefillSteps: prefills.count, decodeSteps: decodes.count,
            prefillStep: prefillTime / Double(prefills.count), decodeStep: decodeTime / Double(decodes.count),
            prefillStepByHalf: [
                mean(prefills.filter { $0.start < run.warm }.map(\.duration)),
                mean(prefills.filter { $0.start >= run.warm }.map(\.duration)),
            ], prefillLoad: prefillTime / (2 * run.warm),
            slowdowns: try Slowdowns(measured: run, on: engine))
    }

    init(_ replay: Replay, of run: ServingRun) {
        let records = replay.records
        // Whole prompts in one iteration: requests that began together and have their first token together share it.
        var durations: [(start: Double, seconds: Double)] = []
        var alone = 0.0
        var last: RequestRecord?
        for record in records {
            guard let scheduled = record.scheduled, let first = record.firstToken else { continue }
            if let last, last.scheduled == scheduled { continue }
            durations.append((scheduled.seconds, (first - scheduled).seconds))
            alone += record.parts.prefillRun.seconds
            last = record
        }
        let (steps, time) = (durations.count, durations.reduce(0) { $0 + $1.seconds })
        let busy = replay.outcome.instances.map { ($0.prefillBusy + $0.decodeBusy).seconds }.reduce(0, +)
        let decodeSteps = replay.outcome.iterations - steps
        self.init(
            timeToFirstToken: Spread(records.compactMap { $0.timeToFirstToken?.seconds }),
            timePerOutputToken: Spread(records.compactMap(\.timePerOutputToken)),
            endToEnd: Spread(records.compactMap { $0.endToEnd?.seconds }), prefillSteps: steps,
            decodeSteps: decodeSteps, prefillStep: time / Double(steps),
            decodeStep: (busy - time) / Double(decodeSteps),
            prefillStepByHalf: [
                mean(durations.filter { $0.start < run.warm }.map(\.seconds)),
                mean(durations.filter { $0.start >= run.warm }.map(\.seconds)),
            ], prefillLoad: time / (2 * run.warm),
            slowdowns: run.policy.isShared
                ? Slowdowns(prefill: time / alone, decode: Self.decodeSlowdown(records)) : nil)
    }

    private static func decodeSlowdown(_ records: [RequestRecord]) -> Double {
        var (run, stalled) = (0.0, 0.0)
        for record in records {
            run += record.parts.decodeRun.seconds
            stalled += record.parts.decodeStalled.seconds
        }
        return (run + stalled) / run
    }
}

extension RunFigures.Slowdowns {
    init?(measured run: ServingRun, on engine: EngineModel) throws {
        guard run.policy.isShared else { return nil }
        guard let shapes = run.prefillShapes() else {
            throw ServingFit.Failure.stepsDoNotMatchRequests("\(run.policy)")
        }
        let costs = try engine.costs(for: run)
        let partition = engine.partition(for: run.policy)
        var (decodeTime, decodeAlone) = (0.0, 0.0)
        for step in run.steps(.decode) {
            let sequences = Double(step.sequences)
            decodeTime += step.duration * sequences
            decodeAlone += costs.work(of: step.decodeShape, sms: partition.decode).seconds * sequences
        }
        let prefillAlone = shapes.map { costs.work(of: $0, sms: partition.prefill).seconds }.reduce(0, +)
        self.init(
            prefill: run.steps(.prefill).map(\.duration).reduce(0, +) / prefillAlone,
            decode: decodeTime / decodeAlone)
    }
}
