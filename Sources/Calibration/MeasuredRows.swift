public import Diagnostics

/// A matrix product [m, k]·[k, n], timed.
public struct GEMMRow: Hashable, Sendable {
    public var m: Int
    public var n: Int
    public var k: Int
    public var seconds: Double

    public init(m: Int, n: Int, k: Int, seconds: Double) {
        self.m = m
        self.n = n
        self.k = k
        self.seconds = seconds
    }
}

/// Attention of `batch` equal sequences with `queryLength` new tokens on top of `past` cached ones, timed.
public struct AttentionRow: Hashable, Sendable {
    public var batch: Int
    public var queryLength: Int
    public var past: Int
    public var heads: Int
    public var keyValueHeads: Int
    public var headSize: Int
    public var seconds: Double

    public init(
        batch: Int, queryLength: Int, past: Int, heads: Int, keyValueHeads: Int, headSize: Int, seconds: Double
    ) {
        self.batch = batch
        self.queryLength = queryLength
        self.past = past
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headSize = headSize
        self.seconds = seconds
    }
}

/// An all-reduce over `ranks` GPUs, timed.
public struct AllReduceRow: Hashable, Sendable {
    public var ranks: Int
    public var bytes: Int
    public var seconds: Double

    public init(ranks: Int, bytes: Int, seconds: Double) {
        self.ranks = ranks
        self.bytes = bytes
        self.seconds = seconds
    }
}

/// Which rows of tables with many GPUs and libraries a profile is fitted to: bf16, one implementation per family.
public struct RowSelection: Hashable, Sendable {
    /// Whose rows they are, for the profile file.
    public var source: String
    public var gpu: String
    public var gemmBackend: String
    public var attentionBackend: String
    public var attentionKernel: String
    public var allReduceImplementation: String
    public var allReduceVersion: String

    public init(
        source: String, gpu: String, gemmBackend: String, attentionBackend: String, attentionKernel: String,
        allReduceImplementation: String, allReduceVersion: String
    ) {
        self.source = source
        self.gpu = gpu
        self.gemmBackend = gemmBackend
        self.attentionBackend = attentionBackend
        self.attentionKernel = attentionKernel
        self.allReduceImplementation = allReduceImplementation
        self.allReduceVersion = allReduceVersion
    }

    /// The reference for a GPU of the AIConfigurator tables: cold weights where there is a choice (TensorRT-LLM), the
    /// attention and the graph-captured all-reduce of vLLM.
    public static func reference(gpu: String) -> RowSelection? {
        let source = "GitHub ai-dynamo/aiconfigurator, commit 095f58a, Apache-2.0"
        return switch gpu {
        case "h200", "h100":
            RowSelection(
                source: source, gpu: gpu, gemmBackend: "trtllm-1.3.0rc20", attentionBackend: "vllm-0.24.0",
                attentionKernel: "fa3", allReduceImplementation: "vllm_custom_graph",
                allReduceVersion: "vllm-0.24.0")
        case "a100":
            RowSelection(
                source: source, gpu: gpu, gemmBackend: "vllm-0.14.0", attentionBackend: "vllm-0.14.0",
                attentionKernel: "vllm_flash_attn", allReduceImplementation: "vllm_custom_graph",
                allReduceVersion: "vllm-0.14.0")
        default: nil
        }
    }
}

/// The rows of one selection out of any number of measurement files.
public struct MeasuredRows: Hashable, Sendable {
    public var gemm: [GEMMRow] = []
    public var prefillAttention: [AttentionRow] = []
    public var decodeAttention: [AttentionRow] = []
    public var allReduce: [AllReduceRow] = []

    public init() {}

    /// Reads a CSV file, recognised by its header: `gemm` (m, n, k), `attention` (q_len, past) or `allreduce` (op, impl).
    /// Rows outside the selection are passed over; among the others up to twenty errors are reported at once.
    public mutating func add(csv path: String, selecting selection: RowSelection) throws(InputError) {
        var collector = DiagnosticCollector()
        var schema: Schema?
        do throws(InputError) {
            try forEachRow(ofCSV: path) { (row) throws(InputError) in
                guard let known = schema else {
                    schema = try Schema(header: row)
                    return
                }
                do throws(InputError) {
                    try add(row, known, selection)
                } catch {
                    collector.absorb(error)
                    if collector.isFull { throw error }
                }
            }
        } catch {
            if collector.errors.isEmpty { throw error }
        }
        try collector.throwIfAny()
    }

    private mutating func add(_ row: CSVRow, _ schema: Schema, _ selection: RowSelection) throws(InputError) {
        let columns = schema.columns
        if !row.matches(columns[0], selection.gpu) { return }
        switch schema.kind {
        case .gemm:
            if !row.matches(columns[1], selection.gemmBackend) || !row.matches(columns[2], "bf16") { return }
            gemm.append(
                GEMMRow(
                    m: try row.count(columns[3], "m"), n: try row.count(columns[4], "n"),
                    k: try row.count(columns[5], "k"), seconds: try row.seconds(columns[6])))
        case .attention:
            let selected =
                row.matches(columns[1], selection.attentionBackend)
                && row.matches(columns[2], selection.attentionKernel)
                && row.matches(columns[3], "bf16") && row.matches(columns[4], "bf16") && row.matches(columns[5], "0")
            if !selected { return }
            let attention = AttentionRow(
                batch: try row.count(columns[6], "batch"), queryLength: try row.count(columns[7], "q_len"),
                past: try row.count(columns[8], "past", atLeast: 0), heads: try row.count(columns[9], "heads"),
                keyValueHeads: try row.count(columns[10], "kv_heads"),
                headSize: try row.count(columns[11], "head_dim"), seconds: try row.seconds(columns[12]))
            if attention.queryLength == 1 && attention.past > 0 {
                decodeAttention.append(attention)
            } else {
                prefillAttention.append(attention)
            }
        case .allReduce:
            let selected =
                row.matches(columns[1], "all_reduce") && row.matches(columns[2], selection.allReduceImplementation)
                && row.matches(columns[3], selection.allReduceVersion)
            if !selected { return }
            allReduce.append(
                AllReduceRow(
                    ranks: try row.count(columns[4], "gpus", atLeast: 2), bytes: try row.count(columns[5], "bytes"),
                    seconds: try row.seconds(columns[6])))
        }
    }
}

/// The columns of a measurement file, found by name.
private struct Schema {
    enum Kind { case gemm, attention, allReduce }

    let kind: Kind
    let columns: [Int]

    init(header: CSVRow) throws(InputError) {
        let names = (0..<header.count).map { header[$0] }
        let wanted: [String]
        if names.contains("m") && names.contains("n") && names.contains("k") {
            kind = .gemm
            wanted = ["gpu", "backend", "dtype", "m", "n", "k", "latency_us"]
        } else if names.contains("q_len") && names.contains("past") && names.contains("q_dtype") {
            kind = .attention
            wanted = [
                "gpu", "backend", "kernel", "q_dtype", "kv_dtype", "window", "batch", "q_len", "past", "heads",
                "kv_heads", "head_dim", "latency_us",
            ]
        } else if names.contains("op") && names.contains("impl") {
            kind = .allReduce
            wanted = ["gpu", "op", "impl", "version", "gpus", "bytes", "latency_us"]
        } else {
            throw InputError(
                at: SourceLocation(file: header.file, line: 1, column: 1), "not a known table of measurements",
                help:
                    "expected a header with m, n, k (products), q_len, past, q_dtype (attention) or op, impl (all-reduce)"
            )
        }
        var columns: [Int] = []
        for name in wanted {
            guard let column = names.firstIndex(of: name) else {
                throw InputError(
                    at: SourceLocation(file: header.file, line: 1, column: 1), "column \"\(name)\" is missing")
            }
            columns.append(column)
        }
        self.columns = columns
    }
}
