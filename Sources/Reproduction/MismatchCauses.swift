internal import CostModels
internal import Simulator

/// What rows that stay out of tolerance owe to one assumption each: the same experiment with that assumption changed. None
/// of these changes enters a table.
struct MismatchCauses: Sendable {
    /// By number of the target row.
    private(set) var texts: [Int: [String]] = [:]

    init(_ setup: Setup, shareGPT: ServingCurves, longBench: ServingCurves) {
        texts[1] = [Self.goodputByParts(setup, shareGPT, longBench)]
        texts[3] = [
            Self.hostTimeOfVLLM(setup, shareGPT), Self.distServeInTwoFigures(setup, shareGPT),
            Self.promptsBesideDecode(shareGPT, longBench),
        ]
        texts[7] = [Self.staticPartitions(setup, shareGPT)]
        texts[8] = [Self.decodeBesidePrompts(shareGPT)]
        texts[12] = [Self.memoryShortage(setup, shareGPT)]
    }

    /// What the crossings of vLLM owe to its host time and its limit of sequences.
    private static func hostTimeOfVLLM(_ setup: Setup, _ curves: ServingCurves) -> String {
        let rates = (14...34).map { Double($0) / 2 }
        let perSequence = [0.25, 0.3, 0.35, 0.4]
        func crossings(_ system: ServingSystem, _ quantity: Quantity, above level: Double) -> String {
            perSequence.map { milliseconds in
                let host = Llama8BOnA100.Host(
                    seconds: Llama8BOnA100.vLLM.seconds, secondsPerSequence: milliseconds / 1e3)
                let priced = system.priced { _ in Llama8BOnA100.vLLMCosts(host) }
                let sweep = Sweep(priced, .shareGPT, rates: rates, setup: setup, arrivals: .paper)
                return rate(sweep.curve(quantity).firstRise(above: level))
            }
            .joined(separator: ", ")
        }
        return """
            vLLM: nothing of it is fitted to ShareGPT. With \(perSequence.map { decimal($0, 2) }.joined(separator: ", ")) ms a \
            sequence TTFT of vLLM-S passes 10 s at \(crossings(.vLLMS(maxSequences: 256), .p90TTFT, above: 10_000)) (paper 11.0) \
            and TPOT of vLLM-D 400 ms at \(crossings(.vLLMD(maxSequences: 2048), .p90TPOT, above: 400)) (paper 11.3); with the \
            stated 512 sequences the latter at \(crossings(.vLLMD(maxSequences: 512), .p90TPOT, above: 400)). By Little's law the \
            paper's vLLM-D does hold more than 512: 13 requests/s of 200 tokens at a median TPOT of 301 ms are 780 at once. \
            Its median at 13 is \(decimal(curves.vLLMD.curve(.p50TPOT)[13], 0)) ms here, its P90 \
            \(decimal(curves.vLLMD.curve(.p90TPOT)[13], 0)) (paper 460): what is missing is spread. Its prompts wait longer in the \
            paper, too: P90 TTFT at 11.5 and 13 is \(decimal(curves.vLLMD.curve(.p90TTFT)[11.5], 0)) and \
            \(decimal(curves.vLLMD.curve(.p90TTFT)[13], 0)) ms here (paper 813 and 1208), which no rule of its scheduler explains.
            """
    }

    /// Fig. 9(d) against Fig. 12(a).
    private static func distServeInTwoFigures(_ setup: Setup, _ curves: ServingCurves) -> String {
        let alone: [(Double, Double)] = [(4, 34), (7.5, 72), (10, 120), (12, 165), (14, 209), (16, 224)]
        func figure9(_ sequences: Int) -> String {
            let system = ServingSystem.distServe.changingPools { $0.limits.maxSequences = sequences }
            let curve = Sweep(system, .shareGPT, rates: alone.map(\.0), setup: setup).curve(.p90TPOT)
            return alone.map { decimal(curve[$0.0], 0) }.joined(separator: ", ")
        }
        let tpot = curves.distServe.curve(.p90TPOT)
        return """
            DistServe: the paper shows the same deployment twice. At 14 its P90 TPOT is 209 ms in Fig. 9(d), from which the \
            service times come, and 540 ms in Fig. 12(a). The limit of sequences reconciles them: at \
            \(alone.map { decimal($0.0, 1) }.joined(separator: ", ")) it is \(figure9(1024)) ms with 1024, as in the released \
            example (Fig. 9d: \(alone.map { decimal($0.1, 0) }.joined(separator: ", "))), and \(figure9(512)) with the stated 512, \
            which passes 200 ms at \(rate(tpot.firstRise(above: 200))) (Fig. 12a: 11.1).
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
            LongBench at 1, 2 and 3 \(values(longBench, [1, 2, 3])) ms (paper 333, 522, 803).
            """
    }

    /// How TPOT of shared and split SMs grows with the rate.
    private static func decodeBesidePrompts(_ curves: ServingCurves) -> String {
        func values(_ sweep: Sweep) -> String {
            [10.5, 12, 13, 15, 16].map { decimal(sweep.curve(.p50TPOT)[$0], 0) }.joined(separator: ", ")
        }
        return """
            P50 TPOT at 10.5, 12, 13, 15, 16: (100,100) \(values(curves.semiPD)) ms (paper 74, 92, 104, 114, 142), (50,50) \
            \(values(curves.hardSplit)) (paper 134, 158, 177, 188, 231). A hard split is what decode alone gives. Beside prompts \
            on the same SMs the paper's decode is slower at low rates and grows less with the rate.
            """
    }

    private static func rate(_ value: Double?) -> String { value.map { decimal($0, 1) } ?? "no rate" }
}
