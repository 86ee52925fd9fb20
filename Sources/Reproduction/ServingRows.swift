/// The target rows that come from the curves of whole systems.
struct ServingRows {
    let shareGPT: ServingCurves
    let longBench: ServingCurves

    var all: [TargetRow] { [shape, hardSplit, longContext] }

    // MARK: Rows

    private var shape: TargetRow {
        let curves = shareGPT
        let (ttft, tpot) = (Quantity.p90TTFT, Quantity.p90TPOT)
        func mean(_ rates: [Double], _ a: Sweep, _ b: Sweep, _ quantity: Quantity) -> Double {
            let (a, b) = (a.curve(quantity), b.curve(quantity))
            return rates.reduce(0) { $0 + a[$1] / b[$1] } / Double(rates.count)
        }
        let rates = (21...33).map { Double($0) / 2 }
        return TargetRow(
            number: 3, result: "Shape of P90 latency, 8B ShareGPT (Fig. 12a)",
            checks: [
                .near(
                    "rate at which TTFT of vLLM-S passes 10 s", expected: 10.96,
                    ours: curves.vLLMS.curve(ttft).firstRise(above: 10_000), plusMinus: 1),
                .near(
                    "rate at which TPOT of vLLM-D passes 400 ms", expected: 11.3,
                    ours: curves.vLLMD.curve(tpot).firstRise(above: 400), plusMinus: 1),
                .near(
                    "rate at which TPOT of DistServe passes 200 ms", expected: 11.1,
                    ours: curves.distServe.curve(tpot).firstRise(above: 200), plusMinus: 1),
                .near(
                    "rate at which TPOT of semi-PD passes 150 ms", expected: 15.6,
                    ours: curves.semiPD.curve(tpot).firstRise(above: 150), plusMinus: 1),
                .atMost(
                    "TTFT of DistServe over semi-PD, mean of 10.5 to 16.5", 1,
                    ours: mean(rates, curves.distServe, curves.semiPD, ttft), expected: "0.6 to 0.75"),
                .atLeast(
                    "TPOT of vLLM-D over semi-PD, mean of 10.5 to 16.5", 1,
                    ours: mean(rates, curves.vLLMD, curves.semiPD, tpot), expected: "3 to 5"),
                .atLeast(
                    "TPOT of DistServe over semi-PD, mean of 10.5 to 16.5", 1,
                    ours: mean(rates, curves.distServe, curves.semiPD, tpot), expected: "1.6 to 5"),
            ],
            remarks: [
                "TPOT of vLLM-S at 13: \(decimal(curves.vLLMS.curve(tpot)[13], 0)) ms with 256 sequences and "
                    + "\(decimal(curves.vLLMS512.curve(tpot)[13], 0)) ms with 512 (paper 125). With 512 its TTFT passes 10 s "
                    + "at \(curves.vLLMS512.curve(ttft).firstRise(above: 10_000).map { decimal($0, 1) } ?? "no rate").",
                "TPOT of vLLM-D at 11.5, 13, 15: \(values(curves.vLLMD, tpot)) ms (paper 436, 460, 650), median "
                    + "\(values(curves.vLLMD, .p50TPOT)) (275, 301, 412). Its prompts wait longer in the paper than any rule of its "
                    + "scheduler explains: P90 TTFT \(values(curves.vLLMD, ttft)) ms (813, 1208, 2462), median "
                    + "\(values(curves.vLLMD, .p50TTFT)) (229, 227, 267).",
                "TPOT of DistServe at 11.5, 13, 15: \(values(curves.distServe, tpot)) ms (paper 246, 406, 590), P99 "
                    + "\(values(curves.distServe, .p99TPOT)) (1051, 1965, 2870).",
                "Semi-PD at 11.5, 13, 15: TPOT \(values(curves.semiPD, tpot)) ms (paper 102, 119, 135), TTFT "
                    + "\(values(curves.semiPD, ttft)) ms (177, 199, 219).",
            ])
    }

    private func values(_ sweep: Sweep, _ quantity: Quantity) -> String {
        let curve = sweep.curve(quantity)
        return [11.5, 13, 15].map { decimal(curve[$0], 0) }.joined(separator: ", ")
    }

    private var hardSplit: TargetRow {
        let (split, shared) = (shareGPT.hardSplit, shareGPT.semiPD)
        func ratio(_ rate: Double) -> Double { split.curve(.p50TPOT)[rate] / shared.curve(.p50TPOT)[rate] }
        return TargetRow(
            number: 8, result: "(50,50) against (100,100), 8B ShareGPT",
            checks: [
                .near("P50 TPOT ratio at 10.5", expected: 1.8, ours: ratio(10.5), within: 0.2),
                .near("P50 TPOT ratio at 16", expected: 1.5, ours: ratio(16), within: 0.2),
                .near(
                    "rate at which P99 TPOT of (50,50) passes 300 ms", expected: 13.5,
                    ours: split.curve(.p99TPOT).firstRise(above: 300), within: 0.2, places: 1),
                .near(
                    "rate at which P99 TPOT of (100,100) passes 300 ms", expected: 18,
                    ours: shared.curve(.p99TPOT).firstRise(above: 300), within: 0.2, places: 1),
            ])
    }

    private var longContext: TargetRow {
        let (distServe, semiPD) = (longBench.distServe.curve(.p90TTFT), longBench.semiPD.curve(.p90TTFT))
        return TargetRow(
            number: 9, result: "TTFT of DistServe surges on long contexts (Fig. 12b)",
            checks: [
                .near(
                    "rate at which P90 TTFT of DistServe passes three times that at 1", expected: 2.2,
                    ours: distServe.firstRise(above: 3 * distServe[1]), within: 0.2),
                .atMost(
                    "P90 TTFT of semi-PD at 3 over that at 1", 3, ours: semiPD[3] / semiPD[1], expected: "2.4"),
            ],
            remarks: [
                "P90 TTFT at 1: DistServe \(decimal(distServe[1], 0)) ms (paper 401), semi-PD "
                    + "\(decimal(semiPD[1], 0)) ms (paper 333)."
            ])
    }
}
