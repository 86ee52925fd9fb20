internal import CostModels

/// The paper's phases alone against the same phases shared, and how close rules of sharing come: what the rule of all
/// figures rests on. Readings of Figs. 9, 12(a) and 12(b) and of the (50,50) series that the paper's file holds but does
/// not show. LongBench enters at the rates for which the paper has both phases alone at the same total rate.
struct SharingEvidence: Sendable {
    private struct Reading {
        var workload: PaperWorkload
        var percent: Int
        var rate: Double
        var quantity: Quantity
        var paper: Double
    }

    private static let readings: [Reading] =
        [(10.5, 158.0, 74.0), (12, 177, 92), (15, 219, 114)].flatMap { rate, ttft, tpot in
            [
                Reading(workload: .shareGPT, percent: 100, rate: rate, quantity: .p90TTFT, paper: ttft),
                Reading(workload: .shareGPT, percent: 100, rate: rate, quantity: .p50TPOT, paper: tpot),
            ]
        }
        + [(10.5, 134.0), (15, 188)].map { rate, tpot in
            Reading(workload: .shareGPT, percent: 50, rate: rate, quantity: .p50TPOT, paper: tpot)
        }
        + [(2.0, 522.0, 79.0), (2.8, 673, 117)].flatMap { rate, ttft, tpot in
            [
                Reading(workload: .longBench, percent: 100, rate: rate, quantity: .p90TTFT, paper: ttft),
                Reading(workload: .longBench, percent: 100, rate: rate, quantity: .p90TPOT, paper: tpot),
            ]
        }

    struct Candidate: Sendable {
        let name: String
        /// Of the logarithms of ours over the paper's.
        let rootMeanSquare: Double
        let isUsed: Bool
    }

    let candidates: [Candidate]

    init(_ setup: Setup) {
        var rules: [(String, AffineCostModel.Sharing)] = [
            ("shares in proportion to the caps, times 1.12, whatever runs", Llama8BOnA100.proportionalSharing)
        ]
        for bandwidthLoss in [0, 0.4583] {
            let (wait, loss) = (Llama8BOnA100.scaledWait, decimal(bandwidthLoss, 2))
            let name = "the law of Results/validation, wait \(decimal(wait * 1e3, 1)) ms, loss of bandwidth \(loss)"
            let rule = Llama8BOnA100.coRun(waitSecondsPerLayer: wait, bandwidthLoss: bandwidthLoss)
            rules.append((name, .coRun(rule)))
        }
        rules += Self.surfaceRules(setup, constantSeconds: Llama8BOnA100.decode.constantSeconds)
        candidates = rules.map { name, rule in
            Candidate(
                name: name, rootMeanSquare: Self.rootMeanSquare(rule, setup) { $0 },
                isUsed: rule == Llama8BOnA100.sharing(setup.coRuns))
        }
    }

    /// All of the constant part of decode is kernels, or the reading of weights alone; and of each sequence.
    private static func surfaceRules(
        _ setup: Setup, constantSeconds: Double
    ) -> [(name: String, rule: AffineCostModel.Sharing)] {
        [0, constantSeconds - Llama8BOnA100.weightReadSeconds].flatMap { host in
            [0, Llama8BOnA100.hostSecondsPerSequence].map { perSequence in
                (
                    "the H200's surface; of decode, \(decimal(host * 1e3, 1)) ms and \(decimal(perSequence * 1e3, 1)) ms a "
                        + "sequence are not delayed",
                    Llama8BOnA100.sharing(setup.coRuns, hostSeconds: host, hostSecondsPerSequence: perSequence)
                )
            }
        }
    }

    /// With another cost of decode: how far the surface's best reading is from the paper.
    static func leastDistance(_ decode: DecodeAlone, _ setup: Setup) -> Double {
        surfaceRules(setup, constantSeconds: decode.constantMilliseconds / 1e3)
            .map { rootMeanSquare($0.rule, setup, decode.applied) }.min()!
    }

    private static func rootMeanSquare(
        _ rule: AffineCostModel.Sharing, _ setup: Setup, _ change: (ServingSystem) -> ServingSystem
    ) -> Double {
        PhaseAloneEvidence.rootMeanSquare(
            readings.map { reading in
                let system = change(.semiPD(prefill: reading.percent, decode: reading.percent, setup))
                    .priced { model in
                        var model = model
                        model.sharing = rule
                        return model
                    }
                let sweep = Sweep(
                    system, reading.workload, rates: [reading.rate], setup: setup, arrivals: .paper)
                return (sweep.curve(reading.quantity)[reading.rate], reading.paper)
            })
    }

    var text: String {
        var text = "| rule | rms of ln(ours/paper) |\n|---|---:|\n"
        for candidate in candidates {
            let name = candidate.isUsed ? "**\(candidate.name)**" : candidate.name
            text += "| \(name) | \(decimal(candidate.rootMeanSquare, 3)) |\n"
        }
        return text
    }
}
