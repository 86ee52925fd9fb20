internal import CostModels
internal import Simulator

/// What rows that stay out of tolerance owe to one assumption each: the same experiment with that assumption changed. None
/// of these changes enters a table.
struct MismatchCauses: Sendable {
    /// By number of the target row.
    private(set) var texts: [Int: [String]] = [:]

    init(_ setup: Setup, shareGPT: ServingCurves, longBench: ServingCurves) {
        texts[1] = [Self.goodputByParts(setup, shareGPT, longBench)]
        texts[7] = [Self.staticPartitions(setup, shareGPT)]
        texts[8] = [Self.decodeBesidePrompts(shareGPT)]
        texts[12] = [Self.memoryShortage(setup, shareGPT)]
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
