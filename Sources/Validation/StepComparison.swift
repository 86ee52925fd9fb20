internal import CostModels
internal import EventKernel

/// A measured step beside its price: which steps a run's errors come from.
public struct StepComparison: Hashable, Sendable {
    public var phase: ServingRun.Phase
    /// Seconds on the clock of the arrivals.
    public var start: Double
    public var sequences: Int
    /// Prompt tokens of a prefill, Σ context of a decode.
    public var tokens: Int
    public var measured: Double
    /// What the cost model says that the step takes alone, seconds.
    public var alone: Double
    /// Share of the measured time that a step of the other phase was in flight on the same GPU.
    public var overlap: Double

    /// Prefill and decode steps of a run, in order of start within each phase.
    public static func of(_ run: ServingRun, on engine: EngineModel) throws -> [StepComparison] {
        guard let shapes = run.prefillShapes() else {
            throw ServingFit.Failure.stepsDoNotMatchRequests("\(run.policy)")
        }
        let costs = try engine.costs(for: run)
        let partition = engine.partition(for: run.policy)
        let (prefills, decodes) = (run.steps(.prefill), run.steps(.decode))
        var shared = (
            prefill: [Double](repeating: 0, count: prefills.count), decode: [Double](repeating: 0, count: decodes.count)
        )
        if run.policy.isShared {
            for overlap in StepOverlap.all(decodes: decodes, prefills: prefills) {
                shared.prefill[overlap.prefill] += overlap.seconds
                shared.decode[overlap.decode] += overlap.seconds
            }
        }
        func row(_ step: ServingRun.Step, alone: Double, overlap: Double) -> StepComparison {
            StepComparison(
                phase: step.phase, start: step.start, sequences: step.sequences, tokens: step.tokens,
                measured: step.duration, alone: alone, overlap: overlap / step.duration)
        }
        return zip(prefills.indices, shapes).map { index, shape in
            row(
                prefills[index], alone: costs.work(of: shape, sms: partition.prefill).seconds,
                overlap: shared.prefill[index])
        }
            + decodes.indices.map { index in
                row(
                    decodes[index], alone: costs.work(of: decodes[index].decodeShape, sms: partition.decode).seconds,
                    overlap: shared.decode[index])
            }
    }
}
