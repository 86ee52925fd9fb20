internal import CostModels

/// Errors of tables made without the points that they are asked for.
struct HoldOut {
    let measurements: KernelMeasurements
    let bound: PrefillAttentionBound
    let device: DeviceProfile

    /// SM counts that are left out together to see the error between the others.
    static let smCounts = [40, 72, 104]

    func add(to report: inout CalibrationReport) {
        addGEMM(&report)
        addPrefill(&report)
        addDecode(&report)
        addElementwise(&report)
        addAllReduce(&report)
    }

    private func gemmComparison(_ row: KernelMeasurements.GEMM, _ table: GEMMTable) -> CalibrationReport.Comparison? {
        let bound = GEMMBound(device: device, reads: measurements.readBandwidth, sms: row.sms)
        let curve = table.curve(n: row.n, k: row.k, sms: row.sms, state: row.state, bound: bound)
        return curve.map {
            .init(
                shape: "M \(row.m), N \(row.n), K \(row.k), \(row.sms) SMs",
                predicted: $0.price(at: Double(row.m)).seconds, measured: row.seconds)
        }
    }

    private func addGEMM(_ report: inout CalibrationReport) {
        let burst = measurements.gemm.filter { $0.state == .burst }
        var (sizes, counts) = (measurements, measurements)
        let halves = alternating(burst, line: { [$0.n, $0.k, $0.sms] }, size: { $0.m })
        sizes.gemm = halves.fitted
        add(&report, "gemm, M held out", halves, sizes.gemmTable, gemmComparison)
        let apart = bySMs(burst, shape: { [$0.n, $0.k] }, sms: { $0.sms })
        counts.gemm = apart.fitted
        add(&report, "gemm, SMs held out", apart, counts.gemmTable, gemmComparison)
    }

    private func addPrefill(_ report: inout CalibrationReport) {
        let burst = measurements.prefill.filter { $0.state == .burst }
        func comparison(
            _ row: KernelMeasurements.Prefill, _ table: PrefillAttentionTable
        ) -> CalibrationReport.Comparison? {
            let kernel = table.kernel(
                heads: row.heads, keyValueHeads: row.keyValueHeads, sms: row.sms, state: .burst)
            let (batch, queries, past) = (Double(row.batch), Double(row.queries), Double(row.past))
            return kernel.map {
                .init(
                    shape: "\(row.batch) × \(row.queries) on \(row.past), \(row.heads)/\(row.keyValueHeads) heads, "
                        + "\(row.sms) SMs",
                    predicted: $0.price(
                        tokens: batch * queries, chunks: batch, pairs: batch * queries * (past + (queries + 1) / 2)
                    ).seconds, measured: row.seconds)
            }
        }
        // The schedule is fitted anew to what is kept.
        var (sizes, counts) = (measurements, measurements)
        let halves = alternating(
            burst, line: { [$0.heads, $0.keyValueHeads, $0.sms, $0.past, $0.batch] }, size: { $0.queries })
        sizes.prefill = halves.fitted
        add(
            &report, "prefill attention, queries held out", halves,
            sizes.prefillTable(bound: sizes.fittedPrefillBound()),
            comparison)
        let apart = bySMs(burst, shape: { [$0.heads, $0.keyValueHeads] }, sms: { $0.sms })
        counts.prefill = apart.fitted
        add(
            &report, "prefill attention, SMs held out", apart, counts.prefillTable(bound: counts.fittedPrefillBound()),
            comparison)
    }

    private func addDecode(_ report: inout CalibrationReport) {
        func comparison(
            _ row: KernelMeasurements.Decode, _ table: DecodeAttentionTable
        ) -> CalibrationReport.Comparison? {
            let kernel = table.kernel(heads: row.heads, keyValueHeads: row.keyValueHeads, sms: row.sms)
            return kernel.map {
                .init(
                    shape: "\(row.batch) × \(row.context), \(row.heads)/\(row.keyValueHeads) heads, \(row.sms) SMs",
                    predicted: $0.price(sequences: Double(row.batch), context: Double(row.batch * row.context)).seconds,
                    measured: row.seconds)
            }
        }
        var (sizes, counts) = (measurements, measurements)
        let halves = alternating(
            measurements.decode, line: { [$0.heads, $0.keyValueHeads, $0.sms, $0.batch] }, size: { $0.context })
        sizes.decode = halves.fitted
        add(&report, "decode attention, context held out", halves, sizes.decodeTable, comparison)
        let apart = bySMs(measurements.decode, shape: { [$0.heads, $0.keyValueHeads] }, sms: { $0.sms })
        counts.decode = apart.fitted
        add(&report, "decode attention, SMs held out", apart, counts.decodeTable, comparison)
        addUnequal(&report)
    }

    /// Other draws of unequal contexts, of another day.
    private func addUnequal(_ report: inout CalibrationReport) {
        let table = measurements.decodeTable
        let comparisons = measurements.otherUnequalDecode.compactMap { row in
            table.kernel(heads: row.heads, keyValueHeads: row.keyValueHeads, sms: row.sms).map { kernel in
                let equal = kernel.price(sequences: Double(row.batch), context: Double(row.context)).seconds
                return CalibrationReport.Comparison(
                    shape: "\(row.batch) sequences of \(row.context) tokens in all, \(row.sms) SMs",
                    predicted: equal * kernel.unequalRatio(sequences: Double(row.batch)), measured: row.seconds)
            }
        }
        report.add(
            "decode attention, unequal contexts", fittedRows: measurements.unequalDecode.count, heldOut: comparisons)
    }

    private func addElementwise(_ report: inout CalibrationReport) {
        func comparison(
            _ row: KernelMeasurements.Elementwise, _ table: ElementwiseTable
        ) -> CalibrationReport.Comparison? {
            table.curve(row.kernel, width: row.width, sms: row.sms).map {
                .init(
                    shape: "\(row.kernel.rawValue) of \(row.width), \(row.tokens) tokens, \(row.sms) SMs",
                    predicted: $0.price(at: Double(row.tokens)).seconds, measured: row.seconds)
            }
        }
        let kernels = ElementwiseTable.Kernel.allCases
        func number(_ row: KernelMeasurements.Elementwise) -> Int { kernels.firstIndex(of: row.kernel)! }
        var (sizes, counts) = (measurements, measurements)
        let halves = alternating(
            measurements.elementwise, line: { [number($0), $0.width, $0.sms] }, size: { $0.tokens })
        sizes.elementwise = halves.fitted
        add(&report, "elementwise, tokens held out", halves, sizes.elementwiseTable, comparison)
        let apart = bySMs(measurements.elementwise, shape: { [number($0), $0.width] }, sms: { $0.sms })
        counts.elementwise = apart.fitted
        add(&report, "elementwise, SMs held out", apart, counts.elementwiseTable, comparison)
    }

    private func addAllReduce(_ report: inout CalibrationReport) {
        let halves = alternating(measurements.allReduce, line: { [$0.ranks] }, size: { $0.bytes })
        let table = AllReduceTable(
            lines: curves(halves.fitted, line: { $0.ranks }, size: { $0.bytes }, seconds: \.seconds).map {
                AllReduceTable.Line(ranks: $0.first.ranks, curve: $0.curve)
            })
        add(&report, "all-reduce, bytes held out", halves, table) { row, table in
            table.curve(ranks: row.ranks).map {
                .init(
                    shape: "\(row.ranks) GPUs, \(row.bytes) B", predicted: $0.price(at: Double(row.bytes)).seconds,
                    measured: row.seconds)
            }
        }
    }

    private func add<Row, Table>(
        _ report: inout CalibrationReport, _ name: String, _ halves: Halves<Row>, _ table: Table,
        _ comparison: (Row, Table) -> CalibrationReport.Comparison?
    ) {
        report.add(
            name, fittedRows: halves.fitted.count, heldOut: halves.heldOut.compactMap { comparison($0, table) })
    }

    /// Every other point inside a line is held out, with all its repeats; the ends stay.
    private func alternating<Row>(_ rows: [Row], line: (Row) -> [Int], size: (Row) -> Int) -> Halves<Row> {
        var sizes: [[Int]: [Int]] = [:]
        for row in rows { sizes[line(row), default: []].append(size(row)) }
        for key in sizes.keys { sizes[key] = Set(sizes[key]!).sorted() }
        return Halves(rows) { row in
            let points = sizes[line(row)]!
            let index = points.firstIndex(of: size(row))!
            return index % 2 == 0 || index == points.count - 1
        }
    }

    /// The counts to hold out, of shapes that were measured at some of them and on both sides.
    private func bySMs<Row>(_ rows: [Row], shape: (Row) -> [Int], sms: (Row) -> Int) -> Halves<Row> {
        var counts: [[Int]: Set<Int>] = [:]
        for row in rows { counts[shape(row), default: []].insert(sms(row)) }
        return Halves(rows.filter { !counts[shape($0)]!.isDisjoint(with: Self.smCounts) }) {
            !Self.smCounts.contains(sms($0))
        }
    }
}
