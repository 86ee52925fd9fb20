internal import Simulator

/// Fig. 9(c) and (d): one, two or four GPUs for prefill and one for decode, at equal rates per GPU.
struct PhaseRatio: Sendable {
    private let sweeps: [Sweep]
    private static let prefillGPUs = [1, 2, 4]

    init(_ setup: Setup) {
        sweeps = Self.prefillGPUs.map { gpus in
            Sweep(
                .distServe("DistServe (\(gpus),1,1,1)", prefillGPUs: gpus).changingPools {
                    $0.limits.maxSequences = Llama8BOnA100.figure9Sequences
                }, .shareGPT,
                rates: [2, 2.5, 3, 4, 5, 6, 7.5, 10, 12, 14, 16], setup: setup)
        }
    }

    func table(beside digitised: DigitisedFigures) -> FigureTable {
        var table = FigureTable(file: "figure-9.csv", beside: digitised)
        for (panel, metric, quantity) in [("c", "P90 TTFT ms", Quantity.p90TTFT), ("d", "P90 TPOT ms", .p90TPOT)] {
            for sweep in sweeps {
                table.add(
                    sweep.curve(quantity), as: sweep.system.name,
                    of: DigitisedFigures.Key(figure: "9", panel: panel, metric: metric, series: sweep.system.name))
            }
        }
        return table
    }

    var row: TargetRow {
        let tpot = sweeps.map { $0.curve(.p90TPOT)[6] }
        let ttft = sweeps.map { $0.curve(.p90TTFT)[6] }
        var checks: [TargetRow.Check] = []
        for (index, gpus) in Self.prefillGPUs.enumerated() {
            checks.append(
                .near(
                    "P90 TPOT at 6 per GPU, \(gpus):1, ms", expected: [48, 109, 228][index], ours: tpot[index],
                    within: 0.3, places: 0))
            checks.append(
                .near(
                    "P90 TTFT at 6 per GPU, \(gpus):1, ms", expected: [83, 77, 86][index], ours: ttft[index],
                    within: 0.3, places: 0))
        }
        checks.append(
            TargetRow.Check(
                what: "TPOT grows with the prefill GPUs", expected: "48 < 109 < 228",
                ours: tpot.map { decimal($0, 0) }.joined(separator: ", "), tolerance: "order",
                passes: tpot[0] < tpot[1] && tpot[1] < tpot[2]))
        func list(_ sweep: Sweep) -> String {
            [2, 6, 10, 16].map { decimal(sweep.curve(.p90TTFT)[$0], 0) }.joined(separator: ", ")
        }
        return TargetRow(
            number: 13, result: "The ratio of prefill to decode GPUs dominates (Fig. 9, 8B)", checks: checks,
            remarks: [
                "P90 TTFT at 2, 6, 10, 16: \(list(sweeps[1])) ms with two prefill GPUs (paper 58, 77, 112, 152), "
                    + "\(list(sweeps[2])) with four (paper 51, 86, 123, 182). What several GPUs gain is fitted at 2."
            ])
    }
}
