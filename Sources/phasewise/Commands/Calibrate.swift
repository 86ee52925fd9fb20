internal import ArgumentParser
internal import Calibration
internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Profiles

struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Makes the kernel tables or the efficiency profile of a device from measured kernels.",
        discussion: """
            From the JSON lines of `microbenchmarks`, plain or gzip: prints by family how far the tables are off on points \
            held out of them, and writes Profiles/kernels/DEVICE/ if every family keeps its bound.

            From tables of measured kernels with --import (gemm.csv, attention_prefill.csv, attention_decode.csv, \
            allreduce.csv): fits an efficiency profile to one half of the shapes, prints the error on the other, and \
            writes the profile. With --tables it makes kernel tables instead, of the families that \
            keep their bounds.

            Examples:
              phasewise calibrate lines.jsonl --device h200-sxm
              phasewise calibrate --import measured/ --gpu h200 --device h200-sxm \
            --output Profiles/efficiency/h200-sxm.yaml --date 2026-11-21
              phasewise calibrate --import measured/ --gpu h100 --device h100-sxm --tables --throttling-of h200-sxm
            """)

    @Argument(help: "Files of lines that microbenchmarks wrote.") var lines: [String] = []
    @Option(name: .customLong("import"), help: "Folder of measured tables, instead of lines.") var folder: String?
    @Flag(name: .customLong("tables"), help: "With --import: make kernel tables instead of an efficiency profile.")
    var makesTables = false
    @Option(
        name: .customLong("throttling-of"),
        help:
            "With --tables: a device with the same chip and power limit, whose measured ratios of sustained to burst times are taken over."
    )
    var throttlingDevice: String?
    @Option(help: "With --import: the GPU whose rows to take, as the tables name it.") var gpu: String?
    @Option(help: "The device profile that the measurements are about.") var device: String
    @Option(
        help:
            "Folder of kernel tables, instead of Profiles/kernels/DEVICE. With --import: efficiency profile to write; without it only the errors are printed."
    )
    var output: String?
    @Option(help: "With --import: day to write into the profile, as YYYY-MM-DD.") var date: String?
    @Option(help: "Folder of profiles, before the default ones.") var profiles: String?

    private static let files = ["gemm.csv", "attention_prefill.csv", "attention_decode.csv", "allreduce.csv"]

    func validate() throws {
        if lines.isEmpty == (folder == nil) { throw ValidationError("name either files of lines or --import FOLDER") }
        if folder != nil && gpu == nil { throw ValidationError("--import needs --gpu") }
        if makesTables && folder == nil { throw ValidationError("--tables needs --import") }
        if throttlingDevice != nil && !makesTables { throw ValidationError("--throttling-of needs --tables") }
    }

    func run() throws {
        guard let folder, let gpu else { return try calibrateTables() }
        let workspace = try Workspace(profiles: profiles)
        guard let selection = RowSelection.reference(gpu: gpu) else {
            throw InputError(
                at: SourceLocation(file: "--gpu", line: 1, column: 1),
                "found \(gpu), expected h200, h100 or a100")
        }
        var rows = MeasuredRows()
        let found = Self.files.map { "\(folder)/\($0)" }.filter { FileManager.default.fileExists(atPath: $0) }
        for path in found { try rows.add(csv: path, selecting: selection) }
        guard !found.isEmpty else {
            throw InputError(
                at: SourceLocation(file: "--import", line: 1, column: 1),
                "found none of \(Self.files.joined(separator: ", ")) in \"\(folder)\", expected at least one")
        }
        if makesTables { return try importTables(rows, selection, from: found, in: workspace) }
        try fitEfficiency(rows, selection, gpu: gpu, in: workspace)
    }

    private func fitEfficiency(
        _ rows: MeasuredRows, _ selection: RowSelection, gpu: String, in workspace: Workspace
    ) throws {
        let device = try workspace.catalog.device(device).value
        let base = try workspace.efficiency(id: "default")
        let origin =
            "fitted to measured kernels of a\("aefhilmnorsx".contains(gpu.prefix(1)) ? "n" : "") \(gpu.uppercased())"
        let (profile, report) = EfficiencyFit.fit(rows: rows, device: device, base: base, origin: origin)
        for line in report.lines { try Terminal.say(line) }
        if let output {
            let text = EfficiencyFit.file(
                profile, report: report, rows: rows, selection: selection, base: base,
                date: date
                    ?? ISO8601DateFormatter.string(
                        from: Date(), timeZone: .gmt, formatOptions: [.withFullDate, .withDashSeparatorInDate]))
            try Data(text.utf8).write(to: URL(fileURLWithPath: output))
        }
    }
}
