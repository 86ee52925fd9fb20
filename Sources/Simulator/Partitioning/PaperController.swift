internal import CostModels
internal import EventKernel
public import Metrics

/// Algorithm 1 of the semi-PD paper (arXiv 2504.19867, section 5) with its equations 1 to 4.
///
/// Contract: one decision per window. If TTFT breaks its limit and TPOT does not, prefill is raised step by step until
/// the fitted model says that the limit holds, or decode is lowered where prefill is at 100 already; the other way
/// round if TPOT breaks its limit. If both do, or neither, nothing changes; nothing is ever given back.
///
/// What the printed algorithm leaves open is read so: steps are counted, shares are normalised anew after each, both
/// stay within their floor and 100, and a double violation keeps the partition, as the paper's text has it. λ is
/// measured: arrivals times prefill time per prompt, the latter scaled to all SMs by equation 1.
public struct PaperController: PartitionController {
    public enum Window: Hashable, Sendable {
        /// Completed requests, as in the released code.
        case completions(Int)
        /// As in the paper.
        case iterations(Int)
    }

    public let slo: SLO
    public let mechanism: PartitionMechanism
    public let window: Window
    public let steps: PercentageSteps
    public private(set) var percentages: SMPercentages
    private var ttft = PaperLatencyModel.timeToFirstToken
    private var tpot = PaperLatencyModel.timePerOutputToken

    public init(
        slo: SLO, mechanism: PartitionMechanism, initial: SMPercentages = .full, window: Window = .completions(400),
        steps: PercentageSteps = PercentageSteps()
    ) {
        self.slo = slo
        self.mechanism = mechanism
        self.window = window
        self.steps = steps
        percentages = initial
    }

    public var cadence: ObservationCadence {
        switch window {
        case .completions(let count): .completions(count)
        case .iterations(let count): .iterations(count)
        }
    }

    public mutating func decide(_ observation: PartitionObservation) -> PartitionDecision? {
        let first = ranked(observation.firstTokens, at: slo.attainmentTarget) { $0.timeToFirstToken.seconds }
        let completion = ranked(observation.completions, at: slo.attainmentTarget) { $0.internalTimePerOutputToken }
        let utilisation = self.utilisation(observation)
        if let first {
            let u = Self.prefillAbscissa(percentages, utilisation)
            ttft.observe(u, seconds: first.timeToFirstToken.seconds)
        }
        if let completion {
            tpot.observe(1 / percentages.normalisedDecode, seconds: completion.internalTimePerOutputToken)
        }
        let observedTTFT = first?.timeToFirstToken.seconds ?? 0
        let observedTPOT = completion?.internalTimePerOutputToken ?? 0
        let breaksTTFT = observedTTFT > slo.timeToFirstToken
        let breaksTPOT = observedTPOT > slo.timePerOutputToken
        guard breaksTTFT != breaksTPOT else { return nil }

        let before = percentages
        for _ in 0..<steps.most {
            let predicted =
                breaksTTFT
                ? ttft.prediction(at: Self.prefillAbscissa(percentages, utilisation))
                : tpot.prediction(at: 1 / percentages.normalisedDecode)
            if predicted <= (breaksTTFT ? slo.timeToFirstToken : slo.timePerOutputToken) { break }
            if !(breaksTTFT ? favourPrefill() : favourDecode()) { break }
        }
        let target = mechanism.partition(
            prefillPercent: Double(percentages.prefill), decodePercent: Double(percentages.decode),
            of: observation.partition.total)
        let violation =
            breaksTTFT
            ? "TTFT \(milliseconds(observedTTFT)) over \(milliseconds(slo.timeToFirstToken))"
            : "TPOT \(milliseconds(observedTPOT)) over \(milliseconds(slo.timePerOutputToken))"
        return PartitionDecision(
            from: observation.partition, to: target, reason: "\(violation): \(before) to \(percentages)")
    }

    /// λ of equation 3 as a fraction: the part of the device's time that prefill would need on all SMs. Held below what
    /// prefill has now, because an overloaded window does not tell by how much it is overloaded.
    private func utilisation(_ observation: PartitionObservation) -> Double {
        guard observation.prefilledPrompts > 0, observation.elapsed > .zero else { return 0 }
        let share = percentages.normalisedPrefill
        let rate = Double(observation.arrivals) / observation.elapsed.seconds
        let service = observation.prefillBusy.seconds / Double(observation.prefilledPrompts)
        return min(rate * service * share, 0.95 * share)
    }

    /// 1/(x' − λ); never reached by the queue's growth where prefill has too little.
    private static func prefillAbscissa(_ percentages: SMPercentages, _ utilisation: Double) -> Double {
        1 / max(1e-6, percentages.normalisedPrefill - utilisation)
    }

    /// Whether there was room for a step.
    private mutating func favourPrefill() -> Bool {
        if percentages.prefill + steps.size <= 100 {
            percentages.prefill += steps.size
        } else if percentages.decode - steps.size >= steps.decodeFloor {
            percentages.decode -= steps.size
        } else {
            return false
        }
        return true
    }

    private mutating func favourDecode() -> Bool {
        if percentages.decode + steps.size <= 100 {
            percentages.decode += steps.size
        } else if percentages.prefill - steps.size >= steps.prefillFloor {
            percentages.prefill -= steps.size
        } else {
            return false
        }
        return true
    }
}
