internal import CostModels

/// Sums of parts against whole iterations that ran as one CUDA graph.
struct IterationCheck {
    private let rows: [KernelMeasurements.Iteration]
    private let parts: [KernelMeasurements.PartInIteration]
    private let device: DeviceProfile
    private let models: [ModelArchitecture]
    private let efficiency: EfficiencyProfile

    /// Iterations of models that are not known are left out; of those measured more than once the median counts.
    init(
        _ rows: [KernelMeasurements.Iteration], parts: [KernelMeasurements.PartInIteration], device: DeviceProfile,
        models: [ModelArchitecture], efficiency: EfficiencyProfile
    ) {
        self.rows = Self.merged(rows.filter { row in models.contains { $0.id == row.model } })
        self.parts = parts
        self.device = device
        self.models = models
        self.efficiency = efficiency
    }

    private static func point(_ row: KernelMeasurements.Iteration) -> KernelMeasurements.Iteration {
        var point = row
        point.seconds = 0
        return point
    }

    private static func merged(_ rows: [KernelMeasurements.Iteration]) -> [KernelMeasurements.Iteration] {
        var (points, times): ([KernelMeasurements.Iteration], [[Double]]) = ([], [])
        for row in rows {
            if let index = points.firstIndex(of: point(row)) {
                times[index].append(row.seconds)
            } else {
                points.append(point(row))
                times.append([row.seconds])
            }
        }
        for index in points.indices { points[index].seconds = median(times[index]) }
        return points
    }

    /// The median over one half of the decode iterations of what the sum leaves, by kernel. Zero without iterations.
    func fittedGap(_ tables: KernelTables) -> Double {
        let fitted = rows.filter { $0.isDecode && Self.isFitted($0) }
        if fitted.isEmpty { return 0 }
        let gaps = zip(fitted, predictions(fitted, tables)).map { row, sum in (row.seconds - sum.seconds) / sum.kernels
        }
        return fourDigits(max(0, median(gaps)))
    }

    func add(to report: inout CalibrationReport, _ tables: KernelTables) {
        let checked = rows.filter { !($0.isDecode && Self.isFitted($0)) }
        let comparisons = zip(checked, predictions(checked, tables)).map { row, sum in
            CalibrationReport.Comparison(shape: row.shape, predicted: sum.seconds, measured: row.seconds)
        }
        let fitted = rows.count - checked.count
        report.add("iteration, sum of parts", fittedRows: fitted, heldOut: comparisons)
        func add(_ name: String, _ isIncluded: (KernelMeasurements.Iteration) -> Bool) {
            report.add(
                name, fittedRows: fitted,
                heldOut: zip(checked, comparisons).filter { isIncluded($0.0) }.map(\.1))
        }
        let all = device.streamingMultiprocessors
        for sms in [all, 64] {
            add("iteration, decode on \(sms) SMs") { $0.isDecode && $0.sms == sms }
            add("iteration, prefill on \(sms) SMs") { !$0.isDecode && $0.sms == sms }
        }
        // The points of the stated figure, one by one, the fitted ones too: the fit is of one number to many rows.
        let figure = rows.filter { $0.isOfTheFigure(all: all) }
        for (row, sum) in zip(figure, predictions(figure, tables)) {
            report.add(
                "iteration, " + row.shape, fittedRows: fitted,
                heldOut: [.init(shape: row.shape, predicted: sum.seconds, measured: row.seconds)])
        }
    }

    /// Sums of parts that ran at the clock of their whole, which say what is left when both are in one state.
    func addSameState(to report: inout CalibrationReport, gap: Double) {
        var (points, members): ([KernelMeasurements.Iteration], [[KernelMeasurements.PartInIteration]]) = ([], [])
        for part in parts {
            let index = points.firstIndex(of: Self.point(part.iteration)) ?? points.count
            if index == points.count {
                points.append(Self.point(part.iteration))
                members.append([])
            }
            members[index].append(part)
        }
        var comparisons: [CalibrationReport.Comparison] = []
        for (point, members) in zip(points, members) {
            let whole = median(members.map(\.iteration.seconds))
            var (sum, kernels): (Double, Int) = (0, 0)
            for name in Set(members.map(\.name)).sorted() {
                let own = members.filter { $0.name == name }
                // Each beside the whole that it ran behind.
                sum += median(own.map { $0.seconds / $0.iteration.seconds }) * Double(own[0].count)
                kernels += own[0].count
            }
            let predicted = sum * whole + gap * Double(kernels - 1)
            comparisons.append(.init(shape: point.shape, predicted: predicted, measured: whole))
        }
        report.add("iteration, parts in the state of the whole", fittedRows: 0, heldOut: comparisons)
        for comparison in comparisons {
            report.add("iteration, in one state, " + comparison.shape, fittedRows: 0, heldOut: [comparison])
        }
    }

    /// Sums and the number of kernels in them.
    private func predictions(
        _ rows: [KernelMeasurements.Iteration], _ tables: KernelTables
    ) -> [(seconds: Double, kernels: Double)] {
        let states = PowerState.allCases
        let costs = models.map { model in
            states.map { state in
                try? TableCostModel(
                    model: model, device: device, tables: tables, efficiency: efficiency, runtime: .ideal,
                    maxSequences: 1, state: state, equalContexts: true)
            }
        }
        return rows.map { row in
            let model = models.firstIndex { $0.id == row.model }!
            guard let cost = costs[model][states.firstIndex(of: row.state)!] else { return (row.seconds, 1) }
            let parts = cost.parts(of: row.iteration, sms: row.sms)
            return (parts.reduce(0) { $0 + $1.price.seconds }, Double(parts.reduce(-1) { $0 + $1.count }))
        }
    }

    private static func isFitted(_ row: KernelMeasurements.Iteration) -> Bool {
        Calibration.isFitted([row.sms, row.tokens, row.batch, row.context])
    }
}

extension KernelMeasurements.Iteration {
    var iteration: IterationShape {
        if isDecode { return .decode(sequences: batch, contextTokens: batch * context) }
        var shape = IterationShape.empty
        for _ in 0..<batch { shape.addPrefill(tokens: tokens / batch, cached: 0, completes: true) }
        return shape
    }

    fileprivate var shape: String {
        isDecode
            ? "decode \(batch) × \(context), \(sms) SMs"
            : "prefill \(batch) × \(tokens / batch), \(sms) SMs, \(state.rawValue)"
    }

    fileprivate func isOfTheFigure(all: Int) -> Bool {
        if sms != all && sms != 64 { return false }
        return isDecode
            ? [1, 32, 128, 256].contains(batch) && context == 1024
            : batch == 1 && [512, 2048, 8192].contains(tokens)
    }
}
