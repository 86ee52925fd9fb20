internal import CostModels
internal import EventKernel
internal import Metrics

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What SLO attainment an instance would have over the next `horizon` under a partition: the objective of
/// `ModelController`.
///
/// **Prefill.** Batches settle at the k prompts of mean length that arrive while one is computed, at least one and at
/// most what the limits allow. A batch takes the cost model's work on x SMs, stretched by its slowdown beside the
/// decode batch; s is its time over k, and ρ = arrival rate · s. The queue, in seconds of prefill work, is Brownian motion
/// reflected at zero: it starts at what waits now, drifts by ρ − 1 a second, and has the variance of Poisson arrivals
/// of exponential work, rate · 2s². A request that arrives at t meets its limit with the probability that the queue at t is
/// no longer than the limit less one batch. Requests that wait already have waited; they are taken to be evenly
/// spaced from the oldest on, and are counted with those that will arrive.
///
/// **Decode.** The share of time with prefill beside is β = min(1, queue/horizon + ρ), so that a token takes
/// D = 1/((1 − β)/d + β/(d·slowdown)) with d the cost model's iteration on y SMs. The batch goes from what it is now
/// towards rate · mean output · D (Little's law) at the pace at which sequences finish. A request meets its limit with
/// probability Φ(ln(limit/D)/spread).
///
/// **Objective.** Attainment of TTFT times that of TPOT. Where it is flat, because a limit is out of reach, what counts
/// is by how much: a twentieth of the logarithms of both ratios over their limits is taken off. The value is at most 1.
///
/// Not seen: memory running out, prompts longer or shorter than the mean, the wait for a place in a full decode batch.
struct AttainmentForecast {
    let model: any CostModel
    let slo: SLO
    let limits: EngineLimits
    let horizonSeconds: Double
    let arrivalRate: Double
    let promptTokens: Int
    /// `nil` if unknown: the decode batch then stays as it is.
    let outputTokens: Double?
    var load: InstanceLoad

    /// Standard deviation of the logarithm of TPOT among requests that share batches: assumed.
    private static let timePerOutputTokenSpread = 0.1
    /// Weight of what exceeds a limit.
    private static let excessWeight = 0.05

    struct Value: Hashable {
        var attainment: Double
        var objective: Double
    }

    func value(of partition: SMPartition) -> Value {
        let steady = steadyState(under: partition)
        let perPrompt = steady.batchSeconds / Double(steady.batch)
        let utilisation = arrivalRate * perPrompt
        let queue = Double(load.waitingTokens) / Double(promptTokens) * perPrompt
        let patience = slo.timeToFirstToken - steady.batchSeconds

        let prefill = firstTokenAttainment(
            queue: queue, utilisation: utilisation, perPrompt: perPrompt, patience: patience)
        let decode = decodeAttainment(steady.tokenSeconds)
        let laterQueue = max(0, queue + (utilisation - 1) * horizonSeconds / 2)
        let excess =
            max(0, log((laterQueue + steady.batchSeconds) / slo.timeToFirstToken))
            + max(0, log(steady.tokenSeconds / slo.timePerOutputToken))
        return Value(attainment: prefill * decode, objective: prefill * decode - Self.excessWeight * excess)
    }

    /// What will wait and run when `partition` has been held for so long: the start of the forecast where a change takes that
    /// long to come into force. The queue drifts, and the decode batch goes on its way.
    func load(after seconds: Double, under partition: SMPartition) -> InstanceLoad {
        let steady = steadyState(under: partition)
        let perPrompt = steady.batchSeconds / Double(steady.batch)
        let waiting = Double(load.waitingTokens) / Double(promptTokens) * perPrompt
        let queue = max(0, waiting + (arrivalRate * perPrompt - 1) * seconds)
        let prompts = Int((queue / perPrompt).rounded())
        let now = load.decodeSequences + load.prefilledRequests
        var sequences = Double(now)
        if let (settled, lifetime) = settledBatch(tokenSeconds: steady.tokenSeconds) {
            sequences += (settled - sequences) * (1 - exp(-seconds / lifetime))
        }
        let decoding = Int(sequences.rounded())
        return InstanceLoad(
            waitingRequests: prompts, waitingTokens: prompts * promptTokens,
            oldestWait: SimulationDuration(rounding: queue), prefilledRequests: 0, decodeSequences: decoding,
            decodeContextTokens: decoding * meanContext)
    }

    private func firstTokenAttainment(
        queue: Double, utilisation: Double, perPrompt: Double, patience: Double
    ) -> Double {
        let motion = ReflectedBrownianMotion(
            start: queue, drift: utilisation - 1, variance: arrivalRate * 2 * perPrompt * perPrompt)
        let instants = 4
        let arriving = (0..<instants).reduce(0.0) { sum, i in
            let time = horizonSeconds * (Double(i) + 0.5) / Double(instants)
            return sum + motion.probability(atMost: patience, after: time) / Double(instants)
        }
        let waiting = shareBelow(patience, from: load.oldestWait.seconds, to: queue)
        let toArrive = arrivalRate * horizonSeconds
        let all = Double(load.waitingRequests) + toArrive
        return all > 0 ? (Double(load.waitingRequests) * waiting + toArrive * arriving) / all : 1
    }

    /// Of values evenly spread between two ends, the share up to `limit`.
    private func shareBelow(_ limit: Double, from a: Double, to b: Double) -> Double {
        let (low, high) = (min(a, b), max(a, b))
        if limit >= high { return 1 }
        return limit <= low ? 0 : (limit - low) / (high - low)
    }

    private func decodeAttainment(_ tokenSeconds: Double) -> Double {
        tokenSeconds > 0
            ? NormalDistribution.cumulative(log(slo.timePerOutputToken / tokenSeconds) / Self.timePerOutputTokenSpread)
            : 1
    }
}

extension AttainmentForecast {
    /// What lanes settle at.
    private struct SteadyState {
        /// Prompts of a prefill batch.
        var batch: Int
        /// Its duration beside decode.
        var batchSeconds: Double
        /// Mean time of a decode iteration; 0 if nothing decodes.
        var tokenSeconds: Double
    }

    /// Batch sizes and durations depend on each other; three rounds, from one prompt and the present decode batch.
    private func steadyState(under partition: SMPartition) -> SteadyState {
        let now = load.decodeSequences + load.prefilledRequests
        let context = meanContext
        let largestBatch = max(1, min(limits.maxSequences, limits.maxBatchedTokens / promptTokens))
        var sequences = Double(now)
        var state = SteadyState(batch: 1, batchSeconds: 0, tokenSeconds: 0)
        for _ in 0..<3 {
            let arriving = arrivalRate * state.batchSeconds
            state.batch = max(1, min(largestBatch, Int(arriving)))
            let prefill = prefillShape(state.batch)
            // Whoever arrives will decode, even if nobody does now.
            let expected = max(sequences, arrivalRate > 0 ? 1 : 0)
            let count = min(limits.maxSequences, Int(expected.rounded(.up)))
            var slowdowns = LaneSlowdowns.none
            var decodeAlone = 0.0
            if count > 0 {
                let decode = IterationShape.decode(sequences: count, contextTokens: count * context)
                let line = model.decodeLine(
                    sequences: count, contextTokens: decode.decodeContextTokens, sms: partition.decode)
                decodeAlone = line.work(contextTokens: decode.decodeContextTokens).seconds
                slowdowns = model.slowdowns(prefill: prefill, decode: decode, partition: partition)
            }
            state.batchSeconds = model.work(of: prefill, sms: partition.prefill).seconds * slowdowns.prefill.factor
            let perPrompt = state.batchSeconds / Double(state.batch)
            let queue = Double(load.waitingTokens) / Double(promptTokens) * perPrompt
            let beside = min(1, queue / horizonSeconds + arrivalRate * perPrompt)
            state.tokenSeconds = decodeAlone / ((1 - beside) + beside / slowdowns.decode.factor)
            sequences = meanSequences(from: now, tokenSeconds: state.tokenSeconds)
        }
        state.batchSeconds = max(state.batchSeconds, .leastNormalMagnitude)
        return state
    }

    /// The decode batch on average over the horizon, on its way to Little's law.
    private func meanSequences(from now: Int, tokenSeconds: Double) -> Double {
        guard let (settled, lifetime) = settledBatch(tokenSeconds: tokenSeconds) else { return Double(now) }
        let lifetimes = horizonSeconds / lifetime
        let progress = 1 - (1 - exp(-lifetimes)) / lifetimes
        return Double(now) + (settled - Double(now)) * progress
    }

    /// The decode batch by Little's law, and how long a sequence is in it; `nil` if lengths or times are unknown.
    private func settledBatch(tokenSeconds: Double) -> (sequences: Double, lifetime: Double)? {
        guard let outputTokens, tokenSeconds > 0 else { return nil }
        let lifetime = outputTokens * tokenSeconds
        return (min(Double(limits.maxSequences), arrivalRate * lifetime), lifetime)
    }

    /// Of the sequences that decode.
    private var meanContext: Int {
        load.decodeSequences > 0 ? load.decodeContextTokens / load.decodeSequences : promptTokens
    }

    private func prefillShape(_ prompts: Int) -> IterationShape {
        IterationShape(
            prefillTokens: prompts * promptTokens, prefillSequences: prompts,
            prefillAttentionPairs: prompts * (promptTokens * (promptTokens + 1) / 2),
            prefillContextTokens: prompts * promptTokens, prefillCompletions: prompts)
    }
}
