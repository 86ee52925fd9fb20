internal import CostModels
internal import EventKernel
internal import Workloads

/// Fig. 10: how latency depends on the SMs of a phase that runs alone.
public struct LatencyLaws: Sendable {
    /// TPOT over TPOT at y = 100 %, against 1/y, with a fixed set of sequences.
    public let decode: LineFit
    /// The same against the SMs that the percentages grant, of which there is an even number.
    public let decodeByGrantedSMs: LineFit
    /// The first under arrivals at a light load, where slower decoding lets more sequences pile up.
    public let decodeUnderArrivals: LineFit
    /// TTFT over TTFT at x = 100 %, against 1/(x − λ), for the λ that fits best, as equation 4 is fitted.
    public let prefill: LineFit
    public let lambda: Double
    /// λ = r·l₁₀₀ of equation 3: arrival rate times the time of a mean prompt alone at x = 100 %.
    public let nominalLambda: Double
    let decodeCurve: Curve
    let arrivalsCurve: Curve
    let prefillCurve: Curve

    static let decodePercents = Array(stride(from: 100, through: 20, by: -5))
    /// The paper prints no x; equally spaced readings fit 100 to 50 %.
    static let prefillPercents = Array(stride(from: 100, through: 50, by: -5))
    /// Of the prompts, the lowest rate of the paper's plots.
    static let prefillRate = 10.5
    static let lightRate = 2.0

    public init(_ setup: Setup) {
        // 128 sequences with 350 tokens of context on average, prefilled at once: nothing but decode runs.
        let together = Trace(
            requests: (0..<128).map { Request(index: $0, arrival: .zero, promptTokens: 16, outputTokens: 669) },
            provenance: Trace.Provenance(source: "128 equal requests at once", format: "generated"))
        decodeCurve = Self.normalised(Self.decodePercents) { percent in
            [Measurement(.semiPD(prefill: 100, decode: percent, setup), together, limits: .shareGPT)[.meanTPOT]]
        }
        arrivalsCurve = Self.normalised(Self.decodePercents) { percent in
            (0..<setup.replications).map { replication in
                let trace = PaperWorkload.shareGPT.trace(
                    rate: Self.lightRate, replication: replication, requests: setup.requests)
                return Measurement(.semiPD(prefill: 100, decode: percent, setup), trace, limits: .shareGPT)[.meanTPOT]
            }
        }
        prefillCurve = Self.normalised(Self.prefillPercents) { percent in
            (0..<setup.replications).map { replication in
                let trace = PaperWorkload.shareGPT.trace(
                    rate: Self.prefillRate, replication: replication, requests: setup.requests
                ).withoutDecode
                return Measurement(.semiPD(prefill: percent, decode: 100, setup), trace, limits: .shareGPT)[.meanTTFT]
            }
        }
        decode = Self.fit(decodeCurve) { 1 / $0 }
        decodeByGrantedSMs = Self.fit(decodeCurve) { share in
            let partition = SMPartition.percent(
                prefill: 100, decode: share * 100, of: Llama8BOnA100.streamingMultiprocessors)
            return Double(partition.total) / Double(partition.decode)
        }
        decodeUnderArrivals = Self.fit(arrivalsCurve) { 1 / $0 }
        let costs = Llama8BOnA100.prefill(tensorParallelism: 1)
        nominalLambda = Self.prefillRate * (costs.constantSeconds + 251 * costs.secondsPerToken)
        let curve = prefillCurve
        // In steps of a thousandth up to just below the smallest x.
        let fits = (0..<495).map { step in
            let lambda = Double(step) / 1000
            return (lambda, Self.fit(curve) { 1 / ($0 - lambda) })
        }
        let best = fits.max { $0.1.rSquared < $1.1.rSquared }!
        lambda = best.0
        prefill = best.1
    }

    /// Medians over the median at 100 %.
    private static func normalised(_ percents: [Int], _ run: (Int) -> [Double]) -> Curve {
        let values = percents.map(run)
        let full = Spread(values[0]).median
        return Curve(zip(percents, values).map { Curve.Point(x: Double($0), y: Spread($1.map { $0 / full })) })
    }

    /// The line through the medians against `x` of the share of SMs.
    private static func fit(_ curve: Curve, against x: (Double) -> Double) -> LineFit {
        LineFit(curve.points.map { (x: x($0.x / 100), y: $0.y.median) })
    }

    func table(beside digitised: DigitisedFigures) -> FigureTable {
        var table = FigureTable(file: "figure-10.csv", beside: digitised)
        let decodeKey = DigitisedFigures.Key(figure: "10", panel: "b", metric: "TPOT/TPOT100", series: "y percent")
        table.add(decodeCurve, as: "128 sequences", of: decodeKey)
        table.add(arrivalsCurve, as: "arrivals at \(decimal(Self.lightRate, 1))/s", of: decodeKey)
        table.add(
            prefillCurve, as: "x percent",
            inOrderOf: DigitisedFigures.Key(figure: "10", panel: "a", metric: "TTFT normalised", series: "1/(x-lambda)")
        )
        return table
    }

    var row: TargetRow {
        TargetRow(
            number: 10, result: "The analytic model of latency holds (Fig. 10)",
            checks: [
                .atLeast("R² of TPOT against 1/y", 0.98, ours: decode.rSquared, expected: "0.9955", places: 4),
                .atLeast("R² of TTFT against 1/(x − λ)", 0.98, ours: prefill.rSquared, expected: "0.9953", places: 4),
            ],
            remarks: [
                "TPOT: slope \(decimal(decode.slope, 4)), intercept \(decimal(decode.intercept, 4)), slope : intercept "
                    + "\(decimal(decode.slope / decode.intercept, 2)) (paper 0.6284, 0.3818 and 1.65). The response to SMs "
                    + "is an input here, so this shows only what lies between it and the client. Percentages are granted "
                    + "as even numbers of SMs: against the SMs granted the ratio is "
                    + "\(decimal(decodeByGrantedSMs.slope / decodeByGrantedSMs.intercept, 2)). Under arrivals at "
                    + "\(decimal(Self.lightRate, 0))/s, where slower decoding lets sequences pile up: slope "
                    + "\(decimal(decodeUnderArrivals.slope, 4)), intercept \(decimal(decodeUnderArrivals.intercept, 4)), R² "
                    + "\(decimal(decodeUnderArrivals.rSquared, 4)).",
                "TTFT: slope \(decimal(prefill.slope, 4)), intercept \(decimal(prefill.intercept, 4)), slope : intercept "
                    + "\(decimal(prefill.slope / prefill.intercept, 2)) (paper 0.6809 and 0.022), λ "
                    + "\(decimal(lambda, 3)) fitted, r·l₁₀₀ = \(decimal(nominalLambda, 3)). At x = 50 % TTFT is "
                    + "\(decimal(prefillCurve[50], 2)) times that at 100 % (paper 7.3 at its lowest x): prompts that wait "
                    + "are prefilled together, which equation 2 does not know.",
            ])
    }
}

extension Trace {
    /// The same prompts with one output token each.
    fileprivate var withoutDecode: Trace {
        var changed = requests
        for index in changed.indices { changed[index].outputTokens = 1 }
        return Trace(requests: changed, provenance: provenance)
    }
}
