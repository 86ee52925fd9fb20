import CostModels
import EventKernel
import Profiles
import Testing

/// The H100's tables hold short bursts, and take what the power limit makes of them from the H200's.
@Suite("A power limit inferred from another device")
struct InferredThrottlingTests {
    static let catalog = ProfileCatalog(roots: [Fixture.path("Profiles")])
    static let h100Tables = try! KernelTables.read(
        folder: Fixture.path("Profiles/kernels/h100-sxm"), device: "h100-sxm")

    private func h100(_ model: ModelArchitecture, _ tables: KernelTables = h100Tables, tp: Int = 1, state: PowerState)
        throws -> TableCostModel
    {
        try TableCostModel(
            model: model, device: try Self.catalog.device("h100-sxm").value, tables: tables,
            efficiency: try Fixture.efficiency("h100-sxm"), runtime: .ideal, tensorParallelism: tp, maxSequences: 1,
            state: state)
    }

    @Test("a product takes its burst time × the ratio of its matrix, or × the mean of all")
    func products() throws {
        let bursts = GEMMTable(lines: [
            .init(n: 4096, k: 4096, sms: 132, state: .burst, curve: .init(sizes: [64, 1024], seconds: [1e-5, 1e-4])),
            .init(n: 1024, k: 4096, sms: 132, state: .burst, curve: .init(sizes: [64, 1024], seconds: [1e-5, 1e-4])),
        ])
        var tables = Self.h100Tables
        tables.gemm = bursts
        tables.throttling = InferredThrottling(
            device: "h200-sxm",
            products: [
                .init(n: 4096, k: 4096, ratios: .init(sizes: [64, 1024], seconds: [1, 1.2])),
                .init(n: 6144, k: 4096, ratios: .init(sizes: [64, 1024], seconds: [1, 1.1])),
            ], prefillAttention: nil)
        let bound = GEMMBound(device: Fixture.h200, reads: nil, sms: 132)
        for (n, ratio) in [(4096, 1.2), (1024, 1.15)] {
            let curve = try #require(tables.product(n: n, k: 4096, sms: 132, state: .sustained, bound: bound))
            #expect(abs(curve.price(at: 1024).seconds / (1e-4 * ratio) - 1) < 1e-12)
            #expect(abs(curve.price(at: 64).seconds / 1e-5 - 1) < 1e-12)
            // Held above the last size, where the clock does not fall on.
            #expect(abs(curve.price(at: 4096).seconds / (4e-4 * ratio) - 1) < 1e-12)
            #expect(curve.price(at: 1024).provenance == .heldUtilisation)
            let burst = try #require(tables.product(n: n, k: 4096, sms: 132, state: .burst, bound: bound))
            #expect(burst.price(at: 1024) == KernelPrice(seconds: 1e-4, provenance: .measured))
        }
    }

    @Test("the committed ratios are those of the H200's own lines")
    func committed() throws {
        let inferred = try #require(TableFixture.tables.inferredThrottling(sms: 132))
        let committed = try #require(Self.h100Tables.throttling)
        #expect(committed.device == "h200-sxm")
        #expect(committed.products.map { [$0.n, $0.k] } == inferred.products.map { [$0.n, $0.k] })
        for (a, b) in zip(committed.products, inferred.products) {
            for (x, y) in zip(a.ratios.seconds, b.ratios.seconds) { #expect(abs(x / y - 1) < 1e-5) }
        }
        #expect(committed.prefillAttention?.sizes == inferred.prefillAttention?.sizes)
    }

    @Test("an H100 at its power limit is slower than in a burst where arithmetic decides, and nowhere faster")
    func slower() throws {
        let (burst, sustained) = (
            try h100(Fixture.llama8B, state: .burst), try h100(Fixture.llama8B, state: .sustained)
        )
        for tokens in [16, 128, 512, 2048, 8192] {
            let shape = IterationShape.prefill(tokens: tokens)
            let ratio = sustained.work(of: shape, sms: 132).seconds / burst.work(of: shape, sms: 132).seconds
            #expect(ratio >= 1 && ratio < 1.35)
            if tokens >= 512 { #expect(ratio > 1.1) }
        }
        let decode = IterationShape.decode(sequences: 8, contextTokens: 8192)
        #expect(sustained.work(of: decode, sms: 132) == burst.work(of: decode, sms: 132))
    }

    /// Others timed a custom all-reduce kernel, we timed NCCL, so that it is left out of the comparison.
    @Test("an H200 is not slower than an H100 with the same chip and less bandwidth", arguments: [1, 2, 4, 8])
    func ordered(tp: Int) throws {
        for model in [Fixture.llama8B, Fixture.llama70B] {
            let ours = try TableFixture.model(model, tensorParallelism: tp, state: .sustained, maxSequences: 1)
            let theirs = try h100(model, tp: tp, state: .sustained)
            var shapes = [128, 256, 512, 1024, 2048, 4096, 8192].map { IterationShape.prefill(tokens: $0) }
            for sequences in [1, 8, 32, 128, 256] {
                shapes.append(.decode(sequences: sequences, contextTokens: 1024 * sequences))
            }
            func seconds(_ cost: TableCostModel, _ shape: IterationShape) -> Double {
                cost.parts(of: shape, sms: 132).reduce(0) { $0 + ($1.name == "all_reduce" ? 0 : $1.price.seconds) }
            }
            for shape in shapes {
                #expect(seconds(ours, shape) <= seconds(theirs, shape), "\(model.id), TP \(tp), \(shape)")
            }
        }
    }
}
