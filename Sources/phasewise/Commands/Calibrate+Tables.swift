internal import Calibration
internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Profiles
internal import Workloads

extension Calibrate {
    /// Makes kernel tables of microbenchmark lines, prints how far off they are, and writes them if they may be used.
    func calibrateTables() throws {
        let workspace = try Workspace(profiles: profiles)
        let measurements = try Self.read(lines)
        let calibration = try calibration(measurements, in: workspace)
        let violations = calibration.violations
        guard violations.isEmpty else {
            throw InputError(
                violations.map { Diagnostic(at: nil, $0.text, help: "measure this family again, nothing was written") })
        }
        try write(calibration.texts(measurements, sources: Self.names(lines)), in: workspace)
    }

    /// The same from rows of others, which cannot be measured again: families that miss their bound are left out.
    func importTables(
        _ rows: MeasuredRows, _ selection: RowSelection, from files: [String], in workspace: Workspace
    ) throws {
        let device = try workspace.catalog.device(device).value
        let throttling = try throttlingDevice.map { try Self.throttling(of: $0, like: device, in: workspace) }
        let all = KernelMeasurements(rows, selection: selection, device: device)
        let violations = try calibration(all, in: workspace).violations
        let measurements = all.without(violations.map(\.family))
        guard !measurements.isEmpty else {
            throw InputError(
                violations.map {
                    Diagnostic(at: nil, $0.text, help: "these rows support no table, nothing was written")
                })
        }
        for violation in violations { Terminal.complain("left out: \(violation.text)") }
        let kept = TableCalibration(
            measurements, device: device, models: [], efficiency: try workspace.efficiency(of: device),
            throttling: throttling)
        try write(
            kept.texts(measurements, sources: Self.names(files), origin: selection.source), in: workspace)
    }

    /// The ratios of a device that can stand for another at the power limit.
    private static func throttling(
        of id: String, like device: DeviceProfile, in workspace: Workspace
    ) throws -> InferredThrottling {
        let place = SourceLocation(file: "--throttling-of", line: 1, column: 1)
        let other = try workspace.catalog.device(id).value
        func traits(_ device: DeviceProfile) -> String {
            "\(device.streamingMultiprocessors) SMs, \(Int(device.bf16FLOPS / 1e12)) TFLOP/s and "
                + "\(Int(device.boardPowerWatts)) W"
        }
        guard traits(other) == traits(device) else {
            throw InputError(
                at: place, "found \(other.id) of \(traits(other)), expected the \(traits(device)) of \(device.id)")
        }
        let tables = try workspace.requiredTables(of: other)
        guard let throttling = tables.inferredThrottling(sms: other.streamingMultiprocessors) else {
            throw InputError(at: place, "found no sustained lines in the tables of \(other.id), expected some")
        }
        return throttling
    }

    /// Prints what was read and how far the tables are off.
    private func calibration(_ measurements: KernelMeasurements, in workspace: Workspace) throws -> TableCalibration {
        let profile = try workspace.catalog.device(device).value
        let models = try workspace.catalog.modelIDs().map { try workspace.catalog.model($0).value }
        let efficiency = try workspace.efficiency(of: profile)
        let calibration = TableCalibration(
            measurements, device: profile, models: models, efficiency: efficiency,
            sharing: try workspace.sharing(of: profile))
        for count in measurements.counts {
            let unused = count.used == 0 ? ": no table is made of these" : ""
            try Terminal.say(
                "\(count.family): \(count.used) of \(count.lines) lines used, \(count.skipped) skipped\(unused)")
        }
        for line in calibration.report.lines { try Terminal.say(line) }
        return calibration
    }

    private func write(_ texts: [(file: KernelTableFile, text: String)], in workspace: Workspace) throws {
        let device = try workspace.catalog.device(device).value.id
        let folder = output ?? "\(workspace.catalog.roots[0])/kernels/\(device)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (file, text) in texts {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(file.name)"))
        }
        try Terminal.say("written to \(folder)")
    }

    private static func names(_ paths: [String]) -> [String] {
        paths.map { URL(fileURLWithPath: $0).lastPathComponent }
    }

    static func read(_ paths: [String]) throws(InputError) -> KernelMeasurements {
        var measurements = KernelMeasurements()
        var collector = DiagnosticCollector()
        for path in paths {
            try forEachLine(ofFile: path) { (text, number) throws(InputError) in
                if text.isEmpty || collector.isFull { return }
                do throws(InputError) {
                    try measurements.add(try MeasurementLine(text, file: path, line: number))
                } catch {
                    collector.absorb(error)
                }
            }
        }
        try collector.throwIfAny()
        return measurements
    }
}
