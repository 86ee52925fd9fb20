internal import CostModels
internal import EventKernel
internal import Metrics
internal import Simulator

// From what a scenario says of partition control to what the simulator runs.

extension ResolvedPartitionControl {
    /// Partitions that may come into force on a device with `total` SMs.
    func reachable(of total: Int) -> [SMPartition] {
        switch controller {
        case "model": return mechanism.mechanism.candidates(of: total)
        default:
            let floor = min(
                argument(.prefillFloor), argument(.decodeFloor), min(initial.prefill, initial.decode))
            return (floor...100).map {
                mechanism.mechanism.partition(prefillPercent: Double($0), decodePercent: Double($0), of: total)
            }
        }
    }

    /// - Parameters:
    ///   - weightBytes: Of one GPU, which a naive restart loads.
    ///   - keyValueBytesPerBlock: Of one GPU, which a naive restart copies.
    func control(
        slo: SLO, model: any CostModel, limits: EngineLimits, initial partition: SMPartition, weightBytes: Int,
        keyValueBytesPerBlock: Int
    ) -> PartitionControl {
        PartitionControl(
            makeController(slo: slo, model: model, limits: limits, total: partition.total), initial: partition,
            cost: change.cost(weightBytes: weightBytes), keyValueBytesPerBlock: keyValueBytesPerBlock)
    }

    private func makeController(
        slo: SLO, model: any CostModel, limits: EngineLimits, total: Int
    ) -> any PartitionController {
        func milliseconds(_ meaning: ControllerParameter.Meaning) -> SimulationDuration {
            SimulationDuration(nanoseconds: Int64(argument(meaning)) * 1_000_000)
        }
        switch controller {
        case "paper":
            let iterations = argument(.windowIterations)
            return PaperController(
                slo: slo, mechanism: mechanism.mechanism, initial: initial,
                window: iterations > 0 ? .iterations(iterations) : .completions(argument(.windowRequests)),
                steps: steps)
        case "code":
            var constants = CodeController.Constants()
            constants.window = argument(.windowRequests)
            constants.decodeGuard = Double(argument(.decodeGuard)) / 100
            constants.quantile = slo.attainmentTarget
            constants.steps = steps
            return CodeController(slo: slo, mechanism: mechanism.mechanism, initial: initial, constants: constants)
        case "model":
            return ModelController(
                slo: slo, model: model, candidates: reachable(of: total), limits: limits,
                settings: ModelController.Settings(
                    cadence: .every(milliseconds(.interval)), hysteresis: Double(argument(.hysteresis)) / 1000,
                    minimumInterval: milliseconds(.minimumInterval), horizon: milliseconds(.horizon),
                    memory: milliseconds(.memory), preparation: change.cost(weightBytes: 0).preparation))
        default:
            preconditionFailure("controller \(controller) is in the catalogue but not built")
        }
    }

    private var steps: PercentageSteps {
        PercentageSteps(
            size: argument(.stepSize), most: argument(.steps), prefillFloor: argument(.prefillFloor),
            decodeFloor: argument(.decodeFloor))
    }
}

extension ResolvedPartitionChange {
    func cost(weightBytes: Int) -> PartitionSwitchCost {
        switch self {
        case .asynchronous(let preparation, let prefillStall, let decodeStall):
            .asynchronous(
                preparation: SimulationDuration(rounding: preparation),
                prefillStall: SimulationDuration(rounding: prefillStall),
                decodeStall: SimulationDuration(rounding: decodeStall))
        case .restart(let load, let copy, let initialisation):
            .restart(
                NaiveRestart(
                    weightBytes: weightBytes, loadBytesPerSecond: load, copyBytesPerSecond: copy,
                    initialisation: SimulationDuration(rounding: initialisation)))
        }
    }
}
