import CostModels
import EventKernel
import Foundation
import Profiles
import Simulator
import Testing
import Workloads

/// A served run of vLLM 0.19 on an RTX PRO 6000 with Llama-3.1-8B, 300 requests of 10 per second, and that machine's own
/// kernel times (LLMServingSim, commit 5daddb2; see the README of the folder).
enum MeasuredRun {
    static let absence: Comment = "the folder of measured data is not beside the repository: the replay is skipped"

    /// Where the data is: named by the environment, or beside the package, or beside its parent.
    static let folder: String? = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let named = ProcessInfo.processInfo.environment["PHASEWISE_SHARED"].map { [$0] } ?? []
        return (named + [package + "/../shared", package + "/../../shared"])
            .map { $0 + "/measured" }
            .first { FileManager.default.fileExists(atPath: $0 + "/requests_vllm.csv") }
    }()

    /// One request as the engine's log has it; times in seconds.
    struct Served {
        var arrival: Double
        var promptTokens: Int
        var outputTokens: Int
        var queue: Double
        var timeToFirstToken: Double
        var timePerOutputToken: Double
        var endToEnd: Double
    }

    static func rows(_ name: String) throws -> [[String: String]] {
        let lines = try String(contentsOfFile: try #require(folder) + "/" + name, encoding: .utf8)
            .split(whereSeparator: \.isNewline).map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let header = lines[0].map(String.init)
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0.map(String.init))) }
    }

    static func served() throws -> [Served] {
        try rows("requests_vllm.csv").map { row in
            func milliseconds(_ name: String) throws -> Double { try number(row, name) / 1e3 }
            return Served(
                arrival: try number(row, "arrival_s"), promptTokens: Int(try number(row, "input_tokens")),
                outputTokens: Int(try number(row, "output_tokens")), queue: try milliseconds("queue_ms"),
                timeToFirstToken: try milliseconds("ttft_ms"), timePerOutputToken: try milliseconds("tpot_ms"),
                endToEnd: try milliseconds("e2e_ms"))
        }
    }

    /// Kernel times of that machine alone, and the host cost of `runtime`.
    static func costModel(runtime: RuntimeProfile) throws -> MeasuredBatchCostModel {
        let layers = 32.0
        var operations: [String: [(count: Int, seconds: Double)]] = [:]
        for row in try rows("layer_ops.csv")
        where row["gpu"] == "rtx_pro_6000" && row["model"] == "meta-llama/Llama-3.1-8B" && row["tp"] == "1" {
            operations[try #require(row["op"]), default: []].append(
                (Int(try number(row, "tokens")), try number(row, "latency_us") * 1e-6))
        }
        func sum(_ terms: [(name: String, times: Double)]) throws -> MeasuredGrid {
            let first = try #require(operations[terms[0].name]).sorted { $0.count < $1.count }.map(\.count)
            let seconds = try first.map { count in
                try terms.reduce(0) { total, term in
                    let row = try #require(operations[term.name]?.first { $0.count == count })
                    return total + term.times * row.seconds
                }
            }
            return MeasuredGrid(first, seconds: seconds)
        }
        return MeasuredBatchCostModel(
            tokens: try sum([
                ("qkv_proj", layers), ("rotary_emb", layers), ("o_proj", layers), ("gate_up_proj", layers),
                ("act_fn", layers), ("down_proj", layers), ("layernorm", 2 * layers), ("embedding", 1),
                ("final_layernorm", 1),
            ]),
            outputs: try sum([("lm_head (per sequence)", 1), ("sampler (per sequence)", 1)]),
            attention: try attention(layers: layers), runtime: runtime)
    }

    /// The rows lie on two grids; the one of powers of two reaches down to small chunks and contexts.
    private static func attention(layers: Double) throws -> MeasuredBatchCostModel.Attention {
        var seconds: [[Int]: Double] = [:]
        for row in try rows("rtx_pro_6000_llama31_8b_tp1_attention.csv") {
            let point = try ["prefill_chunk", "kv_prefill", "n_decode", "kv_decode"].map { Int(try number(row, $0)) }
            seconds[point] = layers * (try number(row, "time_us")) * 1e-6
        }
        let powers = (4...14).map { 1 << $0 }
        let contexts = Set(seconds.keys.filter { $0[0] == 0 }.map { $0[3] }).sorted()
        func grid(_ axes: [[Int]]) throws -> MeasuredGrid {
            var values: [Double] = []
            for a in axes[0] {
                for b in axes[1] {
                    for c in axes[2] { for d in axes[3] { values.append(try #require(seconds[[a, b, c, d]])) } }
                }
            }
            return MeasuredGrid(axes: axes, seconds: values)
        }
        let chunks = powers.filter { $0 <= 2_048 }
        return MeasuredBatchCostModel.Attention(
            decode: try grid([[0], [0], (0...8).map { 1 << $0 }, contexts]),
            prefill: try grid([chunks, [0] + powers, [0], [0]]),
            mixed: try grid([chunks, [0] + powers, (0...7).map { 1 << $0 }, powers]))
    }

    private static func number(_ row: [String: String], _ name: String) throws -> Double {
        try #require(row[name].flatMap(Double.init))
    }
}
