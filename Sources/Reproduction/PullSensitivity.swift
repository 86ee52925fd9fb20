/// What hangs on how long a pull of a prompt's KV takes, which the paper does not say and decode alone hardly tells: results with
/// pulls of several lengths, decode refitted for each.
struct PullSensitivity: Sendable {
    private struct Row: Sendable {
        var decode: DecodeAlone
        /// From the paper, of DistServe alone and of phases shared.
        var alone: Double
        var shared: Double
        /// Of (100,100) over DistServe, mean of the four panels of Fig. 15.
        var gain: Double
        var distServe: Double?
        var semiPD: Double?
        /// P50 TPOT of (50,50) over (100,100) at 10.5.
        var hardSplit: Double
    }

    private let rows: [Row]

    init(_ setup: Setup) {
        rows = DecodeAlone.pulls.map { decode in
            func sweep(_ system: ServingSystem, _ workload: PaperWorkload) -> Sweep {
                let rates = workload == .shareGPT ? (16...40).map { Double($0) / 2 } : (8...20).map { Double($0) / 5 }
                return Sweep(
                    decode.applied(to: system), workload, rates: rates, setup: setup, arrivals: .paper)
            }
            let full = ServingSystem.semiPD(prefill: 100, decode: 100, setup)
            let pairs = PaperWorkload.allCases.map { (shared: sweep(full, $0), apart: sweep(.distServe, $0)) }
            let gains = pairs.flatMap { pair in
                [Quantity.tightAttainment, .looseAttainment].map {
                    ServingCurves.goodput(pair.shared, $0) / ServingCurves.goodput(pair.apart, $0)
                }
            }
            let half = Sweep(
                decode.applied(to: .semiPD(prefill: 50, decode: 50, setup)), .shareGPT, rates: [10.5], setup: setup,
                arrivals: .paper)
            return Row(
                decode: decode, alone: decode.distance(setup), shared: SharingEvidence.leastDistance(decode, setup),
                gain: gains.reduce(0, +) / Double(gains.count),
                distServe: pairs[0].apart.curve(.p90TPOT).firstRise(above: 200),
                semiPD: pairs[0].shared.curve(.p90TPOT).firstRise(above: 150),
                hardSplit: half.curve(.p50TPOT)[10.5] / pairs[0].shared.curve(.p50TPOT)[10.5])
        }
    }

    var text: String {
        func rate(_ value: Double?) -> String { value.map { decimal($0, 1) } ?? "none" }
        var text = """
            | decode | rms of phases alone | of phases shared | gain of (100,100) over DistServe (row 1) | TPOT of DistServe passes 200 ms, of semi-PD 150 ms (row 3) | \
            (50,50) over (100,100) at 10.5 (row 8) |
            |---|---:|---:|---:|---:|---:|

            """
        for row in rows {
            let name = row.decode.isUsed ? "**\(row.decode.name)**" : row.decode.name
            text +=
                "| \(name) | \(decimal(row.alone, 3)) | \(decimal(row.shared, 3)) | \(decimal(row.gain, 2)) | \(rate(row.distServe)), \(rate(row.semiPD)) | \(decimal(row.hardSplit, 2)) |\n"
        }
        return text + "| paper | | | 1.31 | 11.1, 15.6 | 1.80 |\n"
    }
}
