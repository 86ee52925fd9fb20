public import CostModels

/// Fits an efficiency profile to one half of the measured shapes and checks it on the other.
public enum EfficiencyFit {
    /// Families without rows, and what tables of single kernels on whole devices say nothing about (elementwise kernels,
    /// scaling with SMs, sharing), keep the values of `base`.
    ///
    /// The halves are disjoint in weight matrices (products) and shapes (attention); of all-reduce sizes every second is
    /// held out. Same rows, same result, bit for bit.
    public static func fit(
        rows: MeasuredRows, device: DeviceProfile, base: EfficiencyProfile, origin: String
    ) -> (profile: EfficiencyProfile, report: CalibrationReport) {
        var profile = base
        profile.id = device.id
        profile.origin = origin
        var report = CalibrationReport()

        let products = Halves(rows.gemm.filter { min($0.n, $0.k) >= GEMMFit.smallestSide }) { isFitted([$0.n, $0.k]) }
        if !products.fitted.isEmpty {
            profile.gemm = GEMMFit(rows: products.fitted, device: device).fit()
            report.add(products: products, efficiency: profile.gemm, device: device)
        }
        let decode = Halves(rows.decodeAttention.filter(AttentionFit.isDecodeUsed)) {
            AttentionFit.isGrouped($0) && isFitted($0.shape)
        }
        if !decode.fitted.isEmpty {
            profile.decodeAttention = AttentionFit.fitDecode(decode.fitted, device: device)
            report.add(decode: decode, efficiency: profile, device: device)
        }
        let prefill = Halves(rows.prefillAttention.filter(AttentionFit.isPrefillUsed)) {
            AttentionFit.isGrouped($0) && isFitted($0.shape)
        }
        if !prefill.fitted.isEmpty {
            profile.prefillAttention = AttentionFit.fitPrefill(prefill.fitted, device: device)
            report.add(prefill: prefill, efficiency: profile, device: device)
        }
        if !rows.allReduce.isEmpty {
            let (efficiency, heldOut) = fitAllReduce(rows.allReduce, device: device)
            profile.allReduce = efficiency
            report.add(
                "all-reduce", fittedRows: efficiency.groups.reduce(0) { $0 + $1.seconds.knots.count },
                heldOut: heldOut.map { row in
                    let group = efficiency.groups.first { $0.ranks == row.ranks }!
                    let predicted = efficiency.seconds(
                        bytes: Double(row.bytes), group: group, linkBytesPerSecond: efficiency.linkBytesPerSecond)
                    return .init(
                        shape: "\(row.ranks) GPUs, \(row.bytes) B", predicted: predicted, measured: row.seconds)
                })
        }
        return (profile, report)
    }

    /// The times themselves at every second size, and at the smallest and the largest.
    private static func fitAllReduce(
        _ rows: [AllReduceRow], device: DeviceProfile
    ) -> (AllReduceEfficiency, heldOut: [AllReduceRow]) {
        var (groups, heldOut): ([AllReduceEfficiency.Group], [AllReduceRow]) = ([], [])
        for ranks in Set(rows.map(\.ranks)).sorted() {
            let group = rows.filter { $0.ranks == ranks }
            let sizes = Set(group.map(\.bytes)).sorted()
            var (knots, values): ([Double], [Double]) = ([], [])
            for (index, bytes) in sizes.enumerated() {
                let repeats = group.filter { $0.bytes == bytes }.map(\.seconds)
                let seconds = repeats.reduce(0, +) / Double(repeats.count)
                if index % 2 == 0 || index == sizes.count - 1 {
                    knots.append(Double(bytes))
                    // A longer message is not taken to be faster than a shorter one.
                    values.append(max(values.last ?? 0, fourDigits(seconds)))
                } else {
                    heldOut.append(AllReduceRow(ranks: ranks, bytes: bytes, seconds: seconds))
                }
            }
            groups.append(.init(ranks: ranks, seconds: Curve(knots: knots, values: values)))
        }
        return (AllReduceEfficiency(linkBytesPerSecond: device.nvlinkBytesPerSecond, groups: groups), heldOut)
    }
}

/// Rows that a fit sees and rows that it does not.
struct Halves<Row> {
    var fitted: [Row] = []
    var heldOut: [Row] = []

    init(_ rows: [Row], isFitted: (Row) -> Bool) {
        for row in rows {
            if isFitted(row) { fitted.append(row) } else { heldOut.append(row) }
        }
    }

    func filter(_ isIncluded: (Row) -> Bool) -> Halves {
        Halves(fitted: fitted.filter(isIncluded), heldOut: heldOut.filter(isIncluded))
    }

    private init(fitted: [Row], heldOut: [Row]) {
        self.fitted = fitted
        self.heldOut = heldOut
    }
}

extension AttentionRow {
    var shape: [Int] { [batch, queryLength, past, heads, keyValueHeads, headSize] }

    fileprivate var text: String {
        "batch \(batch), query \(queryLength), past \(past), \(heads)/\(keyValueHeads) heads"
    }
}

extension CalibrationReport {
    fileprivate mutating func add(products: Halves<GEMMRow>, efficiency: GEMMEfficiency, device: DeviceProfile) {
        func add(_ name: String, _ rows: Halves<GEMMRow>) {
            self.add(
                name, fittedRows: rows.fitted.count,
                heldOut: rows.heldOut.map { row in
                    let product = MatrixProduct(outputs: row.n, inputs: row.k, efficiency: efficiency, device: device)
                    return Comparison(
                        shape: "M \(row.m), N \(row.n), K \(row.k)",
                        predicted: product.demand(rows: Double(row.m), stretch: .none).seconds, measured: row.seconds)
                })
        }
        add("gemm", products)
        add("gemm, M ≤ 64", products.filter { $0.m <= 64 })
        add("gemm, 64 < M ≤ 512", products.filter { $0.m > 64 && $0.m <= 512 })
        add("gemm, M > 512", products.filter { $0.m > 512 })
        add("gemm, weights of 16 MB and more", products.filter { $0.n * $0.k >= 1 << 23 })
    }

    fileprivate mutating func add(decode: Halves<AttentionRow>, efficiency: EfficiencyProfile, device: DeviceProfile) {
        func add(_ name: String, _ rows: Halves<AttentionRow>) {
            self.add(
                name, fittedRows: rows.fitted.count,
                heldOut: rows.heldOut.map { row in
                    let attention = AttentionOperator(
                        heads: row.heads, keyValueHeads: row.keyValueHeads, headSize: row.headSize,
                        efficiency: efficiency, device: device)
                    let demand = attention.decodeDemand(
                        sequences: Double(row.batch), context: Double(row.batch * (row.past + 1)), stretch: .none)
                    return Comparison(shape: row.text, predicted: demand.seconds, measured: row.seconds)
                })
        }
        let grouped = decode.filter(AttentionFit.isGrouped)
        add("decode attention", grouped)
        add("decode attention, context < 1024", grouped.filter { $0.past + 1 < 1024 })
        add("decode attention, context ≥ 1024", grouped.filter { $0.past + 1 >= 1024 })
        add("decode attention, multi-head", decode.filter { !AttentionFit.isGrouped($0) })
    }

    fileprivate mutating func add(prefill: Halves<AttentionRow>, efficiency: EfficiencyProfile, device: DeviceProfile) {
        func add(_ name: String, _ rows: Halves<AttentionRow>) {
            self.add(
                name, fittedRows: rows.fitted.count,
                heldOut: rows.heldOut.map { row in
                    let attention = AttentionOperator(
                        heads: row.heads, keyValueHeads: row.keyValueHeads, headSize: row.headSize,
                        efficiency: efficiency, device: device)
                    let (batch, query) = (Double(row.batch), Double(row.queryLength))
                    let demand = attention.prefillDemand(
                        tokens: batch * query, chunks: batch, pairs: batch * query * (query + 1) / 2,
                        context: batch * query, stretch: .none)
                    return Comparison(shape: row.text, predicted: demand.seconds, measured: row.seconds)
                })
        }
        let grouped = prefill.filter(AttentionFit.isGrouped)
        add("prefill attention", grouped)
        add("prefill attention, query < 1024", grouped.filter { $0.queryLength < 1024 })
        add("prefill attention, query ≥ 1024", grouped.filter { $0.queryLength >= 1024 })
        add("prefill attention, multi-head", prefill.filter { !AttentionFit.isGrouped($0) })
    }
}
