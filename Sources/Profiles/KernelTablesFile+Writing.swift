public import CostModels

extension KernelTables {
    /// The text of each file: the header lines, then rows in a fixed order. Same tables, same bytes.
    ///
    /// - Parameter header: lines for a file, without the `#`.
    public func texts(header: (KernelTableFile) -> [String]) -> [(file: KernelTableFile, text: String)] {
        KernelTableFile.allCases.compactMap { file in
            let rows = rows(of: file)
            if rows.isEmpty { return nil }
            let lines = header(file).map { $0.isEmpty ? "#" : "# \($0)" } + [file.columns.joined(separator: ",")] + rows
            return (file, lines.joined(separator: "\n") + "\n")
        }
    }

    private func rows(of file: KernelTableFile) -> [String] {
        func list(_ values: [Double]) -> String { values.map(shortText).joined(separator: " ") }
        func curve(_ curve: MeasuredCurve) -> String {
            list(curve.sizes) + "," + list(curve.seconds.map { $0 * 1e6 })
        }
        func range(_ range: ClosedRange<Double>, scale: Double = 1) -> String {
            list([range.lowerBound * scale, range.upperBound * scale])
        }
        return switch file {
        case .gemm:
            gemm.lines.map { "\($0.n),\($0.k),\($0.sms),\($0.state.rawValue),\(curve($0.curve))" }
        case .prefillAttention:
            prefillAttention.lines.map {
                "\($0.heads),\($0.keyValueHeads),\($0.sms),\($0.state.rawValue),\($0.past),\($0.batch),\(curve($0.curve))"
            }
        case .decodeAttention:
            decodeAttention.lines.map { "\($0.heads),\($0.keyValueHeads),\($0.sms),\($0.batch),\(curve($0.curve))" }
        case .decodeUnequal:
            decodeAttention.unequalContexts.map { "\($0.sms),\(list($0.ratios.sizes)),\(list($0.ratios.seconds))" }
        case .elementwise:
            elementwise.lines.map { "\($0.kernel.rawValue),\($0.width),\($0.sms),\(curve($0.curve))" }
        case .allReduce: allReduce.lines.map { "\($0.ranks),\(curve($0.curve))" }
        case .bandwidth:
            reads.map { zip($0.knots, $0.values).map { "\(shortText($0)),\(shortText($1))" } } ?? []
        case .coRun:
            (coRun?.partitions ?? []).map { partition in
                let fields = [
                    partition.mechanism.rawValue, "\(partition.prefillSMs)", "\(partition.decodeSMs)",
                    list(partition.prefillWeights), list(partition.decodeWeights),
                    range(partition.prefillLayerSeconds, scale: 1e6), range(partition.decodeLayerSeconds, scale: 1e6),
                    range(partition.decodeKeyValueShare),
                ]
                return fields.joined(separator: ",")
            }
        case .coRunCaps:
            (coRun?.caps).map { caps in
                let fields = [
                    "\(caps.prefillSMs.lowerBound) \(caps.prefillSMs.upperBound)",
                    "\(caps.decodeSMs.lowerBound) \(caps.decodeSMs.upperBound)", list(caps.prefillWeights),
                    list(caps.decodeWeights),
                ]
                return [fields.joined(separator: ",")]
            } ?? []
        case .throttling:
            throttling.map { throttling in
                func row(_ family: ThrottledFamily, _ n: Int, _ k: Int, _ ratios: MeasuredCurve) -> String {
                    "\(family.rawValue),\(throttling.device),\(n),\(k),\(list(ratios.sizes)),\(list(ratios.seconds))"
                }
                return throttling.products.map { row(.gemm, $0.n, $0.k, $0.ratios) }
                    + (throttling.prefillAttention.map { [row(.prefillAttention, 0, 0, $0)] } ?? [])
            } ?? []
        case .constants:
            Constant.allCases.compactMap { constant in
                let bound = prefillAttention.lines.isEmpty ? nil : prefillAttention.bound
                let value: Double? =
                    switch constant {
                    case .graphGap: graphGapSeconds > 0 ? graphGapSeconds * 1e6 : nil
                    case .gemmLaunch: gemm.lines.isEmpty ? nil : gemm.launchSeconds * 1e6
                    case .prefillLaunch: bound.map { $0.launchSeconds * 1e6 }
                    case .prefillPerKey: bound.map { $0.secondsPerKey * 1e6 }
                    case .prefillPerTile: bound.map { $0.secondsPerTile * 1e6 }
                    case .prefillImbalance: bound?.imbalance
                    }
                return value.map { "\(constant.rawValue),\(shortText($0))" }
            }
        }
    }
}

/// A number in six significant digits, the precision of the measurements.
private func shortText(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
    var (scale, shrink) = (1.0, 1.0)
    while abs(value) * scale < 1e5 { scale *= 10 }
    while abs(value) / shrink >= 1e6 { shrink *= 10 }
    let rounded = scale > 1 ? (value * scale).rounded() / scale : (value / shrink).rounded() * shrink
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
}
