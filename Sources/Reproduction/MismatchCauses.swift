internal import CostModels
internal import EventKernel

/// What rows that stay out of tolerance owe to one assumption each: the same experiment with that assumption changed. None
/// of these changes enters a table.
struct MismatchCauses: Sendable {
    /// By number of the target row.
    private(set) var texts: [Int: [String]] = [:]

    init(_ extent: Extent, shareGPT: ServingCurves, longBench: ServingCurves) {
        texts[1] = [Self.slowerVLLMGoodput(extent, shareGPT, longBench)]
        texts[3] = [
            Self.slowerVLLM(extent, shareGPT), Self.distServeInTwoFigures(shareGPT),
            Self.promptsBesideDecode(shareGPT, longBench),
        ]
        texts[7] = [Self.staticPartitions(extent, shareGPT)]
        texts[12] = [Self.memoryShortage(extent, shareGPT)]
        texts[13] = [Self.tensorParallelEfficiency(extent)]
    }

    /// vLLM slower by one factor, and without the stated limit of sequences.
    private static func slowerVLLM(_ extent: Extent, _ curves: ServingCurves) -> String {
        let rates = (10...40).map { Double($0) / 2 }
        func sweep(_ system: ServingSystem, _ factor: Double) -> Sweep {
            Sweep(system.priced { $0.slowed(by: factor) }, .shareGPT, rates: rates, extent: extent)
        }
        let factors = [1, 1.1, 1.2, 1.3, 1.4]
        let vLLMS = factors.map {
            rate(sweep(.vLLMS(maxSequences: 256), $0).curve(.p90TTFT).firstRise(above: 10_000))
        }
        func vLLMD(_ sequences: Int) -> [String] {
            factors.map { factor in
                let tpot = sweep(.vLLMD("vLLM-D (\(sequences))", maxSequences: sequences), factor).curve(.p90TPOT)
                return rate(tpot.firstRise(above: 400))
            }
        }
        return """
            vLLM: it has the service times of the DistServe runtime here, and its own are not in the paper. With all of them \
            \(factors.map { decimal($0, 1) }.joined(separator: ", ")) times as long, TTFT of vLLM-S passes 10 s at \
            \(vLLMS.joined(separator: ", ")) (paper 11.0). TPOT of vLLM-D passes 400 ms at \
            \(vLLMD(512).joined(separator: ", ")) with the stated 512 sequences and at \
            \(vLLMD(2048).joined(separator: ", ")) with 2048 (paper 11.3). By Little's law the paper's vLLM-D does hold more \
            than 512: 13 requests/s of 200 tokens at a median TPOT of 301 ms are 780 at once.
            """
    }

    /// Fig. 9(d) against Fig. 12(a).
    private static func distServeInTwoFigures(_ curves: ServingCurves) -> String {
        let tpot = curves.distServe.curve(.p90TPOT)
        return """
            DistServe: the paper shows the same deployment twice. At 14 its P90 TPOT is 209 ms in Fig. 9(d), from which the \
            service times come, and 540 ms in Fig. 12(a); in Fig. 9(d) it passes 200 ms at 13.6. Ours is \
            \(decimal(tpot[14], 0)) ms at 14 and passes 200 ms at \(rate(tpot.firstRise(above: 200))): no service time can \
            meet both figures.
            """
    }

    /// What the rule of sharing does not give.
    private static func promptsBesideDecode(_ shareGPT: ServingCurves, _ longBench: ServingCurves) -> String {
        func values(_ curves: ServingCurves, _ rates: [Double]) -> String {
            let ttft = curves.semiPD.curve(.p90TTFT)
            return rates.map { decimal(ttft[$0], 0) }.joined(separator: ", ")
        }
        return """
            TTFT of semi-PD: at 10.5, 12 and 15 it is \(values(shareGPT, [10.5, 12, 15])) ms (paper 158, 177, 219), on \
            LongBench at 1, 2 and 3 \(values(longBench, [1, 2, 3])) ms (paper 333, 522, 803): the rule is right for long prompts \
            beside few sequences and too kind to short prompts beside many. DistServe's prompts at twice the rate then \
            wait longer than semi-PD's beside its decodes.
            """
    }

    private static func rate(_ value: Double?) -> String { value.map { decimal($0, 1) } ?? "no rate" }
}

extension AffineCostModel {
    func slowed(by factor: Double) -> AffineCostModel {
        var model = self
        model.prefill.constantSeconds *= factor
        model.prefill.secondsPerToken *= factor
        model.decode.constantSeconds *= factor
        model.decode.secondsPerSequence *= factor
        model.decode.secondsPerContextToken *= factor
        return model
    }
}
