internal import Metrics

/// Figs. 12, 13 and 15: every system over the rates of one data set; and (50,50) against (100,100), which the paper's file
/// holds but does not show.
struct ServingCurves: Sendable {
    let workload: PaperWorkload
    let vLLMS: Sweep
    let vLLMS512: Sweep
    let vLLMD: Sweep
    let vLLMD512: Sweep
    let distServe: Sweep
    let semiPD: Sweep
    let hardSplit: Sweep
    /// With a controller that is told the tight and the loose limits, on one server from the paper's first rate on.
    let dynamicTight: Sweep
    let dynamicLoose: Sweep

    init(_ workload: PaperWorkload, setup: Setup, progress: (String) -> Void) {
        self.workload = workload
        // ShareGPT from below the first rate at which any system fails.
        let rates =
            workload == .shareGPT
            ? (10...40).map { Double($0) / 2 } : (5...15).map { Double($0) / 5 } + [3.5, 4]
        func sweep(_ system: ServingSystem) -> Sweep {
            progress("\(workload.rawValue): \(system.name)")
            return Sweep(system, workload, rates: rates, setup: setup, arrivals: .paper)
        }
        vLLMS = sweep(.vLLMS(maxSequences: 256))
        vLLMS512 = sweep(.vLLMS(maxSequences: 512))
        vLLMD = sweep(.vLLMD(maxSequences: 2048))
        vLLMD512 = sweep(.vLLMD(maxSequences: 512))
        distServe = sweep(.distServe)
        semiPD = sweep(.semiPD(prefill: 100, decode: 100, setup))
        hardSplit = sweep(.semiPD(prefill: 50, decode: 50, setup))
        func adjusted(to limits: SLO, _ name: String) -> Sweep {
            progress("\(workload.rawValue): dynamic, \(name) limits")
            return Sweep(
                .dynamic(.code, limits: limits, setup), workload,
                rates: workload == .shareGPT ? rates.filter { $0 >= ClientArrivals.rates[0] } : rates, setup: setup,
                arrivals: .paper, isOneServer: true)
        }
        dynamicTight = adjusted(to: workload.tight, "tight")
        dynamicLoose = adjusted(to: workload.loose, "loose")
    }

    private var panel: String { workload == .shareGPT ? "a" : "b" }

    /// Sweeps with the names that they have in Figs. 12 and 13, and in Fig. 15.
    private var compared: [(sweep: Sweep, latency: String, attainment: String)] {
        [
            (vLLMS, "vLLM-S", "vLLM-S"), (vLLMS512, "vLLM-S", "vLLM-S"), (vLLMD, "vLLM-D", "vLLM-D"),
            (vLLMD512, "vLLM-D", "vLLM-D"), (distServe, "DistServe", "DistServe"),
            (semiPD, "semi-PD", "semi-PD(100,100)"),
        ]
    }

    /// Fig. 12(a) or (b), and Fig. 13(a) of ShareGPT.
    func latencyTable(beside digitised: DigitisedFigures, figure: String, file: String) -> FigureTable {
        var table = FigureTable(file: file, beside: digitised)
        let quantities: [(String, Quantity)] =
            figure == "13"
            ? [("P99 TTFT ms", .p99TTFT), ("P99 TPOT ms", .p99TPOT)]
            : [("P90 TTFT ms", .p90TTFT), ("P90 TPOT ms", .p90TPOT)]
        for (metric, quantity) in quantities {
            for (sweep, series, _) in compared {
                table.add(
                    sweep.curve(quantity), as: sweep.system.name,
                    of: DigitisedFigures.Key(figure: figure, panel: panel, metric: metric, series: series))
            }
        }
        return table
    }

    /// Fig. 15(a) or (b).
    func attainmentTable(beside digitised: DigitisedFigures, file: String) -> FigureTable {
        var table = FigureTable(file: file, beside: digitised)
        let quantities: [(String, Quantity)] = [("tight", .tightAttainment), ("loose", .looseAttainment)]
        for (limits, quantity) in quantities {
            let dynamic = limits == "tight" ? dynamicTight : dynamicLoose
            for (sweep, _, series) in compared + [(dynamic, "", "semi-PD(dyn)")] {
                table.add(
                    sweep.curve(quantity), as: sweep.system.name,
                    of: DigitisedFigures.Key(
                        figure: "15", panel: panel, metric: "SLO attainment \(limits)", series: series))
            }
        }
        return table
    }

    /// (50,50) and (100,100), medians and tails.
    func hardSplitTable(beside digitised: DigitisedFigures, file: String) -> FigureTable {
        var table = FigureTable(file: file, beside: digitised)
        let quantities: [(String, String, Quantity)] = [
            ("8B-P50", "P50 TTFT ms", .p50TTFT), ("8B-P50", "P50 TPOT ms", .p50TPOT),
            ("8B-P99", "P99 TTFT ms", .p99TTFT), ("8B-P99", "P99 TPOT ms", .p99TPOT),
        ]
        for (panel, metric, quantity) in quantities {
            for (sweep, series) in [(hardSplit, "semi(50,50)"), (semiPD, "semi(100,100)")] {
                table.add(
                    sweep.curve(quantity), as: sweep.system.name,
                    of: DigitisedFigures.Key(figure: "hidden", panel: panel, metric: metric, series: series))
            }
        }
        return table
    }

    /// The largest rate at which nine tenths of the requests are within the limits; the last of the grid if none fails.
    static func goodput(_ sweep: Sweep, _ quantity: Quantity) -> Double {
        let curve = sweep.curve(quantity)
        return curve.firstFall(below: 0.9) ?? (curve.points[0].y.median >= 0.9 ? sweep.rates.last! : 0)
    }
}
