internal import CostModels
internal import EventKernel

/// Fits what the engine adds to its kernels, and how its lanes slow each other, to runs at one rate.
///
/// In four steps, each with the results of those before it fixed: decode alone and prefill alone from the unified run,
/// the host time of a second process and the sharing from the semi-PD runs. Medians and absolute errors throughout: steps
/// that the host disturbed count as little as they deserve.
public enum ServingFit {
    /// Why there is nothing to fit to.
    public enum Failure: Error, Hashable, CustomStringConvertible {
        case noRun(String, rate: Double)
        case stepsDoNotMatchRequests(String)
        case tooFewRates

        public var description: String {
            switch self {
            case .noRun(let policy, let rate): "no \(policy) run at \(rate) requests/s to fit to"
            case .stepsDoNotMatchRequests(let run): "the prefill steps of \(run) do not add up to its requests"
            case .tooFewRates: "the power share is a line over the load: name two rates"
            }
        }
    }

    /// - Parameters:
    ///   - start: everything that is not fitted.
    ///   - coRuns: of the kernels of both phases on disjoint SMs, for what only bandwidth does; none keeps the start.
    public static func fit(
        _ runs: [ServingRun], rate: Double, coRuns: [CoRunRow], start: EngineModel
    ) throws -> EngineModel {
        let runs = runs.filter { $0.rate == rate }
        guard let unified = runs.first(where: { $0.policy == .unified }) else {
            throw Failure.noRun("unified", rate: rate)
        }
        let shared = runs.filter(\.policy.isShared)
        if shared.isEmpty { throw Failure.noRun("semi-PD", rate: rate) }
        var engine = start
        engine.runtime.decode.kernelFactor = try decodeFactors(unified, engine)
        engine.runtime.prefill = try prefillOverhead(unified, engine)
        engine.workers.prefill = engine.runtime.prefill
        engine.workers.decode = engine.runtime.decode
        engine.workers.decode.serialSeconds = try workerSerial(shared, engine)
        HardSplitFit(coRuns, total: engine.device.streamingMultiprocessors)?.apply(to: &engine.sharing)
        let laps = try shared.map { try SharedLaps($0, engine) }
        engine.sharing.waitSecondsPerLayer = try fourDigits(
            PatternSearch.minimise([0.0004]) {
                var candidate = engine
                candidate.sharing.waitSecondsPerLayer = $0[0]
                return try laps.map { try $0.decodeError(candidate) }.reduce(0, +)
            }[0])
        engine.sharing.prefillLossShared = try fourDigits(
            PatternSearch.minimise([0.7]) {
                var candidate = engine
                candidate.sharing.prefillLossShared = $0[0]
                return try laps.map { try $0.prefillError(candidate) }.reduce(0, +)
            }[0])
        return engine
    }

    /// Kernels of decode graphs over those of the efficiency profile, by the graph's batch size. From 32 on the ratio is
    /// one: a run at a low rate has few larger batches.
    private static func decodeFactors(_ run: ServingRun, _ engine: EngineModel) throws -> Curve {
        var plain = engine
        plain.runtime.decode.kernelFactor = .constant(1)
        let costs = try plain.rooflineCosts(for: .unified)
        var ratios: [(size: Int, ratios: [Double])] = []
        for step in run.steps(.decode) {
            let size = min(32, engine.runtime.paddedDecode(step.sequences))
            let kernels = costs.kernels(of: step.decodeShape, sms: engine.device.streamingMultiprocessors).seconds
            let ratio = (step.duration - engine.runtime.decode.serial(sequences: step.sequences)) / kernels
            let index = ratios.firstIndex { $0.size == size } ?? ratios.endIndex
            if index == ratios.endIndex { ratios.append((size, [])) }
            ratios[index].ratios.append(ratio)
        }
        ratios.sort { $0.size < $1.size }
        return Curve(knots: ratios.map { Double($0.size) }, values: ratios.map { fourDigits(median($0.ratios)) })
    }

    /// Serial host time and kernel factor of eager prefill, from the second half of the run: in the first the engine still
    /// warms up, and a prompt takes up to a third longer. Absolute errors, because what disturbs a step adds to it.
    ///
    /// The hidden host time stays: beside weights of 16 GB even one token keeps the GPU as long as the host.
    private static func prefillOverhead(
        _ run: ServingRun, _ engine: EngineModel
    ) throws -> RuntimeProfile.Overhead {
        guard let shapes = run.prefillShapes() else { throw Failure.stepsDoNotMatchRequests("\(run.policy)") }
        var plain = engine
        plain.runtime.prefill.kernelFactor = .constant(1)
        let costs = try plain.rooflineCosts(for: .unified)
        let rows = zip(run.steps(.prefill), shapes).filter { $0.0.start >= run.warm }.map {
            (
                measured: $0.duration,
                kernels: costs.kernels(of: $1, sms: engine.device.streamingMultiprocessors).seconds
            )
        }
        var overhead = engine.runtime.prefill
        let hidden = overhead.hiddenSeconds
        let fitted = PatternSearch.minimise([1.1, 0.001]) { p in
            rows.reduce(0) { $0 + abs(p[1] + max(p[0] * $1.kernels, hidden) - $1.measured) }
        }
        overhead.kernelFactor = .constant(fourDigits(fitted[0]))
        overhead.serialSeconds = fourDigits(fitted[1])
        return overhead
    }

    /// Host time of a decode step in a process beside another: what steps with no prefill in flight take beyond a step of
    /// a process by itself.
    private static func workerSerial(_ runs: [ServingRun], _ engine: EngineModel) throws -> Double {
        let costs = try engine.rooflineCosts(for: .unified)
        var excess: [Double] = []
        for run in runs {
            let decodes = run.steps(.decode)
            var isAlone = [Bool](repeating: true, count: decodes.count)
            for overlap in StepOverlap.all(decodes: decodes, prefills: run.steps(.prefill)) {
                isAlone[overlap.decode] = false
            }
            for (step, alone) in zip(decodes, isAlone) where alone {
                let work = costs.work(of: step.decodeShape, sms: engine.device.streamingMultiprocessors)
                excess.append(step.duration - work.seconds)
            }
        }
        return fourDigits(engine.runtime.decode.serialSeconds + median(excess))
    }
}

extension ServingRun {
    /// Half of the time in which requests arrive: the engine is warm from here on.
    var warm: Double { (requests.last?.arrival ?? 0) / 2 }
}

/// The steps of a semi-PD run that had another beside them, with their undisturbed work.
private struct SharedLaps {
    private let policy: ServingRun.Policy
    private let overlaps: [StepOverlap]
    private let prefills: [ServingRun.Step]
    private let decodes: [ServingRun.Step]
    private let prefillShapes: [IterationShape]
    /// Warm, and with another step beside them for at least this part of their time.
    private let countedPrefills: [Bool]
    private let countedDecodes: [Bool]
    private static let leastShare = 0.3

    init(_ run: ServingRun, _ engine: EngineModel) throws {
        guard let shapes = run.prefillShapes() else {
            throw ServingFit.Failure.stepsDoNotMatchRequests("\(run.policy)")
        }
        policy = run.policy
        prefills = run.steps(.prefill)
        decodes = run.steps(.decode)
        prefillShapes = shapes
        overlaps = StepOverlap.all(decodes: decodes, prefills: prefills)
        countedPrefills = Self.counted(prefills, overlaps, \.prefill, from: run.warm)
        countedDecodes = Self.counted(decodes, overlaps, \.decode, from: run.warm)
    }

    private static func counted(
        _ steps: [ServingRun.Step], _ overlaps: [StepOverlap], _ index: (StepOverlap) -> Int, from start: Double
    ) -> [Bool] {
        var beside = [Double](repeating: 0, count: steps.count)
        for overlap in overlaps { beside[index(overlap)] += overlap.seconds }
        return zip(steps, beside).map { $0.start >= start && $1 >= leastShare * $0.duration }
    }

    /// Mean of |work done in the step's time over its work − 1|, of decode steps.
    func decodeError(_ engine: EngineModel) throws -> Double {
        try error(engine, steps: decodes, counted: countedDecodes, index: \.decode, factor: \.decode) {
            decodes[$0].decodeShape
        }
    }

    func prefillError(_ engine: EngineModel) throws -> Double {
        try error(engine, steps: prefills, counted: countedPrefills, index: \.prefill, factor: \.prefill) {
            prefillShapes[$0]
        }
    }

    private func error(
        _ engine: EngineModel, steps: [ServingRun.Step], counted: [Bool], index: (StepOverlap) -> Int,
        factor: KeyPath<LaneSlowdowns, Slowdown>, shape: (Int) -> IterationShape
    ) throws -> Double {
        let costs = try engine.rooflineCosts(for: policy)
        let partition = engine.partition(for: policy)
        let sms = factor == \.decode ? partition.decode : partition.prefill
        var work = steps.map(\.duration)
        for overlap in overlaps where counted[index(overlap)] {
            let slowdowns = costs.slowdowns(
                prefill: prefillShapes[overlap.prefill], decode: decodes[overlap.decode].decodeShape,
                partition: partition)
            work[index(overlap)] -= overlap.seconds * (1 - 1 / slowdowns[keyPath: factor].factor)
        }
        var (sum, count) = (0.0, 0)
        for step in steps.indices where counted[step] {
            sum += abs(work[step] / costs.work(of: shape(step), sms: sms).seconds - 1)
            count += 1
        }
        return count > 0 ? sum / Double(count) : 0
    }
}
