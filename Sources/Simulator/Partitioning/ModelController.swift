public import CostModels
public import EventKernel
public import Metrics

/// Chooses among `candidates` the partition under which the cost model and the present queues promise the highest SLO
/// attainment over the next while; `AttainmentForecast` says how that is reckoned.
///
/// Contract: it changes only if the objective gains more than `hysteresis`, and at most once in `minimumInterval`. A
/// partition whose objective is within `hysteresis` of perfect is kept without a look at the others. Of equally good
/// candidates the first in the list is taken.
public struct ModelController: PartitionController {
    public struct Settings: Hashable, Sendable {
        public var cadence: ObservationCadence
        /// What a change has to gain, in attainment.
        public var hysteresis: Double
        /// Between two changes.
        public var minimumInterval: SimulationDuration
        /// Over which attainment is predicted, with the partition held.
        public var horizon: SimulationDuration
        /// Of the averages of arrival rate and lengths.
        public var memory: SimulationDuration
        /// What a change takes to come into force. Partitions are then judged from there on, by what will wait and run by
        /// then, and over no less than that: the next change will take as long again.
        public var preparation: SimulationDuration

        /// Of a controller that could be run.
        public static let standard = Settings(
            cadence: .every(SimulationDuration(nanoseconds: 1_000_000_000)), hysteresis: 0.02,
            minimumInterval: SimulationDuration(nanoseconds: 2_000_000_000),
            horizon: SimulationDuration(nanoseconds: 5_000_000_000),
            memory: SimulationDuration(nanoseconds: 20_000_000_000))

        /// Asked at every iteration and held back by nothing: with changes that cost nothing, a yardstick for what
        /// switching can bring. It follows its forecast and knows no future arrivals, so it is no upper bound.
        public static let oracle = Settings(
            cadence: .iterations(1), hysteresis: 0, minimumInterval: .zero,
            horizon: SimulationDuration(nanoseconds: 1_000_000_000),
            memory: SimulationDuration(nanoseconds: 20_000_000_000))

        public init(
            cadence: ObservationCadence, hysteresis: Double, minimumInterval: SimulationDuration,
            horizon: SimulationDuration, memory: SimulationDuration, preparation: SimulationDuration = .zero
        ) {
            precondition(
                hysteresis >= 0 && horizon > .zero && memory > .zero,
                "hysteresis \(hysteresis), horizon \(horizon), memory \(memory)")
            self.cadence = cadence
            self.hysteresis = hysteresis
            self.minimumInterval = minimumInterval
            self.horizon = horizon
            self.memory = memory
            self.preparation = preparation
        }
    }

    public let slo: SLO
    public let candidates: [SMPartition]
    public let limits: EngineLimits
    public let settings: Settings
    private let model: any CostModel
    private var demand: DemandEstimate
    private var lastChange: SimulationTime?

    /// - Parameters:
    ///   - candidates: Partitions that the mechanism in use admits, such as `PartitionMechanism.candidates`.
    ///   - limits: Of the prefill worker's batches and of the decode set.
    public init(
        slo: SLO, model: any CostModel, candidates: [SMPartition], limits: EngineLimits, settings: Settings = .standard
    ) {
        self.slo = slo
        self.model = model
        self.candidates = candidates
        self.limits = limits
        self.settings = settings
        demand = DemandEstimate(memory: settings.memory)
    }

    public var cadence: ObservationCadence { settings.cadence }

    public mutating func decide(_ observation: PartitionObservation) -> PartitionDecision? {
        demand.observe(observation)
        if let lastChange, observation.time < lastChange + settings.minimumInterval { return nil }
        guard let promptTokens = demand.meanPromptTokens else { return nil }
        let preparation = settings.preparation.seconds
        // What is decided now lasts: not before anything is known of outputs.
        if preparation > 0, demand.meanOutputTokens == nil { return nil }
        var forecast = AttainmentForecast(
            model: model, slo: slo, limits: limits, horizonSeconds: max(settings.horizon.seconds, preparation),
            arrivalRate: demand.arrivalRate, promptTokens: max(1, Int(promptTokens.rounded())),
            outputTokens: demand.meanOutputTokens, load: observation.load)
        if preparation > 0 { forecast.load = forecast.load(after: preparation, under: observation.partition) }
        let current = forecast.value(of: observation.partition)
        var (best, bestValue) = (observation.partition, current)
        // No objective exceeds 1.
        guard current.objective + settings.hysteresis < 1 else { return nil }
        for candidate in candidates where candidate != observation.partition {
            let value = forecast.value(of: candidate)
            if value.objective > bestValue.objective { (best, bestValue) = (candidate, value) }
        }
        guard bestValue.objective > current.objective + settings.hysteresis else { return nil }
        lastChange = observation.time
        return PartitionDecision(
            from: observation.partition, to: best,
            reason: "predicted attainment \(percent(current.attainment)) to \(percent(bestValue.attainment)) "
                + "at \(tenths(demand.arrivalRate)) req/s with \(observation.load.waitingRequests) waiting")
    }

    private func percent(_ share: Double) -> String { "\(tenths(100 * share)) %" }

    private func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
