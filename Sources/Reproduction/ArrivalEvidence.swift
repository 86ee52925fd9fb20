#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why `ClientArrivals` are taken to be those of the paper's runs.
///
/// The paper's latencies do not rise smoothly with the rate: the gaps of a rate, drawn once, are up to 5 % longer or shorter
/// than their mean. If they are the client's, latencies lie above the line between their neighbours where the rate really was
/// above its name. The correlation of the two is compared with that for gaps of other seeds.
struct ArrivalEvidence: Sendable {
    private struct Series {
        var name: String
        /// At the client's rates, one after the other; what grows with the load.
        var readings: [[Double]]
    }

    /// Readings at 10.5 and on (70B: 5.5 and on), in steps of 0.5; those beyond a figure's window are in the paper's file.
    private static let series = [
        Series(
            name: "8B, P90 TTFT and P90 TPOT of semi-PD (Fig. 12a)",
            readings: [
                [
                    158, 161, 177, 177, 186, 199, 203, 212, 209, 219, 225, 299, 254, 277, 267, 296, 293, 274, 345, 267,
                    280,
                    290, 312, 325, 316, 306, 325, 373, 338,
                ],
                [
                    83, 85, 102, 102, 112, 119, 129, 132, 129, 135, 139, 192, 172, 179, 172, 192, 259, 219, 430, 279,
                    343,
                    460, 630, 697, 707, 594, 661, 948, 761,
                ],
            ].map { $0.map(log) }),
        Series(
            name: "70B, the same (Fig. 12c)",
            readings: [
                [
                    367, 378, 439, 452, 501, 551, 575, 637, 637, 687, 687, 810, 798, 835, 859, 884, 934, 958, 1053,
                ],
                [
                    151, 167, 226, 226, 252, 285, 318, 337, 377, 429, 442, 1320, 1399, 1700, 1949, 2263, 2637, 2650,
                    2969,
                ],
            ].map { $0.map(log) }),
        Series(
            name: "8B, requests of (100,100) beyond the tight limits (Fig. 15a)",
            readings: [
                [
                    0.99, 0.999, 0.995, 0.99, 0.995, 0.986, 0.978, 0.962, 0.97, 0.945, 0.949, 0.533, 0.636, 0.582,
                    0.578,
                    0.504, 0.463, 0.5, 0.405,
                ].map { 1 - $0 }
            ]),
        Series(
            name: "8B, requests of dynamic beyond the tight limits (Fig. 15a)",
            readings: [
                [
                    1, 1, 0.99, 0.995, 0.986, 0.99, 0.986, 0.974, 0.966, 0.933, 0.945, 0.912, 0.797, 0.723, 0.718,
                    0.578,
                    0.57, 0.523, 0.553,
                ].map { 1 - $0 }
            ]),
    ]

    static let seeds = 1000

    struct Row: Sendable {
        let name: String
        /// With the client's seed, the mean over readings.
        let correlation: Double
        /// Seeds other than the client's with as large a one.
        let asGood: Int
    }

    let rows: [Row]

    /// It depends on nothing.
    static let found = ArrivalEvidence()

    private init() {
        let excesses = (0..<Self.seeds).map { seed in
            let arrivals = ClientArrivals(seed: UInt32(seed))
            return ClientArrivals.rates.indices.map { log(arrivals.excess(at: $0)) }
        }
        rows = Self.series.map { series in
            let correlations = excesses.map { excess in
                let each = series.readings.map {
                    Self.pearson(Self.departures($0), Self.departures(Array(excess.prefix($0.count))))
                }
                return each.reduce(0, +) / Double(each.count)
            }
            let own = correlations[Int(ClientArrivals.seed)]
            let others = correlations.indices.count { $0 != Int(ClientArrivals.seed) && correlations[$0] >= own }
            return Row(name: series.name, correlation: own, asGood: others)
        }
    }

    /// From the line between the neighbours, of all values but the ends.
    private static func departures(_ values: [Double]) -> [Double] {
        (1..<values.count - 1).map { index -> Double in
            let line = (values[index - 1] + values[index + 1]) / 2
            return values[index] - line
        }
    }

    private static func pearson(_ x: [Double], _ y: [Double]) -> Double {
        let count = Double(x.count)
        let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (a, b) in zip(x, y) {
            xx += (a - meanX) * (a - meanX)
            yy += (b - meanY) * (b - meanY)
            xy += (a - meanX) * (b - meanY)
        }
        return xy / (xx * yy).squareRoot()
    }

    var text: String {
        var table =
            "| departures of the paper's readings | correlation | other seeds with as much, of \(Self.seeds - 1) |\n"
        table += "|---|---:|---:|\n"
        for row in rows { table += "| \(row.name) | \(decimal(row.correlation, 2)) | \(row.asGood) |\n" }
        let shown = ClientArrivals.rates.indices.prefix { ClientArrivals.rates[$0] <= 17 }
        let real = shown.map { decimal(ClientArrivals.rates[$0] * ClientArrivals.paper.excess(at: $0), 1) }
        return """
            Arrivals: the released client draws exponential gaps from NumPy's generator with seed 0. With \
            \(ClientArrivals.requests) requests at each rate, one rate after the other in one process, what is called \
            \(decimal(ClientArrivals.rates[0], 1)) to 17.0 in steps of 0.5 really was \(real.joined(separator: ", ")) requests/s. \
            The paper's readings of semi-PD depart from the line between their neighbours as these departures have it, better than with \
            other seeds; the 70B model's, which go through other rates, do too. Those of the dynamic partition do not: its \
            requests came otherwise.

            \(table)
            """
    }
}
