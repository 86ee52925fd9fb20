internal import CostModels
internal import Simulator

/// What rows that stay out of tolerance owe to one assumption each: the same experiment with that assumption changed. None
/// of these changes enters a table.
struct MismatchCauses: Sendable {
    /// By number of the target row.
    private(set) var texts: [Int: [String]] = [:]

    init(_ setup: Setup, shareGPT: ServingCurves, longBench: ServingCurves) {
        texts[1] = [Self.goodputByParts(setup, shareGPT, longBench)]
        texts[3] = [Self.launchesOfVLLM(setup, shareGPT)]
        texts[7] = [Self.staticPartitions(setup, shareGPT)]
        texts[8] = [Self.decodeBesidePrompts(shareGPT)]
        texts[12] = [Self.memoryShortage(setup, shareGPT)]
    }

    /// What the crossings of vLLM owe to its launches, and what its limit of sequences.
    private static func launchesOfVLLM(_ setup: Setup, _ curves: ServingCurves) -> String {
        let rates = (14...34).map { Double($0) / 2 }
        func crossing(_ system: ServingSystem, _ quantity: Quantity, above level: Double, eager: Double) -> String {
            var host = Llama8BOnA100.vLLM
            host.eagerSeconds = eager / 1e3
            let priced = system.priced { _ in Llama8BOnA100.vLLMCosts(host) }
            let curve = Sweep(priced, .shareGPT, rates: rates, setup: setup, arrivals: .paper).curve(quantity)
            return curve.firstRise(above: level).map { decimal($0, 1) } ?? "no rate"
        }
        let launches = [0.0, 10, 15, 20, 30]
        func crossings(_ system: ServingSystem, _ quantity: Quantity, above level: Double) -> String {
            launches.map { crossing(system, quantity, above: level, eager: $0) }.joined(separator: ", ")
        }
        return """
            vLLM: nothing of it is fitted to ShareGPT. With \(launches.map { decimal($0, 0) }.joined(separator: ", ")) ms to launch an \
            iteration without a graph TTFT of vLLM-S passes 10 s at \(crossings(.vLLMS(maxSequences: 256), .p90TTFT, above: 10_000)) \
            (paper 11.0) and TPOT of vLLM-D 400 ms at \(crossings(.vLLMD(maxSequences: 2048), .p90TPOT, above: 400)) (paper 11.3); \
            with the stated 512 sequences the latter at \(crossings(.vLLMD(maxSequences: 512), .p90TPOT, above: 400)). By Little's law \
            the paper's vLLM-D does hold more than 512: 13 requests/s of 200 tokens at a median TPOT of 301 ms are 780 at once. Its \
            vLLM-S, 256 sequences at a median of 113 ms, makes 2265 tokens/s at most, and its vLLM-D falls behind between 10.5 \
            and 11, at as many; its prompts wait for several iterations, which its scheduler, prompts first, never lets \
            them do. A limit before or behind the engine would explain both; that is a conjecture, and no run at low rates shows one.
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
}
