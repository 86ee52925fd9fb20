import CostModels
import EventKernel
import Metrics
import Testing

@testable import Simulator

@Suite("The model's controller")
struct ModelControllerTests {
    static let total = 132
    static let limits = EngineLimits(maxSequences: 512, maxBatchedTokens: 8_192)

    /// Prefill in inverse proportion to its SMs, decode a third as sensitive; both slow down where they overlap.
    static let model = AffineCostModel(
        streamingMultiprocessors: total,
        prefill: .init(
            constantSeconds: 0.002, secondsPerToken: 0.00006, secondsPerSquaredToken: 0,
            smResponse: .init(scaling: 1, fixed: 0.05)),
        decode: .init(
            constantSeconds: 0.008, secondsPerContextToken: 2e-8, secondsPerSequence: 0.00002,
            smResponse: .init(scaling: 0.3, fixed: 0.7)),
        sharing: .proportional(gain: 1.12))

    static func controller(
        _ slo: SLO, candidates: [SMPartition]? = nil, settings: ModelController.Settings = .standard
    ) -> ModelController {
        ModelController(
            slo: slo, model: model,
            candidates: candidates ?? PartitionMechanism.hopperGreenContexts.candidates(of: total),
            limits: limits, settings: settings)
    }

    static func forecast(
        _ slo: SLO, rate: Double, prompt: Int = 1_000, load: InstanceLoad = .idle
    ) -> AttainmentForecast {
        AttainmentForecast(
            model: model, slo: slo, limits: limits, horizonSeconds: 5, arrivalRate: rate, promptTokens: prompt,
            outputTokens: 200, load: load)
    }

    static func load(waiting: Int = 0, decoding: Int, oldest: Double = 0) -> InstanceLoad {
        InstanceLoad(
            waitingRequests: waiting, waitingTokens: waiting * 1_000, oldestWait: SimulationDuration(rounding: oldest),
            prefilledRequests: 0, decodeSequences: decoding, decodeContextTokens: decoding * 1_000)
    }

    /// `seconds` of arrivals at `rate`, of prompts of 1,000 tokens.
    static func window(
        rate: Double, seconds: Double = 1, partition: SMPartition, time: Double = 1, load: InstanceLoad
    ) -> PartitionObservation {
        let arrivals = Int(rate * seconds)
        return PartitionObservation(
            time: at(time), elapsed: SimulationDuration(rounding: seconds), partition: partition, firstTokens: [],
            completions: [CompletionSample(internalTimePerOutputToken: 0.02, outputTokens: 200)], arrivals: arrivals,
            arrivedPromptTokens: arrivals * 1_000, prefillBusy: .zero, prefilledPrompts: 0, load: load)
    }

    @Test("with room to spare it does not even look at other partitions")
    func keepsGoodEnough() {
        var controller = Self.controller(SLO(timeToFirstToken: 5, timePerOutputToken: 0.5))
        let current = SMPartition(prefill: 64, decode: 68, total: Self.total)
        #expect(controller.decide(Self.window(rate: 4, partition: current, load: Self.load(decoding: 10))) == nil)
    }

    @Test("a waiting queue moves SMs to prefill, a tight token limit moves them to decode")
    func direction() {
        let current = SMPartition(prefill: 32, decode: 100, total: Self.total)
        var hurried = Self.controller(SLO(timeToFirstToken: 0.4, timePerOutputToken: 0.5))
        let toPrefill = hurried.decide(
            Self.window(rate: 8, partition: current, load: Self.load(waiting: 10, decoding: 40, oldest: 0.2)))
        #expect((toPrefill?.partition.prefill ?? 0) > 32)

        let other = SMPartition(prefill: 100, decode: 32, total: Self.total)
        var steady = Self.controller(SLO(timeToFirstToken: 5, timePerOutputToken: 0.014))
        let toDecode = steady.decide(Self.window(rate: 4, partition: other, load: Self.load(decoding: 40)))
        #expect((toDecode?.partition.decode ?? 0) > 32)
    }

    @Test(
        "it takes the candidate of the highest objective, by more than the hysteresis or not at all", arguments: 0..<100
    )
    func optimal(seed: Int) {
        var random = RandomStreams(seed: UInt64(seed)).stream(named: "loads")
        let slo = SLO(timeToFirstToken: 0.1 + random.uniform(), timePerOutputToken: 0.008 + 0.02 * random.uniform())
        let candidates = PartitionMechanism.hopperGreenContexts.candidates(of: Self.total)
        let current = candidates[random.index(below: candidates.count)]
        let rate = 1 + random.index(below: 20)
        let load = Self.load(
            waiting: random.index(below: 20), decoding: random.index(below: 100), oldest: random.uniform())
        var controller = Self.controller(slo)
        let decision = controller.decide(Self.window(rate: Double(rate), partition: current, load: load))
        // The estimate of the rate after one second is what came in that second.
        let forecast = Self.forecast(slo, rate: Double(rate), load: load)
        let values = candidates.map { forecast.value(of: $0).objective }
        let best = values.max() ?? 0
        let gain = best - forecast.value(of: current).objective
        if let decision {
            #expect(gain > 0.02 - 1e-9)
            #expect(abs(forecast.value(of: decision.partition).objective - best) < 1e-9)
        } else {
            #expect(gain <= 0.02 + 1e-9)
        }
    }

    @Test("what is generated counts for outputs that have not ended", arguments: [0, 40, 200])
    func unfinishedOutputs(decoding: Int) {
        // Three outputs of 100 tokens end in a second; those that decode have generated 50 each, 20 of them in the next.
        func observation(_ second: Double, generated: Int) -> PartitionObservation {
            var observation = Self.window(
                rate: 10, partition: .unpartitioned(Self.total), time: second, load: Self.load(decoding: decoding))
            observation.load.decodeContextTokens += generated * decoding
            observation.completions = Array(
                repeating: CompletionSample(internalTimePerOutputToken: 0.02, outputTokens: 100), count: 3)
            return observation
        }
        var demand = DemandEstimate(memory: SimulationDuration(rounding: 1e9))
        demand.observe(observation(1, generated: 30))
        #expect(abs((demand.meanOutputTokens ?? 0) - Double(300 + 30 * decoding) / 3) < 1e-6)
        demand.observe(observation(2, generated: 50))
        #expect(abs((demand.meanOutputTokens ?? 0) - Double(600 + 50 * decoding) / 6) < 1e-6)
    }

    @Test("a load that nobody adds to drains, and one at Little's law stays")
    func loadLater() {
        let slo = SLO(timeToFirstToken: 0.4, timePerOutputToken: 0.5)
        let all = SMPartition.unpartitioned(Self.total)
        // Alone, a prompt of 1,000 tokens takes 62 ms.
        let draining = Self.forecast(slo, rate: 0, load: Self.load(waiting: 10, decoding: 0))
        #expect(draining.load(after: 0.31, under: all).waitingRequests == 5)
        #expect(draining.load(after: 10, under: all) == .idle)
        var load = Self.load(decoding: 40)
        for _ in 0..<40 { load = Self.forecast(slo, rate: 8, load: load).load(after: 20, under: all) }
        let later = Self.forecast(slo, rate: 8, load: load).load(after: 100, under: all)
        #expect(abs(later.decodeSequences - load.decodeSequences) <= 1)
        #expect(later.decodeSequences > 10)
    }

    @Test("where a change takes long, it decides nothing before an output has ended, then from the load by then")
    func preparation() {
        var settings = ModelController.Settings.standard
        settings.preparation = SimulationDuration(rounding: 10)
        var controller = Self.controller(SLO(timeToFirstToken: 0.4, timePerOutputToken: 0.5), settings: settings)
        let current = SMPartition(prefill: 32, decode: 100, total: Self.total)
        var window = Self.window(
            rate: 8, partition: current, load: Self.load(waiting: 10, decoding: 40, oldest: 0.2))
        let known = window.completions
        window.completions = []
        #expect(controller.decide(window) == nil)
        window.completions = known
        window.time = at(2)
        #expect((controller.decide(window)?.partition.prefill ?? 0) > 32)
    }

    @Test("it changes at most once in the minimum interval")
    func switchRate() {
        var controller = Self.controller(SLO(timeToFirstToken: 0.4, timePerOutputToken: 0.5))
        let current = SMPartition(prefill: 32, decode: 100, total: Self.total)
        let load = Self.load(waiting: 10, decoding: 40, oldest: 0.2)
        var changes: [Double] = []
        for second in 1...10 {
            // The partition that is observed never follows, so that there is always reason to change.
            if controller.decide(Self.window(rate: 8, partition: current, time: Double(second), load: load)) != nil {
                changes.append(Double(second))
            }
        }
        #expect(changes == [1, 3, 5, 7, 9])
    }

    @Test("before anything has arrived there is nothing to decide")
    func nothingArrived() {
        var controller = Self.controller(SLO(timeToFirstToken: 0.1, timePerOutputToken: 0.001))
        #expect(controller.decide(Self.window(rate: 0, partition: .unpartitioned(132), load: .idle)) == nil)
    }

    @Test("an overloaded queue without hope still gets more SMs for prefill")
    func hopeless() {
        // Twenty seconds of work wait, and nobody will see a first token in time under any partition.
        let slo = SLO(timeToFirstToken: 0.3, timePerOutputToken: 0.5)
        let load = Self.load(waiting: 300, decoding: 40, oldest: 30)
        let forecast = Self.forecast(slo, rate: 10, load: load)
        let small = forecast.value(of: SMPartition(prefill: 32, decode: 100, total: Self.total))
        let large = forecast.value(of: SMPartition(prefill: 96, decode: 36, total: Self.total))
        #expect(small.attainment < 1e-6 && large.attainment < 1e-6)
        #expect(large.objective > small.objective)
    }

    @Test("attainment lies between 0 and 1, and looser limits never lower it", arguments: 0..<100)
    func monotone(seed: Int) {
        var random = RandomStreams(seed: UInt64(seed)).stream(named: "limits")
        let rate = 30 * random.uniform()
        let load = Self.load(
            waiting: random.index(below: 30), decoding: random.index(below: 200), oldest: 2 * random.uniform())
        let candidates = PartitionMechanism.mps.candidates(of: Self.total)
        let partition = candidates[random.index(below: candidates.count)]
        var last = (0.0, -Double.infinity)
        for step in 1...20 {
            let slo = SLO(timeToFirstToken: 0.1 * Double(step), timePerOutputToken: 0.004 * Double(step))
            let value = Self.forecast(slo, rate: rate, load: load).value(of: partition)
            #expect(value.attainment >= 0 && value.attainment <= 1 && value.objective <= 1)
            #expect(value.attainment >= last.0 - 1e-12 && value.objective >= last.1 - 1e-12)
            last = (value.attainment, value.objective)
        }
    }

    @Test("the oracle takes the best candidate however little it gains, time and again", arguments: 0..<50)
    func oracle(seed: Int) {
        var random = RandomStreams(seed: UInt64(seed)).stream(named: "loads")
        let slo = SLO(timeToFirstToken: 0.1 + random.uniform(), timePerOutputToken: 0.008 + 0.02 * random.uniform())
        let candidates = PartitionMechanism.hopperGreenContexts.candidates(of: Self.total)
        var control = PartitionControl(
            Self.controller(slo, settings: .oracle), initial: .unpartitioned(Self.total),
            cost: PartitionMechanism.hopperGreenContexts.switchCost)
        for iteration in 1...5 {
            let now = at(0.02 * Double(iteration))
            let load = Self.load(
                waiting: random.index(below: 20), decoding: random.index(below: 100), oldest: random.uniform())
            if iteration == 1 { for _ in 0..<3 { control.recordArrival(promptTokens: 1_000) } }
            control.countIterations(iteration)
            #expect(control.isDue(at: now))
            _ = control.consult(at: now, load: load)
            for phase in ServingPhase.allCases { _ = control.reachBoundary(of: phase, at: now, usedBlocks: 0) }
            var demand = DemandEstimate(memory: ModelController.Settings.oracle.memory)
            for step in 1...iteration {
                demand.observe(
                    PartitionObservation(
                        time: now, elapsed: ms(20), partition: control.inForce, firstTokens: [], completions: [],
                        arrivals: step == 1 ? 3 : 0, arrivedPromptTokens: step == 1 ? 3_000 : 0, prefillBusy: .zero,
                        prefilledPrompts: 0, load: load))
            }
            let forecast = AttainmentForecast(
                model: Self.model, slo: slo, limits: Self.limits, horizonSeconds: 1, arrivalRate: demand.arrivalRate,
                promptTokens: 1_000, outputTokens: nil, load: load)
            let best = candidates.map { forecast.value(of: $0).objective }.max()
            #expect(forecast.value(of: control.inForce).objective == best)
        }
    }

    @Test("reflected Brownian motion settles at its exponential distribution", arguments: [0.5, 1, 2, 5])
    func stationary(level: Double) {
        // Drift -1 and variance 2: P(Z ≤ z) = 1 - exp(-z).
        let motion = ReflectedBrownianMotion(start: 3, drift: -1, variance: 2)
        #expect(abs(motion.probability(atMost: level, after: 1_000) - (1 - exponential(-level))) < 1e-9)
    }

    @Test("reflected Brownian motion is a random walk held at zero", arguments: [(-0.3, 1.0), (0, 0.5), (0.4, 1.0)])
    func walk(drift: Double, start: Double) {
        var random = RandomStreams(seed: 7).stream(named: "walk")
        let (steps, paths, time) = (400, 4_000, 2.0)
        let dt = time / Double(steps)
        var below = 0
        for _ in 0..<paths {
            // Exact at the grid's points: Z = X - min(0, min X), with the walk's minimum between points sampled from the
            // Brownian bridge.
            var (x, low) = (start, 0.0)
            for _ in 0..<steps {
                let next = x + drift * dt + dt.squareRoot() * random.normal()
                let bridge =
                    (x + next - ((next - x) * (next - x) + 2 * dt * random.exponential(mean: 1)).squareRoot()) / 2
                low = min(low, bridge)
                x = next
            }
            if x - low <= 1 { below += 1 }
        }
        let expected = ReflectedBrownianMotion(start: start, drift: drift, variance: 1)
            .probability(atMost: 1, after: time)
        // Three standard errors of 4,000 draws are 0.024.
        #expect(abs(Double(below) / Double(paths) - expected) < 0.024)
    }

    @Test("probabilities stay finite and ordered far out", arguments: [-50.0, -1, 0, 1, 50])
    func far(drift: Double) {
        for variance in [0, 1e-12, 1e-3, 1, 1e6] {
            let motion = ReflectedBrownianMotion(start: 20, drift: drift, variance: variance)
            var last = 0.0
            for level in [-1.0, 0, 1e-6, 1, 19, 20, 21, 100, 1e4, 1e9] {
                let probability = motion.probability(atMost: level, after: 5)
                #expect(probability.isFinite && probability >= last - 1e-9 && probability <= 1)
                last = probability
            }
        }
    }
}

/// e to the power of x by its series, for want of a library.
private func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for n in 1...60 {
        term *= x / Double(n)
        sum += term
    }
    return sum
}
