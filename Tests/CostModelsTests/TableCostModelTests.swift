import CostModels
import EventKernel
import Testing

@Suite("The cost model of measured tables")
struct TableCostModelTests {
    let tables = TableFixture.tables
    let device = Fixture.h200

    @Test("every measured product is returned as measured, and says so")
    func exactProducts() {
        for line in tables.gemm.lines where line.state == .burst {
            let bound = GEMMBound(device: device, reads: tables.reads, sms: line.sms)
            let curve = tables.gemm.curve(n: line.n, k: line.k, sms: line.sms, state: .burst, bound: bound)
            for (m, seconds) in zip(line.curve.sizes, line.curve.seconds) {
                #expect(curve?.price(at: m) == KernelPrice(seconds: seconds, provenance: .measured))
            }
        }
    }

    @Test("every measured decode attention is returned as measured, and says so")
    func exactDecodeAttention() throws {
        for line in tables.decodeAttention.lines {
            let kernel = try #require(
                tables.decodeAttention.kernel(heads: line.heads, keyValueHeads: line.keyValueHeads, sms: line.sms))
            for (context, seconds) in zip(line.curve.sizes, line.curve.seconds) {
                let price = kernel.price(sequences: Double(line.batch), context: Double(line.batch) * context)
                #expect(price.provenance == .measured)
                #expect(abs(price.seconds / seconds - 1) < 1e-12)
            }
        }
    }

    @Test("every measured prefill attention without a past or of one chunk is returned as measured, and says so")
    func exactPrefillAttention() throws {
        for line in tables.prefillAttention.lines where line.state == .burst && (line.batch == 1 || line.past == 0) {
            let kernel = try #require(
                tables.prefillAttention.kernel(
                    heads: line.heads, keyValueHeads: line.keyValueHeads, sms: line.sms, state: .burst))
            for (queries, seconds) in zip(line.curve.sizes, line.curve.seconds) {
                let tokens = queries * Double(line.batch)
                let price = kernel.price(
                    tokens: tokens, chunks: Double(line.batch), pairs: tokens * (Double(line.past) + (queries + 1) / 2))
                #expect(price.provenance == .measured, "\(line)")
                #expect(abs(price.seconds / seconds - 1) < 1e-9)
            }
        }
    }

    @Test("between points, outside them and for other shapes the provenance says what happened")
    func provenance() throws {
        let bound = GEMMBound(device: device, reads: tables.reads, sms: 132)
        let known = try #require(tables.gemm.curve(n: 6144, k: 4096, sms: 132, state: .burst, bound: bound))
        #expect(known.price(at: 1000).provenance == .interpolated)
        #expect(known.price(at: 100_000).provenance == .heldUtilisation)
        let between = try #require(tables.gemm.curve(n: 6144, k: 4096, sms: 100, state: .burst, bound: bound))
        #expect(between.price(at: 1024).provenance == .interpolated)
        let other = try #require(tables.gemm.curve(n: 6000, k: 4000, sms: 132, state: .burst, bound: bound))
        #expect(other.price(at: 1024).provenance == .heldUtilisation)
        let kernel = try #require(tables.decodeAttention.kernel(heads: 32, keyValueHeads: 4, sms: 132))
        #expect(kernel.price(sequences: 8, context: 8192).provenance == .heldUtilisation)
    }

    @Test("held utilisation: twice the rows beyond the last point take twice the time")
    func heldUtilisation() throws {
        let bound = GEMMBound(device: device, reads: tables.reads, sms: 132)
        let curve = try #require(tables.gemm.curve(n: 6144, k: 4096, sms: 132, state: .burst, bound: bound))
        let last = curve.sizes[curve.sizes.count - 1]
        #expect(curve.price(at: 4 * last).seconds == 2 * curve.price(at: 2 * last).seconds)
    }

    @Test("decode attention is linear in Σ context between two measured contexts", arguments: [8, 30, 64, 200])
    func linearInContext(sequences: Int) throws {
        let kernel = try #require(tables.decodeAttention.kernel(heads: 32, keyValueHeads: 8, sms: 64))
        func seconds(_ context: Double) -> Double {
            kernel.price(sequences: Double(sequences), context: context * Double(sequences)).seconds
        }
        let (a, b, c) = (seconds(1100), seconds(1500), seconds(1900))
        #expect(abs((a + c) / 2 / b - 1) < 1e-12)
    }

    @Test("a decode line holds the context it was asked for and agrees with the sum of kernels", arguments: 0..<60)
    func decodeLines(seed: UInt64) throws {
        var random = RandomStreams(seed: seed, run: 0).stream(named: "shape")
        let model = try TableFixture.model()
        let sequences = 1 + random.index(below: 300)
        let context = sequences * (1 + random.index(below: 9000))
        let sms = 16 + random.index(below: 117)
        let line = model.decodeLine(sequences: sequences, contextTokens: context, sms: sms)
        #expect(line.firstContext <= context && context <= line.lastContext)
        let sum = model.kernelSeconds(of: .decode(sequences: sequences, contextTokens: context), sms: sms)
        // Lines level small steps down in the measurements and round the slope.
        #expect(abs(line.work(contextTokens: context).seconds / sum - 1) < 0.01)
    }

    @Test(
        "contexts of unequal lengths cost attention what was measured, and one sequence nothing",
        arguments: [132, 64, 40])
    func unequalContexts(sms: Int) throws {
        var plain = tables
        plain.decodeAttention = DecodeAttentionTable(lines: tables.decodeAttention.lines)
        let (unequal, equal) = (try TableFixture.model(), try TableFixture.model(tables: plain))
        let rows = try #require(tables.decodeAttention.unequalContexts.first { $0.sms == sms }).ratios
        func attention(_ model: TableCostModel, _ sequences: Int) throws -> Double {
            let parts = model.parts(of: .decode(sequences: sequences, contextTokens: 1000 * sequences), sms: sms)
            return try #require(parts.first { $0.name == "decode attention" }).price.seconds
        }
        for (batch, ratio) in zip(rows.sizes, rows.seconds) {
            let found = try attention(unequal, Int(batch)) / attention(equal, Int(batch))
            #expect(abs(found / ratio - 1) < 1e-9, "\(batch) sequences")
        }
        #expect(try attention(unequal, 1) == attention(equal, 1))
        let benchmark = try TableCostModel(
            model: Fixture.llama8B, device: Fixture.h200, tables: tables,
            efficiency: try Fixture.efficiency("h200-sxm"), runtime: .ideal, state: .burst, equalContexts: true)
        #expect(try attention(benchmark, 32) == attention(equal, 32))
    }

    @Test("batches beyond the tables are priced the same way")
    func largeBatches() throws {
        let (small, large) = (try TableFixture.model(maxSequences: 64), try TableFixture.model(maxSequences: 200))
        let (a, b) = (
            small.decodeLine(sequences: 150, contextTokens: 150_000, sms: 132),
            large.decodeLine(sequences: 150, contextTokens: 150_000, sms: 132)
        )
        #expect(a == b)
    }

    @Test("more context never takes less time", arguments: [1, 7, 64, 256], [132, 78, 20])
    func monotoneInContext(sequences: Int, sms: Int) throws {
        let model = try TableFixture.model(runtime: try Fixture.runtime("vllm-v1"))
        var last = Work.zero
        for step in 1...200 {
            let context = sequences * step * 97
            let work = model.decodeLine(sequences: sequences, contextTokens: context, sms: sms)
                .work(contextTokens: context)
            // Half a unit of the slope at each end.
            #expect(work.units >= last.units - Int64(context))
            last = work
        }
    }

    @Test("a prompt of twice the tokens takes longer", arguments: [132, 96, 64, 32, 16])
    func monotoneInTokens(sms: Int) throws {
        let model = try TableFixture.model()
        var last = 0.0
        for tokens in [128, 256, 512, 1024, 2048, 4096, 8192, 16384] {
            let seconds = model.work(of: .prefill(tokens: tokens), sms: sms).seconds
            #expect(seconds > last)
            last = seconds
        }
    }

    /// Not so for kernels bound by memory, which were measured to be faster on 48 to 64 SMs than on more.
    @Test("a prompt of 2,048 tokens is faster on more SMs")
    func monotoneInSMs() throws {
        let model = try TableFixture.model()
        var last = Double.infinity
        for sms in stride(from: 4, through: 132, by: 4) {
            let seconds = model.work(of: .prefill(tokens: 2048), sms: sms).seconds
            #expect(seconds < last, "\(sms) SMs")
            last = seconds
        }
    }

    @Test("provenance adds up to the work", arguments: 0..<40)
    func provenanceSums(seed: UInt64) throws {
        var random = RandomStreams(seed: seed, run: 0).stream(named: "shape")
        let model = try TableFixture.model(runtime: try Fixture.runtime("vllm-v1"), state: .sustained)
        let shape = Fixture.randomShape(&random)
        let total = model.provenance(of: shape, sms: 132).seconds.reduce(0, +)
        #expect(abs(total / model.work(of: shape, sms: 132).seconds - 1) < 0.01)
    }

    @Test("without a table everything is analytic and close to the roofline")
    func emptyTables() throws {
        var empty = tables
        empty.gemm = GEMMTable(lines: [])
        empty.prefillAttention = PrefillAttentionTable(bound: tables.prefillAttention.bound, lines: [])
        empty.decodeAttention = DecodeAttentionTable(lines: [])
        empty.elementwise = ElementwiseTable(lines: [])
        empty.graphGapSeconds = 0
        let model = try TableFixture.model(tables: empty)
        let roofline = try Fixture.h200Model()
        let shape = IterationShape.prefill(tokens: 1536, cached: 512)
        #expect(model.parts(of: shape, sms: 132).allSatisfy { $0.name == "gaps" || $0.price.provenance == .analytic })
        let ratio = model.work(of: shape, sms: 132).seconds / roofline.work(of: shape, sms: 132).seconds
        #expect(abs(ratio - 1) < 0.02)
    }

    @Test("a device at its power limit is never faster than one at rest", arguments: [16, 64, 96, 120, 132])
    func sustained(sms: Int) throws {
        let (burst, sustained) = (try TableFixture.model(), try TableFixture.model(state: .sustained))
        for tokens in [1, 64, 300, 2048, 8192] {
            let shape = IterationShape.prefill(tokens: tokens)
            #expect(sustained.work(of: shape, sms: sms) >= burst.work(of: shape, sms: sms))
        }
    }

    @Test("tensor parallelism adds its all-reduces as measured")
    func allReduce() throws {
        let model = try TableFixture.model(tensorParallelism: 2)
        let part = try #require(model.parts(of: .prefill(tokens: 1024), sms: 132).first { $0.name == "all_reduce" })
        #expect(part.count == 64)
        #expect(part.price.provenance == .measured)
    }
}

@Suite("Two lanes as measured side by side")
struct CoRunSurfaceTests {
    @Test("no lane is faster beside another than alone", arguments: 0..<100)
    func neverFaster(seed: UInt64) throws {
        var random = RandomStreams(seed: seed, run: 0).stream(named: "lanes")
        let surface = try #require(TableFixture.tables.coRun)
        let lanes = CoRunSurface.Lanes(
            prefillLayerSeconds: 1e-5 * Double(1 + random.index(below: 5000)),
            decodeLayerSeconds: 1e-5 * Double(1 + random.index(below: 500)),
            decodeKeyValueShare: Double(random.index(below: 100)) / 100)
        for mechanism in CoRunSurface.Mechanism.allCases {
            let slowdowns = try #require(
                surface.slowdowns(
                    lanes, prefillSMs: 1 + random.index(below: 132), decodeSMs: 1 + random.index(below: 132),
                    mechanism: mechanism))
            #expect(slowdowns.prefill >= 1 && slowdowns.decode >= 1)
            #expect(slowdowns.prefill < 20 && slowdowns.decode < 40)
        }
    }

    @Test("on shared SMs decode waits for long prompts, and a hard split spares it")
    func asymmetry() throws {
        let model = try TableFixture.model(state: .sustained)
        let (prefill, decode) = (
            IterationShape.prefill(tokens: 4096), IterationShape.decode(sequences: 32, contextTokens: 32 * 1024)
        )
        let shared = model.slowdowns(prefill: prefill, decode: decode, partition: .unpartitioned(132)).factors
        let split = model.slowdowns(
            prefill: prefill, decode: decode, partition: SMPartition(prefill: 66, decode: 66, total: 132)
        ).factors
        #expect(shared.decode > 4)
        #expect(shared.prefill < 1.5)
        #expect(split.decode < 2)
    }

    @Test("lanes that were priced slow each other as their shapes do", arguments: 0..<50 as Range<UInt64>)
    func priced(seed: UInt64) throws {
        var random = RandomStreams(seed: seed).stream(named: "lanes")
        var runtime = RuntimeProfile.ideal
        runtime.graphBatches = .init(small: [1, 2, 4, 8], step: 16, limit: 128)
        let model = try TableFixture.model(runtime: runtime, state: .sustained)
        let (mine, yours) = (2 + 2 * random.index(below: 66), 2 + 2 * random.index(below: 66))
        let partition = SMPartition(prefill: mine, decode: yours, total: 132)
        var prefill = IterationShape.empty
        for _ in 0...random.index(below: 3) {
            prefill.addPrefill(
                tokens: 1 + random.index(below: 4_000), cached: random.index(below: 2) * 512,
                completes: random.index(below: 3) > 0)
        }
        let sequences = 1 + random.index(below: 250)
        let line = model.linePrice(
            sequences: sequences, contextTokens: sequences * (1 + random.index(below: 8_000)), sms: yours)
        let decode = IterationShape.decode(sequences: sequences, contextTokens: line.line.middleContext)
        let price = model.price(of: prefill, sms: mine)
        #expect(price.kernelSeconds != nil && line.kernelSeconds != nil)
        let ofLoads = model.slowdowns(
            prefill: LaneLoad(shape: prefill, kernelSeconds: price.kernelSeconds),
            decode: LaneLoad(shape: decode, kernelSeconds: line.kernelSeconds), partition: partition)
        #expect(ofLoads == model.slowdowns(prefill: prefill, decode: decode, partition: partition))
    }

    @Test("host time is not slowed")
    func hostTime() throws {
        var runtime = RuntimeProfile.ideal
        runtime.decode.hiddenSeconds = 10
        let model = try TableFixture.model(runtime: runtime)
        let slowdowns = model.slowdowns(
            prefill: .prefill(tokens: 4096), decode: .decode(sequences: 32, contextTokens: 32 * 1024),
            partition: .unpartitioned(132))
        #expect(slowdowns.decode == .none)
        #expect(slowdowns.prefill != .none)
    }
}
