internal import CostModels

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension KernelMeasurements {
    /// The tables of these lines. Points measured more than once are the median of their times.
    ///
    /// - Parameters:
    ///   - bound: of prefill attention, fitted to the same lines.
    ///   - gemmLaunchSeconds: of products, fitted to the same lines.
    ///   - graphGapSeconds: between kernels, fitted to whole iterations.
    func tables(
        device: String, bound: PrefillAttentionBound, gemmLaunchSeconds: Double, graphGapSeconds: Double,
        coRun: CoRunSurface?
    ) -> KernelTables {
        KernelTables(
            device: device, gemm: GEMMTable(lines: gemmTable.lines, launchSeconds: gemmLaunchSeconds),
            prefillAttention: prefillTable(bound: bound), decodeAttention: decodeTable, elementwise: elementwiseTable,
            allReduce: AllReduceTable(
                lines: curves(allReduce, line: { $0.ranks }, size: { $0.bytes }, seconds: \.seconds).map {
                    AllReduceTable.Line(ranks: $0.first.ranks, curve: $0.curve)
                }),
            reads: readBandwidth, graphGapSeconds: graphGapSeconds, coRun: coRun)
    }

    var gemmTable: GEMMTable {
        GEMMTable(
            lines: curves(gemm, line: { [$0.n, $0.k, $0.sms, $0.state.order] }, size: { $0.m }, seconds: \.seconds).map
            {
                GEMMTable.Line(
                    n: $0.first.n, k: $0.first.k, sms: $0.first.sms, state: $0.first.state, curve: $0.curve)
            })
    }

    func prefillTable(bound: PrefillAttentionBound) -> PrefillAttentionTable {
        let lines = curves(
            prefill, line: { [$0.heads, $0.keyValueHeads, $0.sms, $0.state.order, $0.past, $0.batch] },
            size: { $0.queries }, seconds: \.seconds)
        return PrefillAttentionTable(
            bound: bound,
            lines: lines.map {
                PrefillAttentionTable.Line(
                    heads: $0.first.heads, keyValueHeads: $0.first.keyValueHeads, sms: $0.first.sms,
                    state: $0.first.state, past: $0.first.past, batch: $0.first.batch, curve: $0.curve)
            })
    }

    var decodeTable: DecodeAttentionTable {
        let lines = curves(
            decode, line: { [$0.heads, $0.keyValueHeads, $0.sms, $0.batch] }, size: { $0.context },
            seconds: \.seconds)
        let table = DecodeAttentionTable(
            lines: lines.map {
                DecodeAttentionTable.Line(
                    heads: $0.first.heads, keyValueHeads: $0.first.keyValueHeads, sms: $0.first.sms,
                    batch: $0.first.batch, curve: $0.curve)
            })
        return DecodeAttentionTable(lines: table.lines, unequalContexts: unequalContexts(over: table))
    }

    /// Over the prices of equal contexts.
    private func unequalContexts(over table: DecodeAttentionTable) -> [DecodeAttentionTable.UnequalContexts] {
        func ratio(_ row: UnequalDecode) -> Double? {
            table.kernel(heads: row.heads, keyValueHeads: row.keyValueHeads, sms: row.sms).map {
                row.seconds / $0.price(sequences: Double(row.batch), context: Double(row.context)).seconds
            }
        }
        return Set(unequalDecode.map(\.sms)).sorted().map { sms in
            let rows = unequalDecode.filter { $0.sms == sms }
            let batches = Set(rows.map(\.batch)).sorted()
            let means = batches.map { batch in
                let logs = rows.filter { $0.batch == batch }.compactMap(ratio).map { log($0) }
                return max(1, exp(logs.reduce(0, +) / Double(max(1, logs.count))))
            }
            return DecodeAttentionTable.UnequalContexts(
                sms: sms, ratios: MeasuredCurve(sizes: batches.map(Double.init), seconds: means.map(fourDigits)))
        }
    }

    var elementwiseTable: ElementwiseTable {
        let kernels = ElementwiseTable.Kernel.allCases
        let lines = curves(
            elementwise, line: { [kernels.firstIndex(of: $0.kernel)!, $0.width, $0.sms] }, size: { $0.tokens },
            seconds: \.seconds)
        return ElementwiseTable(
            lines: lines.map {
                ElementwiseTable.Line(
                    kernel: $0.first.kernel, width: $0.first.width, sms: $0.first.sms, curve: $0.curve)
            })
    }

    /// Bytes per second of the largest read at each SM count; `nil` without reads.
    var readBandwidth: Curve? {
        if reads.isEmpty { return nil }
        let counts = Set(reads.map(\.sms)).sorted()
        let rates = counts.map { sms in
            let largest = reads.filter { $0.sms == sms }.max { $0.bytes < $1.bytes }!
            return Double(largest.bytes) / largest.seconds
        }
        return Curve(knots: counts.map(Double.init), values: rates)
    }
}

extension PowerState {
    fileprivate var order: Int { self == .burst ? 0 : 1 }
}

/// Points of one line of a table.
struct GroupedPoints<Row> {
    let first: Row
    let curve: MeasuredCurve
}

/// Groups rows by line, in ascending order of what names the line, each with its points by size.
func curves<Row, Key: GroupKey>(
    _ rows: [Row], line: (Row) -> Key, size: (Row) -> Int, seconds: (Row) -> Double
) -> [GroupedPoints<Row>] {
    let order = rows.indices.sorted { a, b in
        let (x, y) = (line(rows[a]).numbers, line(rows[b]).numbers)
        if x != y { return x.lexicographicallyPrecedes(y) }
        let (m, n) = (size(rows[a]), size(rows[b]))
        return m != n ? m < n : a < b
    }
    var groups: [GroupedPoints<Row>] = []
    var start = 0
    while start < order.count {
        let key = line(rows[order[start]]).numbers
        var (sizes, times): ([Double], [Double]) = ([], [])
        var end = start
        while end < order.count, line(rows[order[end]]).numbers == key {
            var repeats: [Double] = []
            let point = size(rows[order[end]])
            while end < order.count, line(rows[order[end]]).numbers == key, size(rows[order[end]]) == point {
                repeats.append(seconds(rows[order[end]]))
                end += 1
            }
            sizes.append(Double(point))
            times.append(median(repeats))
        }
        groups.append(
            GroupedPoints(first: rows[order[start]], curve: MeasuredCurve(sizes: sizes, seconds: times)))
        start = end
    }
    return groups
}

/// What names a line of a table.
protocol GroupKey {
    var numbers: [Int] { get }
}

extension Int: GroupKey {
    var numbers: [Int] { [self] }
}

extension Array: GroupKey where Element == Int {
    var numbers: [Int] { self }
}

/// The middle value, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
