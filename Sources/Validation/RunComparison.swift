/// A measured run beside its simulation.
public struct RunComparison: Hashable, Sendable {
    public var key: ServingRun.Key
    public var requests: Int
    public var measured: RunFigures
    public var simulated: RunFigures

    public init(_ run: ServingRun, on engine: EngineModel) throws {
        key = run.key
        requests = run.requests.count
        measured = try RunFigures(measured: run, on: engine)
        simulated = RunFigures(try Replay(run, on: engine), of: run)
    }

    /// One figure of the comparison.
    public struct Row: Hashable, Sendable {
        public var name: String
        public var unit: String
        public var simulated: Double
        public var measured: Double

        /// Simulated over measured, less one.
        public var error: Double { simulated / measured - 1 }
    }

    public var rows: [Row] {
        var rows: [Row] = []
        func add(_ name: String, _ unit: String, _ scale: Double, _ value: (RunFigures) -> Double) {
            rows.append(
                Row(name: name, unit: unit, simulated: value(simulated) * scale, measured: value(measured) * scale))
        }
        for (name, unit, scale, spread) in [
            ("TTFT", "ms", 1e3, \RunFigures.timeToFirstToken), ("TPOT", "ms", 1e3, \.timePerOutputToken),
            ("E2E", "s", 1, \.endToEnd),
        ] {
            add("\(name) mean", unit, scale) { $0[keyPath: spread].mean }
            add("\(name) P50", unit, scale) { $0[keyPath: spread].p50 }
            add("\(name) P90", unit, scale) { $0[keyPath: spread].p90 }
        }
        add("prefill steps", "", 1) { Double($0.prefillSteps) }
        add("decode steps", "", 1) { Double($0.decodeSteps) }
        add("prefill step mean", "ms", 1e3, \.prefillStep)
        add("prefill step mean, 1st half", "ms", 1e3) { $0.prefillStepByHalf[0] }
        add("prefill step mean, 2nd half", "ms", 1e3) { $0.prefillStepByHalf[1] }
        add("prefill load", "", 1, \.prefillLoad)
        add("decode step mean", "ms", 1e3, \.decodeStep)
        if let simulated = simulated.slowdowns, let measured = measured.slowdowns {
            for (name, phase) in [
                ("prefill slowdown", \RunFigures.Slowdowns.prefill), ("decode slowdown", \.decode),
            ] {
                rows.append(
                    Row(name: name, unit: "", simulated: simulated[keyPath: phase], measured: measured[keyPath: phase]))
            }
        }
        return rows
    }
}

/// How the means of a run answer to a change of all service times: near saturation, by much more than the change.
public struct Amplification: Hashable, Sendable {
    public var key: ServingRun.Key
    /// Factor on all work.
    public var serviceTime: Double
    public var figures: RunFigures
    /// Relative change of the mean end-to-end time over relative change of service time; `nil` at a factor of 1.
    public var gain: Double?

    public static func of(_ run: ServingRun, on engine: EngineModel, factors: [Double]) throws -> [Amplification] {
        let base = RunFigures(try Replay(run, on: engine), of: run).endToEnd.mean
        return try factors.map { factor in
            let figures = RunFigures(try Replay(run, on: engine, serviceTime: factor), of: run)
            let gain = factor == 1 ? nil : (figures.endToEnd.mean / base - 1) / (factor - 1)
            return Amplification(key: run.key, serviceTime: factor, figures: figures, gain: gain)
        }
    }
}
