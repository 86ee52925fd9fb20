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
        let profile = try workspace.catalog.device(device).value
        let measurements = try Self.read(lines)
        let models = try workspace.catalog.modelIDs().map { try workspace.catalog.model($0).value }
        let efficiency = try workspace.efficiency(of: profile)
        let calibration = TableCalibration(measurements, device: profile, models: models, efficiency: efficiency)
        for count in measurements.counts {
            let unused = count.used == 0 ? ": no table is made of these" : ""
            try Terminal.say(
                "\(count.family): \(count.used) of \(count.lines) lines used, \(count.skipped) skipped\(unused)")
        }
        for line in calibration.report.lines { try Terminal.say(line) }
        let violations = calibration.violations
        guard violations.isEmpty else {
            throw InputError(
                violations.map { Diagnostic(at: nil, $0, help: "measure this family again, nothing was written") })
        }
        let folder = output ?? "\(workspace.catalog.roots[0])/kernels/\(profile.id)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let names = lines.map { URL(fileURLWithPath: $0).lastPathComponent }
        for (file, text) in calibration.texts(measurements, sources: names) {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(file.name)"))
        }
        try Terminal.say("written to \(folder)")
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
