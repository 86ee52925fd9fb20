import Calibration
import CostModels
import EventKernel
import Profiles
import Testing

@Suite("Kernel tables of rows of others")
struct ImportedTablesTests {
    /// Rows that follow the bound of the device: arithmetic or traffic, and a launch.
    private var rows: MeasuredRows {
        var rows = MeasuredRows()
        for n in [1024, 2048, 4096, 8192] {
            for k in [1024, 4096] {
                let bound = GEMMBound(device: Fixture.a100, reads: nil, sms: 108)
                for m in [1, 16, 64, 256, 1024, 4096] {
                    let seconds = 3e-6 + 1.5 * bound.seconds(m: Double(m), n: n, k: k)
                    rows.gemm.append(GEMMRow(m: m, n: n, k: k, seconds: seconds))
                }
            }
        }
        for context in [128, 512, 2048, 8192] {
            for batch in [1, 16, 64] {
                rows.decodeAttention.append(
                    AttentionRow(
                        batch: batch, queryLength: 1, past: context - 1, heads: 32, keyValueHeads: 8, headSize: 128,
                        seconds: 1e-5 + Double(batch * context) * 4096 / 1.6e12))
            }
        }
        for tokens in [128, 512, 2048, 8192] {
            rows.prefillAttention.append(
                AttentionRow(
                    batch: 1, queryLength: tokens, past: 0, heads: 32, keyValueHeads: 8, headSize: 128,
                    seconds: 1e-5 + Double(tokens * tokens) * 2 * 4096 / 1.5e14))
        }
        return rows
    }

    private func calibration() throws -> TableCalibration {
        let selection = try #require(RowSelection.reference(gpu: "a100"))
        return TableCalibration(
            KernelMeasurements(rows, selection: selection, device: Fixture.a100), device: Fixture.a100, models: [],
            efficiency: try Fixture.efficiency("a100-80"))
    }

    @Test("the launch that is in every row is found, and a matrix without rows is priced with it")
    func launch() throws {
        let tables = try calibration().tables
        #expect(abs(tables.gemm.launchSeconds - 3e-6) < 1e-12)
        let bound = GEMMBound(device: Fixture.a100, reads: nil, sms: 108)
        let curve = try #require(tables.gemm.curve(n: 3072, k: 2048, sms: 108, state: .burst, bound: bound))
        for m in [1.0, 64, 1024] {
            let expected = 3e-6 + 1.5 * bound.seconds(m: m, n: 3072, k: 2048)
            #expect(abs(curve.price(at: m).seconds / expected - 1) < 1e-9)
            #expect(curve.price(at: m).provenance == .heldUtilisation)
        }
    }

    @Test("what nobody timed is analytic, and a part of the SMs scales as the bound does")
    func partOfTheDevice() throws {
        let llama = try ProfileCatalog(roots: [Fixture.path("Profiles")]).model("llama-3-8b").value
        let model = try TableCostModel(
            model: llama, device: Fixture.a100, tables: try calibration().tables,
            efficiency: try Fixture.efficiency("a100-80"), runtime: .ideal)
        let roofline = try RooflineCostModel(
            model: llama, device: Fixture.a100, efficiency: try Fixture.efficiency("a100-80"), runtime: .ideal)
        let shape = IterationShape.decode(sequences: 16, contextTokens: 16 * 1024)
        let norms = try #require(model.parts(of: shape, sms: 108).first { $0.name == "add_rms_norm" })
        #expect(norms.price.provenance == .analytic)
        for sms in [28, 54, 80] {
            let ratio = model.work(of: shape, sms: sms).seconds / model.work(of: shape, sms: 108).seconds
            let analytic = roofline.work(of: shape, sms: sms).seconds / roofline.work(of: shape, sms: 108).seconds
            #expect(abs(ratio / analytic - 1) < 0.1, "\(sms) SMs")
        }
    }

    @Test("the files say whose rows they are, and are read again")
    func files() throws {
        let selection = try #require(RowSelection.reference(gpu: "a100"))
        let measurements = KernelMeasurements(rows, selection: selection, device: Fixture.a100)
        let texts = try calibration().texts(measurements, sources: ["gemm.csv"], origin: selection.source)
        #expect(texts.allSatisfy { $0.text.contains("Measured by others, not by us: \(selection.source).") })
        #expect(!texts.map(\.file).contains(.elementwise) && !texts.map(\.file).contains(.bandwidth))
        let read = try KernelTables(device: "a100-80", folder: "k", texts: texts)
        #expect(read.reads == nil && read.coRun == nil)
    }

    @Test("a family that is left out leaves no file and is priced by the efficiency profile")
    func leftOut() throws {
        let selection = try #require(RowSelection.reference(gpu: "a100"))
        let rest = KernelMeasurements(rows, selection: selection, device: Fixture.a100)
            .without(["decode attention", "all-reduce"])
        let calibration = TableCalibration(
            rest, device: Fixture.a100, models: [], efficiency: try Fixture.efficiency("a100-80"))
        let texts = calibration.texts(rest, sources: ["gemm.csv"], origin: selection.source)
        #expect(texts.map(\.file) == [.gemm, .prefillAttention, .constants])
        let model = try TableCostModel(
            model: try ProfileCatalog(roots: [Fixture.path("Profiles")]).model("llama-3-8b").value,
            device: Fixture.a100, tables: try KernelTables(device: "a100-80", folder: "k", texts: texts),
            efficiency: try Fixture.efficiency("a100-80"), runtime: .ideal)
        let parts = model.parts(of: .decode(sequences: 4, contextTokens: 4096), sms: 108)
        #expect(parts.first { $0.name == "decode attention" }?.price.provenance == .analytic)
        #expect(parts.first { $0.name == "qkv" }?.price.provenance == .heldUtilisation)
    }
}
