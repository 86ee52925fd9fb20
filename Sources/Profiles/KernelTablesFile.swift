public import CostModels
public import Diagnostics
internal import Foundation

/// The files of a kernel folder: one table for each family, and constants.
public enum KernelTableFile: String, CaseIterable, Sendable {
    case gemm
    case prefillAttention = "prefill_attention"
    case decodeAttention = "decode_attention"
    case decodeUnequal = "decode_unequal"
    case elementwise
    case allReduce = "allreduce"
    case bandwidth
    case coRun = "corun"
    case coRunCaps = "corun_caps"
    case throttling
    case constants

    public var name: String { rawValue + ".csv" }

    var columns: [String] {
        switch self {
        case .gemm: ["n", "k", "sms", "state", "m", "us"]
        case .prefillAttention: ["heads", "kv_heads", "sms", "state", "past", "batch", "queries", "us"]
        case .decodeAttention: ["heads", "kv_heads", "sms", "batch", "context", "us"]
        case .decodeUnequal: ["sms", "batch", "ratio"]
        case .elementwise: ["kernel", "width", "sms", "tokens", "us"]
        case .allReduce: ["gpus", "bytes", "us"]
        case .bandwidth: ["sms", "bytes_per_second"]
        case .coRun:
            [
                "mechanism", "sms_prefill", "sms_decode", "prefill_weights", "decode_weights", "prefill_layer_us",
                "decode_layer_us", "kv_share",
            ]
        case .coRunCaps: ["sms_prefill", "sms_decode", "prefill_weights", "decode_weights"]
        case .throttling: ["family", "device", "n", "k", "size", "ratio"]
        case .constants: ["name", "value"]
        }
    }
}

extension KernelTables {
    /// The numbers of `constants.csv`; those of a table without rows are not there, nor a gap that was not measured.
    enum Constant: String, CaseIterable {
        case graphGap = "graph_gap_us"
        case gemmLaunch = "gemm_launch_us"
        case prefillLaunch = "prefill_attention_launch_us"
        case prefillPerKey = "prefill_attention_us_per_key_of_a_tile"
        case prefillPerTile = "prefill_attention_us_per_tile"
        case prefillImbalance = "prefill_attention_imbalance"
    }

    /// The families of `throttling.csv`; attention has no matrix, so that its N and K are 0.
    enum ThrottledFamily: String, CaseIterable {
        case gemm
        case prefillAttention = "prefill_attention"
    }

    /// Reads the folder of a device. The constants must be there; what else is missing was not measured.
    public static func read(folder: String, device: String) throws(InputError) -> KernelTables {
        var texts: [(KernelTableFile, String)] = []
        for file in KernelTableFile.allCases {
            let path = "\(folder)/\(file.name)"
            if file != .constants && !FileManager.default.fileExists(atPath: path) { continue }
            texts.append((file, try InputText.read(path)))
        }
        return try KernelTables(device: device, folder: folder, texts: texts)
    }

    /// - Parameters:
    ///   - folder: for locations.
    ///   - texts: of the files that there are.
    public init(
        device: String, folder: String, texts: [(file: KernelTableFile, text: String)]
    ) throws(InputError) {
        var collector = DiagnosticCollector()
        func rows<Row>(
            _ file: KernelTableFile, _ parse: (KernelTableText.Row) throws(InputError) -> Row
        ) -> [Row] {
            guard let text = texts.first(where: { $0.file == file })?.text else { return [] }
            var parsed: [Row] = []
            do throws(InputError) {
                let table = try KernelTableText(text, file: "\(folder)/\(file.name)", columns: file.columns)
                for row in table.rows {
                    if collector.isFull { break }
                    do throws(InputError) { parsed.append(try parse(row)) } catch { collector.absorb(error) }
                }
            } catch {
                collector.absorb(error)
            }
            return parsed
        }
        func curve(_ row: KernelTableText.Row, _ sizes: Int, _ times: Int) throws(InputError) -> MeasuredCurve {
            let (x, y) = try row.curve(sizes, times)
            return MeasuredCurve(sizes: x, seconds: y)
        }
        let gemm = rows(.gemm) { (row) throws(InputError) in
            GEMMTable.Line(
                n: try row.count(0), k: try row.count(1), sms: try row.count(2),
                state: try row.value(3, as: PowerState.self), curve: try curve(row, 4, 5))
        }
        let prefill = rows(.prefillAttention) { (row) throws(InputError) in
            PrefillAttentionTable.Line(
                heads: try row.count(0), keyValueHeads: try row.count(1), sms: try row.count(2),
                state: try row.value(3, as: PowerState.self), past: try row.count(4, atLeast: 0),
                batch: try row.count(5), curve: try curve(row, 6, 7))
        }
        let decode = rows(.decodeAttention) { (row) throws(InputError) in
            DecodeAttentionTable.Line(
                heads: try row.count(0), keyValueHeads: try row.count(1), sms: try row.count(2),
                batch: try row.count(3), curve: try curve(row, 4, 5))
        }
        let unequal = rows(.decodeUnequal) { (row) throws(InputError) in
            DecodeAttentionTable.UnequalContexts(sms: try row.count(0), ratios: try row.ratios(1, 2))
        }
        let elementwise = rows(.elementwise) { (row) throws(InputError) in
            ElementwiseTable.Line(
                kernel: try row.value(0, as: ElementwiseTable.Kernel.self), width: try row.count(1),
                sms: try row.count(2), curve: try curve(row, 3, 4))
        }
        let allReduce = rows(.allReduce) { (row) throws(InputError) in
            AllReduceTable.Line(ranks: try row.count(0, atLeast: 2), curve: try curve(row, 1, 2))
        }
        let reads = rows(.bandwidth) { (row) throws(InputError) in (try row.count(0), try row.number(1)) }
        let ratios = rows(.throttling) { (row) throws(InputError) in
            (
                family: try row.value(0, as: ThrottledFamily.self), device: row.text(1),
                n: try row.count(2, atLeast: 0),
                k: try row.count(3, atLeast: 0), curve: try row.ratios(4, 5)
            )
        }
        let throttling = ratios.first.map { first in
            InferredThrottling(
                device: first.device,
                products: ratios.filter { $0.family == .gemm }.map {
                    InferredThrottling.Line(n: $0.n, k: $0.k, ratios: $0.curve)
                },
                prefillAttention: ratios.first { $0.family == .prefillAttention }?.curve)
        }
        let partitions = rows(.coRun) { (row) throws(InputError) in try CoRunSurface.Partition(row) }
        let caps = rows(.coRunCaps) { (row) throws(InputError) in try CoRunSurface.Caps(row) }
        let constants = rows(.constants) { (row) throws(InputError) in
            (constant: try row.value(0, as: Constant.self), value: try row.number(1))
        }
        // Of several alike the last.
        func value(_ constant: Constant) -> Double? { constants.last { $0.constant == constant }?.value }
        try collector.throwIfAny()
        var needed: [Constant] = gemm.isEmpty ? [] : [.gemmLaunch]
        if !prefill.isEmpty { needed += [.prefillLaunch, .prefillPerKey, .prefillPerTile, .prefillImbalance] }
        for constant in needed where value(constant) == nil {
            throw InputError(
                at: SourceLocation(file: "\(folder)/\(KernelTableFile.constants.name)", line: 1, column: 1),
                "found no \(constant.rawValue), expected it beside the table that needs it")
        }
        guard zip(reads, reads.dropFirst()).allSatisfy({ $0.0 < $1.0 }) else {
            throw InputError(
                at: SourceLocation(file: "\(folder)/\(KernelTableFile.bandwidth.name)", line: 1, column: 1),
                "found SM counts out of order, expected them to ascend")
        }
        func seconds(_ constant: Constant) -> Double { (value(constant) ?? 0) / 1e6 }
        self.init(
            device: device, gemm: GEMMTable(lines: gemm, launchSeconds: seconds(.gemmLaunch)),
            prefillAttention: PrefillAttentionTable(
                bound: PrefillAttentionBound(
                    launchSeconds: seconds(.prefillLaunch), secondsPerKey: seconds(.prefillPerKey),
                    secondsPerTile: seconds(.prefillPerTile), imbalance: value(.prefillImbalance) ?? 0),
                lines: prefill),
            decodeAttention: DecodeAttentionTable(lines: decode, unequalContexts: unequal),
            elementwise: ElementwiseTable(lines: elementwise),
            allReduce: AllReduceTable(lines: allReduce),
            reads: reads.isEmpty ? nil : Curve(knots: reads.map { Double($0.0) }, values: reads.map(\.1)),
            graphGapSeconds: seconds(.graphGap),
            coRun: partitions.isEmpty ? nil : CoRunSurface(partitions: partitions, caps: caps.first),
            throttling: throttling)
    }
}

extension KernelTableText.Row {
    /// Ascending sizes and as many ratios of at least one.
    fileprivate func ratios(_ sizes: Int, _ ratios: Int) throws(InputError) -> MeasuredCurve {
        let (x, microseconds) = try curve(sizes, ratios)
        let values = microseconds.map { $0 * 1e6 }
        guard values.allSatisfy({ $0 >= 1 - 1e-9 }) else {
            throw InputError(at: location(ratios), "found a ratio below 1, expected sustained over burst times")
        }
        return MeasuredCurve(sizes: x, seconds: values)
    }
}

extension CoRunSurface.Partition {
    fileprivate init(_ row: KernelTableText.Row) throws(InputError) {
        let count = CoRunSurface.Features.count
        self.init(
            mechanism: try row.value(0, as: CoRunSurface.Mechanism.self), prefillSMs: try row.count(1),
            decodeSMs: try row.count(2), prefillWeights: try row.weights(3, count: count),
            decodeWeights: try row.weights(4, count: count), prefillLayerSeconds: try row.range(5, scale: 1e-6),
            decodeLayerSeconds: try row.range(6, scale: 1e-6), decodeKeyValueShare: try row.range(7))
    }
}

extension CoRunSurface.Caps {
    fileprivate init(_ row: KernelTableText.Row) throws(InputError) {
        let count = Self.termCount * CoRunSurface.Features.count
        func sms(_ field: Int) throws(InputError) -> ClosedRange<Int> {
            let range = try row.range(field)
            return Int(range.lowerBound)...Int(range.upperBound)
        }
        self.init(
            prefillSMs: try sms(0), decodeSMs: try sms(1), prefillWeights: try row.weights(2, count: count),
            decodeWeights: try row.weights(3, count: count))
    }
}

extension KernelTableText.Row {
    fileprivate func weights(_ field: Int, count: Int) throws(InputError) -> [Double] {
        let values = try numbers(field)
        guard values.count == count else {
            throw InputError(at: location(field), "found \(values.count) weights, expected \(count)")
        }
        return values
    }

    fileprivate func range(_ field: Int, scale: Double = 1) throws(InputError) -> ClosedRange<Double> {
        let values = try numbers(field)
        guard values.count == 2, values[0] <= values[1], values[0] >= 0, values[1] < 1e15 else {
            throw InputError(
                at: location(field), "found \"\(text(field))\", expected the least and the greatest value")
        }
        return values[0] * scale...values[1] * scale
    }
}
