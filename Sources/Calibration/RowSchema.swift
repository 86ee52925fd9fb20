internal import CostModels
internal import Diagnostics

/// The columns of a file of measured rows, and how each row is priced.
struct RowSchema {
    private enum Kind: CaseIterable {
        case twoLanes, iteration, chunked, attention, gemm, allReduce, layerOperation

        var columns: [String] {
            switch self {
            case .gemm: ["gpu", "backend", "dtype", "m", "n", "k", "latency_us"]
            case .attention:
                [
                    "gpu", "backend", "kernel", "q_dtype", "kv_dtype", "window", "batch", "q_len", "past", "heads",
                    "kv_heads", "head_dim", "latency_us",
                ]
            case .chunked:
                [
                    "gpu", "backend", "kind", "batch", "q_len", "past", "n_decode", "kv_decode", "heads", "kv_heads",
                    "head_dim", "latency_us",
                ]
            case .allReduce: ["gpu", "op", "impl", "gpus", "bytes", "latency_us"]
            case .layerOperation: ["gpu", "source", "tp", "tokens", "op", "latency_us"]
            case .iteration: ["kind", "sms", "tokens", "batch", "context", "ms"]
            case .twoLanes: ["sms_prefill", "sms_decode", "tokens", "batch", "context", "prefill_ms", "decode_ms"]
            }
        }
    }

    private let kind: Kind
    private let columns: [Int]

    init(header: CSVRow) throws(InputError) {
        let names = (0..<header.count).map { header[$0] }
        for kind in Kind.allCases {
            let columns = kind.columns.compactMap { names.firstIndex(of: $0) }
            if columns.count == kind.columns.count {
                self.kind = kind
                self.columns = columns
                return
            }
        }
        throw InputError(
            at: SourceLocation(file: header.file, line: 1, column: 1),
            "found a header of none of the known files, expected the columns of one of them",
            help: Kind.allCases.map { $0.columns.joined(separator: ",") }.joined(separator: "\n          "))
    }

    /// Names of the columns that the output adds.
    var added: [String] {
        switch kind {
        case .twoLanes:
            [
                "predicted_prefill_ms", "prefill_provenance", "prefill_error", "predicted_decode_ms",
                "decode_provenance", "decode_error",
            ]
        case .iteration: ["predicted_ms", "provenance", "error"]
        default: ["predicted_us", "provenance", "error"]
        }
    }

    /// The added fields of one row; all empty without predictions.
    func appended(_ predictions: [RowPrediction]) -> String {
        if predictions.isEmpty { return String(repeating: ",", count: added.count - 1) }
        return predictions.map { prediction in
            let predicted = fourDigits(prediction.price.seconds / prediction.unit)
            let error = prediction.price.seconds / prediction.measured - 1
            return "\(predicted),\(prediction.price.provenance.rawValue),\((error * 1e4).rounded() / 1e4)"
        }.joined(separator: ",")
    }

    /// None for a row of another GPU, number format or operation than the tables are about.
    func predictions(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        if kind != .iteration, kind != .twoLanes, !row.matches(columns[0], predictor.gpu) { return [] }
        return switch kind {
        case .gemm: try gemm(row, predictor)
        case .attention: try attention(row, predictor)
        case .chunked: try chunked(row, predictor)
        case .allReduce: try allReduce(row, predictor)
        case .layerOperation: try layerOperation(row, predictor)
        case .iteration: try iteration(row, predictor)
        case .twoLanes: try twoLanes(row, predictor)
        }
    }

    private func kernel(
        _ row: CSVRow, _ regime: String, _ price: KernelPrice?
    ) throws(InputError) -> [RowPrediction] {
        guard let price else { return [] }
        let measured = try row.seconds(columns[columns.count - 1], unit: 1e-6)
        return [RowPrediction(regime: regime, price: price, measured: measured, unit: 1e-6)]
    }

    private func gemm(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        if !row.matches(columns[2], "bf16") { return [] }
        let m = try row.count(columns[3], "m")
        let (n, k) = (try row.count(columns[4], "n"), try row.count(columns[5], "k"))
        let sms = predictor.device.streamingMultiprocessors
        let bound = GEMMBound(device: predictor.device, reads: predictor.tables.reads, sms: sms)
        let curve = predictor.tables.product(n: n, k: k, sms: sms, state: predictor.state ?? .burst, bound: bound)
        let rows = m <= 64 ? "M ≤ 64" : m <= 512 ? "64 < M ≤ 512" : "M > 512"
        let known = predictor.tables.gemm.nearestShape(n: n, k: k).map { $0 == (n, k) } ?? false
        let isSmall = min(n, k) < GEMMFit.smallestSide
        let matrix =
            !known
            ? isSmall ? "sides below 512" : "other matrices"
            : n * k < 6_000_000 ? "weights below 12 MB" : "weights above 12 MB"
        return try kernel(row, "gemm, \(row[columns[1]]), \(matrix), \(rows)", curve?.price(at: Double(m)))
    }

    private func attention(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        let isPriced =
            row.matches(columns[3], "bf16") && row.matches(columns[4], "bf16") && row.matches(columns[5], "0")
            && row.matches(columns[11], "\(DecodeAttentionTable.headSize)")
        if !isPriced { return [] }
        let (batch, queries) = (try row.count(columns[6], "batch"), try row.count(columns[7], "q_len"))
        let past = try row.count(columns[8], "past", atLeast: 0)
        let (heads, keyValueHeads) = (try row.count(columns[9], "heads"), try row.count(columns[10], "kv_heads"))
        let isKnown =
            queries == 1 && past > 0
            ? predictor.tables.decodeAttention.lines.contains {
                ($0.heads, $0.keyValueHeads) == (heads, keyValueHeads)
            }
            : predictor.tables.prefillAttention.lines.contains {
                ($0.heads, $0.keyValueHeads) == (heads, keyValueHeads)
            }
        let name = "\(row[columns[1]]) \(row[columns[2]])\(isKnown ? "" : ", other heads")"
        if queries == 1 && past > 0 {
            let bytes = batch * (past + 1) * keyValueHeads * 512
            let size = bytes <= 50_000_000 ? "KV up to 50 MB" : "KV above 50 MB"
            let price = predictor.decodeAttention(
                heads: heads, keyValueHeads: keyValueHeads, sequences: batch, context: batch * (past + 1))
            return try kernel(row, "decode attention, \(name), \(size)", price)
        }
        let size = batch * queries >= 2048 && queries >= 1024 ? "long prompts" : "short prompts"
        let price = predictor.prefillAttention(
            heads: heads, keyValueHeads: keyValueHeads, batch: batch, queries: queries, past: past)
        return try kernel(row, "prefill attention, \(name), \(size)", price)
    }

    /// A chunk, decoding sequences, or both: the sum of what each would take.
    private func chunked(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        if !row.matches(columns[10], "\(DecodeAttentionTable.headSize)") { return [] }
        let (batch, queries) = (
            try row.count(columns[3], "batch", atLeast: 0), try row.count(columns[4], "q_len", atLeast: 0)
        )
        let past = try row.count(columns[5], "past", atLeast: 0)
        let sequences = try row.count(columns[6], "n_decode", atLeast: 0)
        let context = try row.count(columns[7], "kv_decode", atLeast: 0)
        let (heads, keyValueHeads) = (try row.count(columns[8], "heads"), try row.count(columns[9], "kv_heads"))
        var price: KernelPrice?
        if batch > 0, queries > 0 {
            price = predictor.prefillAttention(
                heads: heads, keyValueHeads: keyValueHeads, batch: batch, queries: queries, past: past)
        }
        if sequences > 0, context > 0 {
            let decode = predictor.decodeAttention(
                heads: heads, keyValueHeads: keyValueHeads, sequences: sequences, context: sequences * context)
            price = price.map { $0 + decode } ?? decode
        }
        return try kernel(row, "\(row[columns[2]]) attention, \(row[columns[1]])", price)
    }

    private func allReduce(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        if !row.matches(columns[1], "all_reduce") { return [] }
        let ranks = try row.count(columns[3], "gpus", atLeast: 2)
        let bytes = try row.count(columns[4], "bytes")
        let price = predictor.tables.allReduce.curve(ranks: ranks)?.price(at: Double(bytes))
        let size = bytes < 524_288 ? "below 512 KB" : "from 512 KB"
        return try kernel(row, "all-reduce, \(row[columns[2]]), \(size)", price)
    }

    /// Operations of a layer of the model that the predictor was made with.
    private func layerOperation(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        let tokens = try row.count(columns[3], "tokens")
        let operations = [
            "emb": "embedding", "attn_pre_proj": "qkv", "attn_post_proj": "o", "mlp_up_proj": "gate_up",
            "mlp_down_proj": "down", "mlp_act": "silu_multiply", "attn_rope": "rotary_and_cache",
        ]
        let cost = predictor.costs[predictor.state ?? .burst]!
        guard let name = operations[row[columns[4]]], row.matches(columns[2], "\(cost.tensorParallelism)") else {
            return []
        }
        let parts = cost.parts(
            of: .prefill(tokens: tokens), sms: predictor.device.streamingMultiprocessors)
        let part = parts.first { $0.name == name }.map {
            KernelPrice(seconds: $0.price.seconds / Double($0.count), provenance: $0.price.provenance)
        }
        return try kernel(row, "\(row[columns[4]]), \(row[columns[1]])", part)
    }

    /// `tokens` are those of the iteration, `context` those of each sequence: of a decode with the new one, of a prompt
    /// with the cached ones, so that `context` = tokens/batch is a whole prompt.
    private func iteration(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        let isDecode = row.matches(columns[0], "decode")
        guard isDecode || row.matches(columns[0], "prefill") else {
            throw InputError(
                at: row.location(columns[0]), "found kind \"\(row[columns[0]])\", expected prefill or decode")
        }
        let sms = try predictor.sms(row, columns[1])
        let batch = try row.count(columns[3], "batch")
        let context = try row.count(columns[4], "context", atLeast: 0)
        let shape: IterationShape
        if isDecode {
            shape = .decode(sequences: batch, contextTokens: batch * max(1, context))
        } else {
            let tokens = try row.count(columns[2], "tokens", atLeast: batch)
            shape = .prompts(batch, tokens: tokens, context: context)
        }
        let price = predictor.price(shape, sms: sms, state: predictor.state ?? .sustained)
        let measured = try row.seconds(columns[5], unit: 1e-3)
        let regime = "\(isDecode ? "decode" : "prefill") iteration, \(sms) SMs"
        return [RowPrediction(regime: regime, price: price, measured: measured, unit: 1e-3)]
    }

    private func twoLanes(_ row: CSVRow, _ predictor: RowPredictor) throws(InputError) -> [RowPrediction] {
        let (prefillSMs, decodeSMs) = (try predictor.sms(row, columns[0]), try predictor.sms(row, columns[1]))
        let tokens = try row.count(columns[2], "tokens")
        let batch = try row.count(columns[3], "batch")
        let context = try row.count(columns[4], "context")
        let total = predictor.device.streamingMultiprocessors
        let state = predictor.state ?? .sustained
        let (prefill, decode) = (
            IterationShape.prefill(tokens: tokens),
            IterationShape.decode(sequences: batch, contextTokens: batch * context)
        )
        let mechanism: CoRunSurface.Mechanism =
            predictor.mechanism
            ?? (prefillSMs == total && decodeSMs == total ? .streams : prefillSMs + decodeSMs > total ? .mps : .green)
        var (first, second) = (
            predictor.price(prefill, sms: prefillSMs, state: state),
            predictor.price(decode, sms: decodeSMs, state: state)
        )
        let slowdowns = predictor.costs[state]!.slowdowns(
            prefill: prefill, decode: decode,
            partition: SMPartition(prefill: prefillSMs, decode: decodeSMs, total: total), mechanism: mechanism)
        first.seconds *= slowdowns.factors.prefill
        second.seconds *= slowdowns.factors.decode
        let name = "\(mechanism.rawValue) (\(prefillSMs), \(decodeSMs))"
        return [
            RowPrediction(
                regime: "prefill lane, \(name)", price: first, measured: try row.seconds(columns[5], unit: 1e-3),
                unit: 1e-3),
            RowPrediction(
                regime: "decode lane, \(name)", price: second, measured: try row.seconds(columns[6], unit: 1e-3),
                unit: 1e-3),
        ]
    }
}

extension RowPredictor {
    fileprivate func sms(_ row: CSVRow, _ column: Int) throws(InputError) -> Int {
        let sms = try row.count(column, "SMs")
        if sms <= device.streamingMultiprocessors { return sms }
        throw InputError(
            at: row.location(column),
            "found \(sms) SMs, expected at most the \(device.streamingMultiprocessors) of "
                + device.id)
    }

    fileprivate func prefillAttention(
        heads: Int, keyValueHeads: Int, batch: Int, queries: Int, past: Int
    ) -> KernelPrice? {
        let kernel = tables.prefillAttention.kernel(
            heads: heads, keyValueHeads: keyValueHeads, sms: device.streamingMultiprocessors, state: state ?? .burst)
        let (batch, queries) = (Double(batch), Double(queries))
        return kernel?.price(
            tokens: batch * queries, chunks: batch, pairs: batch * queries * (Double(past) + (queries + 1) / 2))
    }

    fileprivate func decodeAttention(
        heads: Int, keyValueHeads: Int, sequences: Int, context: Int
    ) -> KernelPrice {
        let kernel = tables.decodeAttention.kernel(
            heads: heads, keyValueHeads: keyValueHeads, sms: device.streamingMultiprocessors)
        return kernel?.price(sequences: Double(sequences), context: Double(context))
            ?? KernelPrice(seconds: 0, provenance: .analytic)
    }

    /// The sum of the parts, with what most of its time rests on.
    fileprivate func price(_ shape: IterationShape, sms: Int, state: PowerState) -> KernelPrice {
        let parts = costs[state]!.parts(of: shape, sms: sms)
        let seconds = parts.reduce(0) { $0 + $1.price.seconds }
        let main = CostProvenance.allCases.max { a, b in
            func share(_ provenance: CostProvenance) -> Double {
                parts.reduce(0) { $0 + ($1.price.provenance == provenance ? $1.price.seconds : 0) }
            }
            return share(a) < share(b)
        }
        return KernelPrice(seconds: seconds, provenance: main ?? .analytic)
    }
}

extension KernelPrice {
    fileprivate static func + (a: Self, b: Self) -> Self {
        KernelPrice(
            seconds: a.seconds + b.seconds,
            provenance: a.seconds >= b.seconds ? a.provenance : b.provenance)
    }
}

extension IterationShape {
    /// `batch` prompts of `tokens` new tokens in all, each with `context` tokens when it is done.
    fileprivate static func prompts(_ batch: Int, tokens: Int, context: Int) -> Self {
        var shape = IterationShape.empty
        for index in 0..<batch {
            let own = tokens / batch + (index < tokens % batch ? 1 : 0)
            shape.addPrefill(tokens: own, cached: max(0, context - own), completes: true)
        }
        return shape
    }
}
