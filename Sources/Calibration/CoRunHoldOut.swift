internal import CostModels

/// Errors of the co-run surface on rows, and on pairs of SM counts, that it was fitted without.
struct CoRunHoldOut {
    private let rows: [KernelMeasurements.CoRun]
    private let models: [ModelArchitecture]

    init(_ rows: [KernelMeasurements.CoRun], models: [ModelArchitecture]) {
        self.rows = rows
        self.models = models
    }

    /// Pairs of green contexts (SMs of prefill) that are left out together.
    private static let greenPrefillSMs = [24, 40, 72, 88, 104]

    func add(to report: inout CalibrationReport) {
        let isPairKept = { (row: KernelMeasurements.CoRun) in
            row.mechanism != .green || !Self.greenPrefillSMs.contains(row.prefillSMs)
        }
        let halves = Halves(rows.filter(isPairKept)) {
            isFitted([$0.tokens, $0.batch, $0.context, $0.prefillSMs, $0.decodeSMs])
        }
        guard let surface = CoRunFit.surface(halves.fitted, models: models) else { return }
        func add(_ name: String, _ heldOut: [KernelMeasurements.CoRun]) {
            report.add(
                name, fittedRows: halves.fitted.count, heldOut: heldOut.flatMap { comparisons($0, surface) })
        }
        add("co-run, rows held out", halves.heldOut)
        add("co-run, pairs of SM counts held out", rows.filter { !isPairKept($0) })
        for mechanism in CoRunSurface.Mechanism.allCases {
            add("co-run, rows held out, \(mechanism.rawValue)", halves.heldOut.filter { $0.mechanism == mechanism })
        }
        // The halves the other way round: whether the figure hangs on the division.
        if let swapped = CoRunFit.surface(halves.heldOut, models: models) {
            report.add(
                "co-run, the other half held out, mps", fittedRows: halves.heldOut.count,
                heldOut: halves.fitted.filter { $0.mechanism == .mps }.flatMap { comparisons($0, swapped) })
        }
        addCaps(&report)
        addRepeats(&report)
    }

    /// Second measurements of a row against the first: what no model can be better than.
    private func addRepeats(_ report: inout CalibrationReport) {
        var (first, comparisons): ([[Int]: KernelMeasurements.CoRun], [CalibrationReport.Comparison]) = ([:], [])
        for row in rows where row.mechanism == .mps {
            let key = [row.prefillSMs, row.decodeSMs, row.tokens, row.batch, row.context]
            guard let before = first[key] else {
                first[key] = row
                continue
            }
            comparisons += self.comparisons(before, (max(1, row.prefillSlowdown), max(1, row.decodeSlowdown)))
        }
        report.add("co-run, the same row measured again, mps", fittedRows: 0, heldOut: comparisons)
    }

    /// Pairs of caps under MPS, each left out alone. Those at the edge of what was measured have no neighbours beyond.
    private func addCaps(_ report: inout CalibrationReport) {
        let caps = rows.filter { $0.mechanism == .mps }
        let total = caps.reduce(0) { max($0, $1.prefillSMs, $1.decodeSMs) }
        let least = caps.reduce(total) { min($0, $1.prefillSMs) }
        let shared = caps.filter {
            $0.prefillSMs + $0.decodeSMs > total && $0.prefillSMs < total && $0.prefillSMs > least
        }
        var comparisons: [CalibrationReport.Comparison] = []
        for pair in Set(shared.map { [$0.prefillSMs, $0.decodeSMs] }).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let halves = Halves(caps) { [$0.prefillSMs, $0.decodeSMs] != pair }
            guard let surface = CoRunFit.surface(halves.fitted, models: models) else { continue }
            comparisons += halves.heldOut.flatMap { self.comparisons($0, surface) }
        }
        report.add(
            "co-run, each pair of overlapping caps held out", fittedRows: caps.count, heldOut: comparisons)
    }

    /// The law of `Profiles/sharing`, which no row here was used to fit but for two bandwidth constants from green contexts.
    func add(
        to report: inout CalibrationReport, _ sharing: CoRunSharing, device: DeviceProfile,
        efficiency: EfficiencyProfile
    ) {
        let total = device.streamingMultiprocessors
        let costs = models.map { model in
            try? RooflineCostModel(
                model: model, device: device, efficiency: efficiency, runtime: .ideal, sharing: sharing, maxSequences: 1
            )
        }
        for mechanism in CoRunSurface.Mechanism.allCases {
            let heldOut = rows.filter { $0.mechanism == mechanism }.flatMap { row -> [CalibrationReport.Comparison] in
                guard let model = models.firstIndex(where: { $0.id == row.model }), let cost = costs[model] else {
                    return []
                }
                let predicted = cost.slowdowns(
                    prefill: .prefill(tokens: row.tokens),
                    decode: .decode(sequences: row.batch, contextTokens: row.batch * row.context),
                    partition: SMPartition(prefill: row.prefillSMs, decode: row.decodeSMs, total: total))
                return comparisons(row, predicted.factors)
            }
            report.add("co-run, law of the sharing profile, \(mechanism.rawValue)", fittedRows: 0, heldOut: heldOut)
        }
    }

    private func comparisons(
        _ row: KernelMeasurements.CoRun, _ surface: CoRunSurface
    ) -> [CalibrationReport.Comparison] {
        guard let lanes = CoRunFit.lanes(row, models: models) else { return [] }
        let predicted = surface.slowdowns(
            lanes, prefillSMs: row.prefillSMs, decodeSMs: row.decodeSMs, mechanism: row.mechanism)
        return predicted.map { comparisons(row, $0) } ?? []
    }

    private func comparisons(
        _ row: KernelMeasurements.CoRun, _ predicted: (prefill: Double, decode: Double)
    ) -> [CalibrationReport.Comparison] {
        let shape =
            "\(row.tokens) prompt tokens beside \(row.batch) × \(row.context), "
            + "(\(row.prefillSMs), \(row.decodeSMs)) SMs, \(row.mechanism.rawValue)"
        return [
            .init(
                shape: "prefill of " + shape, predicted: predicted.prefill, measured: max(1, row.prefillSlowdown)),
            .init(shape: "decode of " + shape, predicted: predicted.decode, measured: max(1, row.decodeSlowdown)),
        ]
    }
}
