internal import CostModels
internal import EventKernel
public import Metrics

/// The controller of the released semi-PD code (branch distserve_base, `DynamicPartitioner`): percentages move by a few
/// points between a floor and 100, one phase at a time, by predictions from fits made once and offline.
///
/// Contract: one decision per window of completed requests. Both SLOs broken: back to (100, 100), but only from where
/// neither is 100, which it never reaches from there. One broken: its phase is raised, or if it has everything already,
/// the other is lowered as long as its own SLO holds in prediction. None broken: nothing.
public struct CodeController: PartitionController {
    public struct Constants: Hashable, Sendable {
        /// Completed requests of one window.
        public var window = 400
        /// The observed time per output token counts that many times when it is held against its limit, but not when a
        /// prediction is.
        public var decodeGuard = 1.1
        public var quantile = 0.9
        public var steps = PercentageSteps()

        public init() {}
    }

    public let slo: SLO
    public let mechanism: PartitionMechanism
    public let constants: Constants
    public private(set) var percentages: SMPercentages

    public init(
        slo: SLO, mechanism: PartitionMechanism, initial: SMPercentages = .full, constants: Constants = Constants()
    ) {
        self.slo = slo
        self.mechanism = mechanism
        self.constants = constants
        percentages = initial
    }

    public var cadence: ObservationCadence { .completions(constants.window) }

    public mutating func decide(_ observation: PartitionObservation) -> PartitionDecision? {
        guard let tail = Tail(observation, quantile: constants.quantile) else { return nil }
        let meetsDecode = constants.decodeGuard * tail.timePerOutputToken <= slo.timePerOutputToken
        let meetsPrefill = (tail.timeToFirstToken ?? 0) <= slo.timeToFirstToken
        let before = percentages
        let phases: ServingPhases
        switch (meetsPrefill, meetsDecode) {
        case (true, true):
            return nil
        case (false, false):
            guard percentages.prefill != 100, percentages.decode != 100 else { return nil }
            percentages = .full
            phases = .both
        case (true, false):
            phases = percentages.decode < 100 ? raiseDecode(tail) : lowerPrefill(tail)
        case (false, true):
            phases = percentages.prefill < 100 ? raisePrefill(tail) : lowerDecode(tail)
        }
        let partition = mechanism.partition(
            prefillPercent: Double(percentages.prefill), decodePercent: Double(percentages.decode),
            of: observation.partition.total)
        // The code starts a worker anew even if its percentage came out the same.
        return PartitionDecision(
            partition, phases: phases,
            reason: "\(tail) against \(milliseconds(slo.timeToFirstToken)) and "
                + "\(milliseconds(slo.timePerOutputToken)): \(before) to \(percentages)")
    }

    private mutating func raiseDecode(_ tail: Tail) -> ServingPhases {
        let current = percentages.decode
        for _ in 0..<constants.steps.most {
            percentages.decode = min(100, percentages.decode + constants.steps.size)
            let predicted = tail.timePerOutputToken(decode: percentages.decode, now: current)
            if percentages.decode == 100 || predicted <= slo.timePerOutputToken { break }
        }
        return .decode
    }

    private mutating func raisePrefill(_ tail: Tail) -> ServingPhases {
        let current = percentages.prefill
        for _ in 0..<constants.steps.most {
            percentages.prefill = min(100, percentages.prefill + constants.steps.size)
            let predicted = tail.timeToFirstToken(prefill: percentages.prefill, now: current)
            if percentages.prefill == 100 || predicted <= slo.timeToFirstToken { break }
        }
        return .prefill
    }

    private mutating func lowerPrefill(_ tail: Tail) -> ServingPhases {
        let current = percentages.prefill
        for _ in 0..<constants.steps.most {
            let lower = percentages.prefill - constants.steps.size
            if lower < constants.steps.prefillFloor { break }
            if tail.timeToFirstToken(prefill: lower, now: current) > slo.timeToFirstToken { break }
            percentages.prefill = lower
        }
        return .prefill
    }

    private mutating func lowerDecode(_ tail: Tail) -> ServingPhases {
        let current = percentages.decode
        for _ in 0..<constants.steps.most {
            let lower = percentages.decode - constants.steps.size
            if lower < constants.steps.decodeFloor { break }
            if tail.timePerOutputToken(decode: lower, now: current) > slo.timePerOutputToken { break }
            percentages.decode = lower
        }
        return .decode
    }
}

extension CodeController {
    /// The slow end of a window, and what it would be at other percentages.
    private struct Tail: CustomStringConvertible {
        let timePerOutputToken: Double
        /// `nil` if no request got its first token.
        let timeToFirstToken: Double?
        // Of the one request whose time to first token that is.
        let execution: Double
        let wait: Double

        /// `nil` of a window without completions.
        init?(_ observation: PartitionObservation, quantile: Double) {
            let completion = ranked(observation.completions, at: quantile) { $0.internalTimePerOutputToken }
            guard let completion else { return nil }
            let first = ranked(observation.firstTokens, at: quantile) { $0.timeToFirstToken.seconds }
            timePerOutputToken = completion.internalTimePerOutputToken
            timeToFirstToken = first?.timeToFirstToken.seconds
            execution = first?.execution.seconds ?? 0
            wait = first?.wait.seconds ?? 0
        }

        func timePerOutputToken(decode y: Int, now current: Int) -> Double {
            timePerOutputToken * ReleasedScaling.timePerOutputToken(y) / ReleasedScaling.timePerOutputToken(current)
        }

        func timeToFirstToken(prefill x: Int, now current: Int) -> Double {
            wait * ReleasedScaling.prefillWait(x) / ReleasedScaling.prefillWait(current)
                + execution * ReleasedScaling.prefillExecution(x) / ReleasedScaling.prefillExecution(current)
        }

        var description: String {
            let first = timeToFirstToken.map(milliseconds) ?? "none"
            return "TTFT \(first), TPOT \(milliseconds(timePerOutputToken))"
        }
    }
}

/// How the released semi-PD code believes that latencies grow when a phase has `percent` of the SMs, relative to all of
/// them: fits made offline on Llama-3-8B, with k = 100/percent. Each is one at 100 by definition, which leaves a step.
public enum ReleasedScaling {
    public static func timePerOutputToken(_ percent: Int) -> Double {
        percent == 100 ? 1 : 0.6099164 * k(percent) + 0.4153061
    }

    public static func prefillExecution(_ percent: Int) -> Double {
        percent == 100 ? 1 : 0.7324350 * k(percent) + 0.3185253
    }

    /// Not monotone: least at 88.9 %, so that down to there taking SMs from prefill seems to shorten its queue.
    public static func prefillWait(_ percent: Int) -> Double {
        percent == 100 ? 1 : 1.4046466 * k(percent) * k(percent) - 3.1593546 * k(percent) + 2.8734660
    }

    private static func k(_ percent: Int) -> Double { 100 / Double(percent) }
}
