internal import ArgumentParser
internal import Calibration
internal import CostModels
internal import Foundation
internal import Profiles

struct PredictRows: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Adds predicted latency, provenance and signed error to every row of measured files.",
        discussion: """
            Knows the columns of products (gpu, backend, dtype, m, n, k, latency_us), attention (… batch, q_len, past, \
            heads, kv_heads, head_dim, window, latency_us), chunked attention, all-reduce and operations of a layer, and of \
            whole iterations: kind,sms,tokens,batch,context,ms with kind prefill or decode (tokens of the iteration, \
            context of each sequence, for a prompt with its cached tokens), and kind,sms_prefill,sms_decode,tokens,batch,\
            context,prefill_ms,decode_ms for two lanes side by side, where equal full counts mean unpartitioned.

            The rows go to standard output, median, P90 and worst error by regime to standard error.

            Example:
              phasewise profile predict rows.csv --device h200-sxm > predicted.csv
            """)

    @Argument(help: "Files of measured rows, CSV.") var rows: [String]
    @Option(help: "Device with kernel tables.") var device: String
    @Option(help: "Model of iterations and operations of a layer.") var model = "llama-3-8b"
    @Option(help: "GPUs of a tensor-parallel group, for operations of a layer.") var tp = 1
    @Option(help: "The GPU whose rows to predict, as the files name it. Default: the device id up to its first dash.")
    var gpu: String?
    @Option(help: "burst or sustained. Default: burst for single kernels, sustained for iterations.")
    var state: PowerState?
    @Option(help: "How two lanes share the GPU: green, streams or mps. Default: by whether their SMs overlap.")
    var mechanism: CoRunSurface.Mechanism?
    @Flag(help: "Only the errors by regime, on standard output.") var summary = false
    @Option(help: "Folder of profiles, before the default ones.") var profiles: String?

    func run() throws {
        let workspace = try Workspace(profiles: profiles)
        let profile = try workspace.catalog.device(device).value
        var predictor = try RowPredictor(
            tables: try workspace.requiredTables(of: profile), device: profile,
            gpu: gpu ?? String(profile.id.prefix { $0 != "-" }), model: try workspace.catalog.model(model).value,
            efficiency: try workspace.efficiency(of: profile), tensorParallelism: tp, state: state,
            mechanism: mechanism)
        for path in rows {
            var lines: [String] = []
            try predictor.predict(csv: path) { if !summary { lines.append($0) } }
            if !lines.isEmpty { try Terminal.write(lines.joined(separator: "\n") + "\n") }
        }
        var report = predictor.report.entries.map(Self.line)
        if predictor.unpriced > 0 {
            report.append("\(predictor.unpriced) rows of another GPU, number format or operation, without a prediction")
        }
        for line in report {
            if summary { try Terminal.say(line) } else { Terminal.complain(line) }
        }
    }

    private static func line(_ entry: CalibrationReport.Entry) -> String {
        "\(entry.name): \(entry.heldOutRows) rows, median \(percent(entry.medianError)), P90 \(percent(entry.p90Error)), "
            + "worst \(percent(entry.worstError)) at \(entry.worstShape), bias \(percent(entry.bias))"
    }

    private static func percent(_ fraction: Double) -> String { "\((fraction * 1000).rounded() / 10) %" }
}
