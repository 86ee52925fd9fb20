internal import CostModels

/// Prices every weight matrix from the others: what the tables say of matrices that nobody timed, and the launch time with
/// which they say it best.
struct MatrixHoldOut {
    private struct Case {
        let shape: (n: Int, k: Int)
        let measured: MeasuredCurve
        let others: GEMMTable
    }

    private let cases: [Case]
    private let bound: GEMMBound
    private let sms: Int

    /// On all SMs, in bursts.
    init(_ measurements: KernelMeasurements, device: DeviceProfile) {
        sms = device.streamingMultiprocessors
        bound = GEMMBound(device: device, reads: measurements.readBandwidth, sms: sms)
        let lines = measurements.gemmTable.lines.filter {
            $0.sms == device.streamingMultiprocessors && $0.state == .burst
        }
        cases = lines.indices.map { index in
            var others = lines
            others.remove(at: index)
            return Case(
                shape: (lines[index].n, lines[index].k), measured: lines[index].curve,
                others: GEMMTable(lines: others))
        }
    }

    /// The launch time with the smallest mean error, of candidates a quarter of a microsecond apart; zero where there is
    /// only one matrix.
    func fittedLaunch() -> Double {
        if cases.count < 2 { return 0 }
        let candidates = (0...20).map { Double($0) * 0.25e-6 }
        let errors = candidates.map { launch in
            comparisons(launch: launch).reduce(0) { $0 + $1.error }
        }
        return candidates[errors.firstIndex(of: errors.min()!)!]
    }

    func add(to report: inout CalibrationReport, launch: Double) {
        report.add("gemm, matrices held out", fittedRows: cases.count, heldOut: comparisons(launch: launch))
    }

    private func comparisons(launch: Double) -> [CalibrationReport.Comparison] {
        cases.flatMap { held -> [CalibrationReport.Comparison] in
            var others = held.others
            others.launchSeconds = launch
            let (n, k) = held.shape
            guard let curve = others.curve(n: n, k: k, sms: sms, state: .burst, bound: bound) else { return [] }
            return zip(held.measured.sizes, held.measured.seconds).map { m, seconds in
                .init(
                    shape: "M \(Int(m)), N \(n), K \(k)", predicted: curve.price(at: m).seconds, measured: seconds)
            }
        }
    }
}
