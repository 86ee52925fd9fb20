public import CostModels
internal import EventKernel

/// How the serving engine of the microbenchmarks is priced: by the tables, whose kernels it runs, and what was measured of
/// it besides.
public struct ReplayEngine: Sendable {
    public var tables: KernelTables
    /// Lanes alone on the SMs of a pair of green contexts.
    public var coRuns: [CoRunRow]
    /// Where prompts on all SMs lie between a burst, 0, and continuous running, 1, by the share of time that prompts take:
    /// the clock that the power limit leaves is lower the more of them there are.
    public struct PowerShare: Hashable, Sendable {
        /// Of a single prompt.
        public var atRest: Double
        /// More for each unit of load.
        public var perLoad: Double

        /// Fitted to the unified runs at 6 and 16 requests/s, the others being held out: `phasewise validate --engine replay
        /// --fit-rate 6 --fit-rate 16`.
        public static let fitted = PowerShare(atRest: 0.2037, perLoad: 0.8769)

        public init(atRest: Double, perLoad: Double) {
            self.atRest = atRest
            self.perLoad = perLoad
        }

        func value(load: Double) -> Double { min(1, max(0, atRest + perLoad * load)) }
    }
    public var powerShare: PowerShare

    public init(tables: KernelTables, coRuns: [CoRunRow], powerShare: PowerShare = .fitted) {
        self.tables = tables
        self.coRuns = coRuns
        self.powerShare = powerShare
    }

    func costs(for run: ServingRun, of engine: EngineModel) throws(CostModelError) -> any CostModel {
        let policy = run.policy
        var mechanism = CoRunSurface.Mechanism.mps
        var runtime = policy.isShared ? engine.workers : engine.runtime
        if case .greenContexts(let prefill, let decode) = policy {
            mechanism = .green
            try placeLanes(on: prefill, decode, runtime: &runtime, engine)
        }
        var costs = PromptCosts(base: try table(runtime, mechanism, .sustained, engine))
        // Lanes of a pair of green contexts are held against what they took alone, in the state they were in.
        if !policy.isShared {
            let load = offeredLoad(of: run, costs, sms: engine.device.streamingMultiprocessors)
            costs.burst = try table(runtime, mechanism, .burst, engine)
            costs.sustainedShare = powerShare.value(load: load)
        }
        return costs
    }

    /// The share of the time in which requests arrive that their prompts take one by one, in continuous running.
    private func offeredLoad(of run: ServingRun, _ costs: PromptCosts, sms: Int) -> Double {
        let work = run.requests.map { costs.work(of: .prefill(tokens: $0.promptTokens), sms: sms).seconds }
        return work.reduce(0, +) / (2 * run.warm)
    }

    /// Fits the share to the unified runs at these rates, at least two: what their prefill steps took in all, between the
    /// prices of a burst and of continuous running, over the load; then the line of least squares.
    public func fittedPowerShare(
        _ runs: [ServingRun], rates: [Double], of engine: EngineModel
    ) throws -> PowerShare {
        var points: [(load: Double, share: Double)] = []
        for rate in rates {
            guard let run = runs.first(where: { $0.policy == .unified && $0.rate.rounded() == rate }) else {
                throw ServingFit.Failure.noRun("unified", rate: rate)
            }
            guard let shapes = run.prefillShapes() else { throw ServingFit.Failure.stepsDoNotMatchRequests("unified") }
            let sms = engine.device.streamingMultiprocessors
            func seconds(_ state: PowerState) throws -> (all: Double, load: Double) {
                let costs = PromptCosts(base: try table(engine.runtime, .mps, state, engine))
                let all = shapes.map { costs.work(of: $0, sms: sms).seconds }.reduce(0, +)
                return (all, offeredLoad(of: run, costs, sms: sms))
            }
            let (burst, sustained) = (try seconds(.burst), try seconds(.sustained))
            let measured = run.steps(.prefill).map(\.duration).reduce(0, +)
            points.append((sustained.load, (measured - burst.all) / (sustained.all - burst.all)))
        }
        let n = Double(points.count)
        let (x, y) = (points.map(\.load).reduce(0, +) / n, points.map(\.share).reduce(0, +) / n)
        let variance = points.reduce(0) { $0 + ($1.load - x) * ($1.load - x) }
        if variance == 0 { throw ServingFit.Failure.tooFewRates }
        let slope = points.reduce(0) { $0 + ($1.load - x) * ($1.share - y) } / variance
        return PowerShare(atRest: fourDigits(y - slope * x), perLoad: fourDigits(slope))
    }

    private func table(
        _ runtime: RuntimeProfile, _ mechanism: CoRunSurface.Mechanism, _ state: PowerState, _ engine: EngineModel,
        equalContexts: Bool = false
    ) throws(CostModelError) -> TableCostModel {
        try TableCostModel(
            model: engine.model, device: engine.device, tables: tables, efficiency: engine.efficiency,
            runtime: runtime, sharing: engine.sharing, maxSequences: EngineModel.mostSequences, state: state,
            mechanism: mechanism, equalContexts: equalContexts)
    }

    /// Which SMs a pair of green contexts gets is the driver's choice, and their bandwidth differs: the tables are of SMs that
    /// were handed out first, a pair's second context gets the rest. What each lane of the measured pair took alone, over
    /// the tables' price on as many SMs, multiplies its kernels. A pair that was not measured keeps the tables' prices.
    private func placeLanes(
        on prefillSMs: Int, _ decodeSMs: Int, runtime: inout RuntimeProfile, _ engine: EngineModel
    ) throws(CostModelError) {
        let rows = coRuns.filter {
            $0.mechanism == "green" && ($0.prefillSMs, $0.decodeSMs) == (prefillSMs, decodeSMs)
                && $0.layers < engine.model.layers
        }
        let costs = try table(.ideal, .green, .sustained, engine, equalContexts: true)
        /// Of a layer alone, over its price.
        func factor(_ microseconds: Double, _ row: CoRunRow, _ shape: IterationShape, _ sms: Int) -> Double {
            let parts = costs.parts(of: shape, sms: sms).filter { $0.count >= engine.model.layers || $0.name == "gaps" }
            let price = parts.map(\.price.seconds).reduce(0, +) / Double(engine.model.layers)
            return microseconds * 1e-6 / Double(row.layers) / price
        }
        if rows.isEmpty { return }
        runtime.prefill.kernelFactor = curve(
            rows.map { row in
                (row.tokens, factor(row.prefillAloneMicroseconds, row, .prefill(tokens: row.tokens), prefillSMs))
            })
        runtime.decode.kernelFactor = curve(
            rows.map { row in
                let shape = IterationShape.decode(sequences: row.batch, contextTokens: row.batch * row.context)
                return (row.batch, factor(row.decodeAloneMicroseconds, row, shape, decodeSMs))
            })
    }

    /// The medians by rows of the matrix products.
    private func curve(_ points: [(rows: Int, factor: Double)]) -> Curve {
        let sizes = Set(points.map(\.rows)).sorted()
        return Curve(
            knots: sizes.map(Double.init),
            values: sizes.map { size in median(points.filter { $0.rows == size }.map(\.factor)) })
    }
}

/// Prompts between two states of the device, and with rows as the engine tunes its products: at some numbers of rows, and
/// others take the algorithm of the next, whole tiles of it, so that they take as long.
private struct PromptCosts: CostModel {
    let base: TableCostModel
    /// `nil` where `base` is the state.
    var burst: TableCostModel?
    var sustainedShare = 1.0

    /// As in `tunedRows` of the engine's prefill lane.
    private static func tuned(_ rows: Int) -> Int {
        if rows <= 32 { return rows <= 16 ? 16 : 32 }
        let step = rows <= 1024 ? 64 : rows <= 2048 ? 128 : rows <= 8192 ? 512 : 1024
        return (rows + step - 1) / step * step
    }

    private func rounded(_ shape: IterationShape) -> IterationShape {
        if shape.prefillTokens == 0 { return shape }
        var shape = shape
        shape.prefillTokens = Self.tuned(shape.prefillTokens)
        return shape
    }

    func work(of shape: IterationShape, sms: Int) -> Work {
        let shape = rounded(shape)
        let sustained = base.work(of: shape, sms: sms)
        guard shape.prefillTokens > 0, let burst else { return sustained }
        return Work(
            rounding: burst.work(of: shape, sms: sms).seconds * (1 - sustainedShare)
                + sustained.seconds * sustainedShare)
    }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        base.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        base.slowdowns(prefill: rounded(prefill), decode: decode, partition: partition)
    }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares {
        base.provenance(of: rounded(shape), sms: sms)
    }
}
