import Calibration
import CostModels
import Testing

@Suite("Fitting efficiencies to measured kernels")
struct EfficiencyFitTests {
    /// Shapes of a small campaign, timed by the operators themselves under a profile that the fit does not see.
    private func rows(of truth: EfficiencyProfile) -> MeasuredRows {
        var rows = MeasuredRows()
        for n in [1024, 2048, 4096, 6144, 8192, 12288, 28672] {
            for k in [1024, 2048, 4096, 8192, 14336] {
                let product = MatrixProduct(outputs: n, inputs: k, efficiency: truth.gemm, device: Fixture.h200)
                for m in [1, 8, 32, 64, 100, 128, 200, 256, 512, 700, 1024, 2048, 4096, 8192, 16384] {
                    let seconds = product.demand(rows: Double(m), stretch: .none).seconds
                    rows.gemm.append(GEMMRow(m: m, n: n, k: k, seconds: seconds))
                }
            }
        }
        for (heads, keyValueHeads) in [(32, 8), (8, 2), (64, 8), (4, 1)] {
            let attention = AttentionOperator(
                heads: heads, keyValueHeads: keyValueHeads, headSize: 128, efficiency: truth, device: Fixture.h200)
            for batch in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] {
                for length in [16, 64, 256, 512, 1024, 2048, 4096, 8192, 16384] where batch * length <= 1 << 20 {
                    var row = AttentionRow(
                        batch: batch, queryLength: 1, past: length - 1, heads: heads, keyValueHeads: keyValueHeads,
                        headSize: 128, seconds: 0)
                    let (count, tokens) = (Double(batch), Double(batch * length))
                    row.seconds = attention.decodeDemand(sequences: count, context: tokens, stretch: .none).seconds
                    rows.decodeAttention.append(row)
                    (row.queryLength, row.past) = (length, 0)
                    row.seconds =
                        attention.prefillDemand(
                            tokens: tokens, chunks: count, pairs: tokens * Double(length + 1) / 2, context: tokens,
                            stretch: .none
                        ).seconds
                    rows.prefillAttention.append(row)
                }
            }
        }
        return rows
    }

    @Test("known curves are recovered from rows that they made")
    func recovery() throws {
        let truth = try Fixture.efficiency("h200-sxm")
        let base = try Fixture.efficiency("default")
        let (profile, report) = EfficiencyFit.fit(
            rows: rows(of: truth), device: Fixture.h200, base: base, origin: "synthetic")
        for family in ["gemm", "decode attention", "prefill attention"] {
            let entry = try #require(report[family])
            #expect(entry.medianError < 0.02 && entry.p90Error < 0.06, "\(entry)")
            #expect(entry.fittedRows > 0 && entry.heldOutRows > 0)
        }
        #expect(abs(profile.gemm.launchSeconds / truth.gemm.launchSeconds - 1) < 0.2)
        for bytes in [3e7, 6e7, 1.2e8, 2.4e8] {
            #expect(abs(profile.gemm.bandwidth.value(at: bytes) / truth.gemm.bandwidth.value(at: bytes) - 1) < 0.05)
        }
        for keys in [512.0, 2048, 8192] {
            let (fitted, known) = (profile.prefillAttention.compute, truth.prefillAttention.compute)
            #expect(abs(fitted.value(at: keys) / known.value(at: keys) - 1) < 0.05)
        }
        #expect(profile.id == "h200-sxm" && profile.origin == "synthetic")
        #expect(profile.elementwise == base.elementwise && profile.smScaling == base.smScaling)
    }

    @Test("the same rows give the same profile")
    func deterministic() throws {
        let truth = try Fixture.efficiency("h100-sxm")
        var rows = MeasuredRows()
        rows.decodeAttention = self.rows(of: truth).decodeAttention
        let base = try Fixture.efficiency("default")
        func fit() -> EfficiencyProfile {
            EfficiencyFit.fit(rows: rows, device: Fixture.h200, base: base, origin: "synthetic").profile
        }
        #expect(fit() == fit())
    }

    @Test("families without rows keep the base")
    func keepsBase() throws {
        let base = try Fixture.efficiency("default")
        let (profile, report) = EfficiencyFit.fit(
            rows: MeasuredRows(), device: Fixture.a100, base: base, origin: base.origin)
        var expected = base
        expected.id = "a100-80"
        #expect(profile == expected)
        #expect(report.entries.isEmpty)
    }

    @Test("all-reduce keeps every second size as measured and is linear in between")
    func allReduce() throws {
        var rows = MeasuredRows()
        for (index, bytes) in [1024, 4096, 16384, 65536].enumerated() {
            rows.allReduce.append(AllReduceRow(ranks: 2, bytes: bytes, seconds: 4e-6 * Double(index + 1)))
        }
        let (profile, report) = EfficiencyFit.fit(
            rows: rows, device: Fixture.h200, base: try Fixture.efficiency("default"), origin: "synthetic")
        let group = try #require(profile.allReduce.groups.first)
        #expect(group.seconds == Curve(knots: [1024, 16384, 65536], values: [4e-6, 1.2e-5, 1.6e-5]))
        // At 4096 B the line gives 5.6 µs where 8 were measured.
        let entry = try #require(report["all-reduce"])
        #expect(abs(entry.worstError - 0.3) < 1e-9 && abs(entry.bias + 0.3) < 1e-9)
    }

    @Test("the default profile is the fit of an H200 where kernels were measured")
    func defaultProfile() throws {
        let (shared, fitted) = (try Fixture.efficiency("default"), try Fixture.efficiency("h200-sxm"))
        #expect(shared.gemm == fitted.gemm && shared.decodeAttention == fitted.decodeAttention)
        #expect(shared.prefillAttention == fitted.prefillAttention && shared.allReduce == fitted.allReduce)
    }
}
