import CostModels
import EventKernel
import Metrics
import Simulator

/// Goes through a list of partitions over and over, one at every other observation.
struct CyclingController: PartitionController {
    var cadence: ObservationCadence
    var targets: [SMPartition]
    private var next = 0
    private var isToKeep = true

    init(_ cadence: ObservationCadence, _ targets: [SMPartition]) {
        self.cadence = cadence
        self.targets = targets
    }

    mutating func decide(_ observation: PartitionObservation) -> PartitionDecision? {
        // Every other time, so that something runs between two changes however long they stall.
        isToKeep.toggle()
        if isToKeep { return nil }
        let target = targets[next % targets.count]
        next += 1
        // What it saw is in the reason, so that runs that see different things differ in their records.
        return PartitionDecision(from: observation.partition, to: target, reason: "\(next): \(observation)")
    }
}

/// A control of any kind: controllers that change often, each cadence, changes that are free, delayed, stalling, and
/// naive restarts. For durations of the order of those in `randomConfiguration`.
///
/// Sets the pool's partition where the controller starts from its own.
func addRandomControl(to pool: inout PoolConfiguration, _ random: inout RandomStream) {
    func duration(below nanoseconds: Int) -> SimulationDuration {
        SimulationDuration(nanoseconds: Int64(random.index(below: nanoseconds)))
    }
    let cadence: ObservationCadence =
        switch random.index(below: 3) {
        case 0: .completions(1 + random.index(below: 4))
        case 1: .iterations(1 + random.index(below: 30))
        default: .every(SimulationDuration(nanoseconds: 1_000) + duration(below: 300_000))
        }
    let total = pool.partition.total
    let targets = (0..<3).map { _ in
        SMPartition(prefill: 10 + random.index(below: 91), decode: 10 + random.index(below: 91), total: total)
    }
    // A percentile of around 10 µs to first token and 5 µs a token.
    let slo = SLO(
        timeToFirstToken: 2e-6 + 1e-3 * random.uniform() * random.uniform(),
        timePerOutputToken: 1e-6 + 2e-5 * random.uniform())
    let steps = PercentageSteps(size: 5, most: 3, prefillFloor: 20, decodeFloor: 20)
    let controller: any PartitionController
    switch random.index(below: 5) {
    case 0:
        var constants = CodeController.Constants()
        constants.window = 2
        constants.steps = steps
        pool.partition = .unpartitioned(total)
        controller = CodeController(slo: slo, mechanism: .mps, constants: constants)
    case 1:
        pool.partition = .unpartitioned(total)
        controller = PaperController(
            slo: slo, mechanism: .mps, window: random.index(below: 2) == 0 ? .completions(3) : .iterations(20),
            steps: steps)
    case 2:
        controller = ModelController(
            slo: slo, model: pool.costModel, candidates: PartitionMechanism.hopperGreenContexts.candidates(of: total),
            limits: pool.limits,
            settings: .init(
                cadence: cadence, hysteresis: 0.01, minimumInterval: duration(below: 50_000),
                horizon: SimulationDuration(nanoseconds: 100_000), memory: SimulationDuration(nanoseconds: 400_000)))
    default:
        controller = CyclingController(cadence, targets)
    }
    let cost: PartitionSwitchCost =
        switch random.index(below: 4) {
        case 0: .asynchronous(preparation: .zero)
        case 1: .asynchronous(preparation: duration(below: 200_000))
        case 2:
            .asynchronous(
                preparation: duration(below: 100_000), prefillStall: duration(below: 20_000),
                decodeStall: duration(below: 20_000))
        default:
            .restart(
                NaiveRestart(
                    weightBytes: 1_000, loadBytesPerSecond: 1e9, copyBytesPerSecond: 1e9,
                    initialisation: SimulationDuration(nanoseconds: 1 + Int64(random.index(below: 20_000)))))
        }
    pool.partitionControl = PartitionControl(
        controller, initial: pool.partition, cost: cost, keyValueBytesPerBlock: 10)
}
