import CostModels
import EventKernel
import Testing

@Suite("Roofline cost model")
struct RooflineCostModelTests {
    private let sms = 132

    /// Work is rounded to 2⁻¹⁰ ns, in decode lines once per token of context.
    private func tolerance(of seconds: Double, _ shape: IterationShape) -> Double {
        1e-9 * seconds + 0x1p-11 * 1e-9 * Double(shape.decodeContextTokens + 2)
    }

    @Test("an iteration costs the sum of its operators priced one by one", arguments: 0..<60 as Range<UInt64>)
    func sumOfOperators(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "shapes")
        let (model, tp) = [(Fixture.llama8B, 1), (Fixture.llama8B, 4), (Fixture.llama70B, 2)][Int(seed % 3)]
        let costs = try Fixture.h200Model(model, tensorParallelism: tp)
        for _ in 0..<10 {
            let shape = Fixture.randomShape(&random)
            let sms = 1 + random.index(below: 132)
            let naive = NaivePricing(
                model: model, device: Fixture.h200, efficiency: try Fixture.efficiency("h200-sxm"), tp: tp, sms: sms
            ).seconds(shape)
            let priced = costs.work(of: shape, sms: sms).seconds
            #expect(abs(priced - naive) <= tolerance(of: naive, shape), "\(shape) on \(sms) SMs")
        }
    }

    @Test(
        "a decode line holds the context it was asked for and agrees with the operators",
        arguments: [1, 7, 64, 300, 1500])
    func decodeLine(sequences: Int) throws {
        let costs = try Fixture.h200Model(smCounts: [64])
        for sms in [132, 64, 40] {
            for context in [sequences, 100 * sequences, 8192 * sequences] {
                let line = costs.decodeLine(sequences: sequences, contextTokens: context, sms: sms)
                #expect(line.firstContext <= context && context <= line.lastContext)
                let shape = IterationShape.decode(sequences: sequences, contextTokens: context)
                let naive = NaivePricing(
                    model: Fixture.llama8B, device: Fixture.h200, efficiency: try Fixture.efficiency("h200-sxm"), tp: 1,
                    sms: sms
                ).seconds(shape)
                let priced = line.work(contextTokens: context).seconds
                #expect(abs(priced - naive) <= tolerance(of: naive, shape))
            }
        }
    }

    @Test("the table and the computation of decode lines agree to the bit")
    func tableAgrees() throws {
        let (with, without) = (try Fixture.h200Model(smCounts: [48]), try Fixture.h200Model())
        for sequences in stride(from: 1, through: 1024, by: 31) {
            let context = 500 * sequences
            #expect(
                with.decodeLine(sequences: sequences, contextTokens: context, sms: 48)
                    == without.decodeLine(sequences: sequences, contextTokens: context, sms: 48))
        }
    }

    @Test("host work hides short decode iterations until the kernels outgrow it")
    func hiddenHost() throws {
        var runtime = RuntimeProfile.ideal
        runtime.decode.hiddenSeconds = 0.008
        let costs = try Fixture.h200Model(runtime: runtime)
        let flat = costs.decodeLine(sequences: 8, contextTokens: 8, sms: sms)
        #expect(flat.perContextToken == .zero && flat.work(contextTokens: 8) == Work(rounding: 0.008))
        var (last, rising) = (flat, flat)
        while rising.perContextToken == .zero, rising.lastContext < 1 << 30 {
            last = rising
            rising = costs.decodeLine(sequences: 8, contextTokens: last.lastContext + 1, sms: sms)
            #expect(rising.firstContext == last.lastContext + 1)
        }
        #expect(rising.perContextToken > .zero)
        #expect(rising.work(contextTokens: rising.firstContext) >= Work(rounding: 0.008))
        #expect(rising.work(contextTokens: last.lastContext) <= Work(rounding: 0.008))
    }

    @Test("decode batches are padded to the captured sizes, mixed batches are not")
    func padding() throws {
        let runtime = try Fixture.runtime("minimal-eager")
        #expect([1, 3, 8, 9, 17, 250, 256, 300].map(runtime.paddedDecode) == [1, 4, 8, 16, 32, 256, 256, 300])
        let costs = try Fixture.h200Model(runtime: runtime)
        let work = { (n: Int) in costs.work(of: .decode(sequences: n, contextTokens: 4000), sms: 132) }
        #expect(work(17) == work(32) && work(16) < work(17))
    }

    @Test("a larger iteration never costs less", arguments: 0..<100 as Range<UInt64>)
    func monotoneInTokens(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "growth")
        let costs = try Fixture.h200Model()
        let tokens = 1 + random.index(below: 16_000)
        let cached = random.index(below: 20_000)
        let sms = 1 + random.index(below: 132)
        let work = { (tokens: Int, cached: Int) in
            costs.work(of: .prefill(tokens: tokens, cached: cached), sms: sms)
        }
        #expect(work(tokens, 0) <= work(tokens + 1 + random.index(below: 500), 0))
        #expect(work(tokens, cached) <= work(tokens, cached + 1 + random.index(below: 5000)))
        let sequences = 1 + random.index(below: 600)
        let context = 1 + random.index(below: 10_000)
        let decode = { (sequences: Int, context: Int) in
            costs.work(of: .decode(sequences: sequences, contextTokens: context), sms: sms)
        }
        #expect(decode(sequences, sequences * context) <= decode(sequences, sequences * context + 17))
        #expect(decode(sequences, sequences * context) <= decode(sequences + 1, (sequences + 1) * context))
    }

    @Test("more SMs never cost time, and never help decode in proportion", arguments: 0..<40 as Range<UInt64>)
    func monotoneInSMs(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "sms")
        let costs = try Fixture.h200Model()
        let shape = Fixture.randomShape(&random)
        let works = (1...132).map { costs.work(of: shape, sms: $0) }
        #expect(zip(works, works.dropFirst()).allSatisfy { $0 >= $1 })
        let decode = IterationShape.decode(sequences: 16, contextTokens: 16_000)
        #expect(costs.work(of: decode, sms: 66).seconds < 1.15 * costs.work(of: decode, sms: 132).seconds)
    }

    @Test("no iteration beats the datasheet", arguments: 0..<60 as Range<UInt64>)
    func physics(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "physics")
        let costs = try Fixture.h200Model()
        let shape = Fixture.randomShape(&random)
        let demand = costs.kernels(of: shape, sms: sms)
        #expect(demand.bytes / demand.seconds < Fixture.h200.memoryBandwidthBytesPerSecond)
        let model = Fixture.llama8B
        let products = Double(model.denseParameters - 2 * model.vocabularySize * model.hiddenSize)
        let pairs = Double(shape.prefillAttentionPairs + shape.decodeContextTokens)
        let flops =
            2 * products * Double(shape.tokens) + pairs * Double(4 * model.headSize * model.heads * model.layers)
        #expect(flops / demand.seconds < Fixture.h200.bf16FLOPS)
        #expect(demand.memorySeconds <= demand.seconds)
    }

    @Test(
        "Llama-3-8B on an H200 takes about as long as it is known to",
        arguments: [
            (IterationShape.decode(sequences: 1, contextTokens: 1024), 4.0e-3...5.2e-3),
            (.decode(sequences: 64, contextTokens: 64 * 1024), 7.0e-3...8.0e-3),
            (.prefill(tokens: 2048), 42e-3...50e-3),
        ])
    func anchors(shape: IterationShape, seconds: ClosedRange<Double>) throws {
        #expect(seconds.contains(try Fixture.h200Model().work(of: shape, sms: sms).seconds))
    }

    @Test("DistServe on an A100 takes the service times behind the semi-PD paper's figures, within 6 %")
    func distServe() throws {
        let costs = try RooflineCostModel(
            model: Fixture.llama8B, device: Fixture.a100, efficiency: try Fixture.efficiency("a100-80"),
            runtime: try Fixture.runtime("distserve"))
        for sequences in [1, 64, 128, 256, 512] {
            let paper = 22.7e-3 + 0.208e-3 * Double(sequences)
            let shape = IterationShape.decode(sequences: sequences, contextTokens: 350 * sequences)
            #expect(abs(costs.work(of: shape, sms: 108).seconds / paper - 1) < 0.06, "\(sequences) sequences")
        }
        for tokens in [251, 650, 1024, 2048] {
            let paper = 19e-3 + 0.085e-3 * Double(tokens)
            let seconds = costs.work(of: .prefill(tokens: tokens), sms: 108).seconds
            #expect(abs(seconds / paper - 1) < 0.06, "\(tokens) tokens")
        }
    }

    @Test("provenance adds up to the time", arguments: 0..<20 as Range<UInt64>)
    func provenance(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "provenance")
        let costs = try Fixture.h200Model(runtime: try Fixture.runtime("vllm-v1"))
        let shape = Fixture.randomShape(&random)
        let shares = costs.provenance(of: shape, sms: sms)
        #expect(abs(shares.seconds.reduce(0, +) - costs.work(of: shape, sms: sms).seconds) < 1e-15)
    }

    @Test("tensor parallelism shortens iterations, by less than its degree")
    func tensorParallelism() throws {
        let (one, four) = (try Fixture.h200Model(), try Fixture.h200Model(tensorParallelism: 4))
        for shape in [IterationShape.prefill(tokens: 4096), .decode(sequences: 32, contextTokens: 64_000)] {
            let speedup = one.work(of: shape, sms: sms).seconds / four.work(of: shape, sms: sms).seconds
            #expect(speedup > 1.3 && speedup < 4)
        }
    }

    @Test("what cannot be priced is refused with its reason")
    func refusals() throws {
        var experts = Fixture.llama8B
        experts.experts = .init(routed: 8, shared: 0, activePerToken: 2, intermediateSize: 14336, denseLayers: 0)
        #expect(throws: CostModelError.mixtureOfExperts(model: "llama-3-8b")) { try Fixture.h200Model(experts) }
        var latent = Fixture.llama8B
        latent.latentAttention = .init(
            keyValueRank: 512, queryRank: nil, ropeHeadSize: 64, nopeHeadSize: 128, valueHeadSize: 128)
        #expect(throws: CostModelError.latentAttention(model: "llama-3-8b")) { try Fixture.h200Model(latent) }
        #expect(throws: CostModelError.indivisible(model: "llama-3-8b", tensorParallelism: 3)) {
            try Fixture.h200Model(tensorParallelism: 3)
        }
        #expect(throws: CostModelError.noAllReduce(ranks: 16, known: [2, 4, 8])) {
            try Fixture.h200Model(tensorParallelism: 16)
        }
    }
}
