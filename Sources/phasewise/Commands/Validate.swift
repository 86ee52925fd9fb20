internal import ArgumentParser
internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Profiles
internal import Reporting
internal import Validation

struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Replays measured serving runs and compares simulated with measured.",
        discussion: """
            Reads requests.csv and iterations.csv.gz of the folder and serves the same requests in the simulator under the \
            rules of the engine that was measured, with Llama-3-8B on an H200: a minimal PyTorch engine, or the serving \
            engine of the microbenchmarks (replay), which is priced by the kernel tables. With --fit-rate what is fitted is \
            first fitted to the runs at that rate, and the values printed: of the PyTorch engine its host costs and the \
            sharing of the GPU, of the other the power state of prompts. Without, committed values are used.

            Example:
              phasewise validate --runs measured/h200_serving
              phasewise validate --engine replay --runs Results/replay/measured
            """)

    @Option(help: "Folder of the measured runs.") var runs: String
    @Option(help: "The engine that was measured: minimal-eager (PyTorch) or replay (of the microbenchmarks).")
    var engine = MeasuredEngine.minimalEager
    @Option(help: "Fit anew to the runs at this rate, requests/s; for the replay engine given twice.")
    var fitRate: [Double] = []
    @Flag(help: "Show instead how far the means move when all service times are 1 % and 3 % off.") var amplification =
        false
    @Flag(help: "Show instead every step beside what the cost model says that it takes alone.") var steps = false
    @Option(help: "Folder of profiles, before the default ones.") var profiles: String?
    @Option(help: "text, csv or json.") var format = ReportFormat.text

    func run() throws {
        let workspace = try Workspace(profiles: profiles)
        let measured = try ServingRun.read(folder: runs)
        var engine = try workspace.engineModel(engine)
        try checkPartitions(of: measured, on: engine)
        if !fitRate.isEmpty {
            do {
                try fit(&engine, measured, workspace)
            } catch let failure as ServingFit.Failure {
                throw InputError(at: nil, "\(runs): \(failure)")
            }
        }
        if amplification { return try Terminal.write(amplificationTable(measured, engine).rendered(as: format)) }
        if steps { return try Terminal.write(stepTable(measured, engine).rendered(as: format)) }
        var table = Listing(["run", "rate", "figure", "unit", "simulated", "measured", "error %"])
        for run in measured {
            for row in try RunComparison(run, on: engine).rows {
                table.append([
                    "\(run.policy)", decimal(run.rate, 0), row.name, row.unit, figure(row.simulated),
                    figure(row.measured), decimal(row.error * 100, 1),
                ])
            }
        }
        try Terminal.write(table.rendered(as: format))
    }

    private func checkPartitions(of runs: [ServingRun], on engine: EngineModel) throws(InputError) {
        let total = engine.device.streamingMultiprocessors
        for case .greenContexts(let prefill, let decode) in runs.map(\.policy) where prefill + decode > total {
            throw InputError(
                at: nil,
                "\(self.runs): green contexts of \(prefill) and \(decode) SMs, expected at most \(total) together")
        }
    }

    private func fit(_ engine: inout EngineModel, _ measured: [ServingRun], _ workspace: Workspace) throws {
        if let replay = engine.replay {
            let share = try replay.fittedPowerShare(measured, rates: fitRate, of: engine)
            engine.replay?.powerShare = share
            return Terminal.complain("power share: \(share.atRest) at rest, \(share.perLoad) per load")
        }
        guard fitRate.count == 1 else { throw InputError(at: nil, "--fit-rate \(fitRate.count) times, expected once") }
        engine = try ServingFit.fit(
            measured, rate: fitRate[0], coRuns: try workspace.coRuns(on: engine.device), start: engine)
        Terminal.complain(FittedValues(engine).text)
    }

    private func amplificationTable(_ measured: [ServingRun], _ engine: EngineModel) throws -> Listing {
        var table = Listing(["run", "rate", "service time", "TTFT mean ms", "TPOT mean ms", "E2E mean s", "E2E gain"])
        for run in measured {
            for step in try Amplification.of(run, on: engine, factors: [0.97, 0.99, 1, 1.01, 1.03]) {
                table.append([
                    "\(run.policy)", decimal(run.rate, 0), decimal(step.serviceTime, 2),
                    decimal(step.figures.timeToFirstToken.mean * 1e3, 1),
                    decimal(step.figures.timePerOutputToken.mean * 1e3, 2), decimal(step.figures.endToEnd.mean, 3),
                    step.gain.map { decimal($0, 1) } ?? "-",
                ])
            }
        }
        return table
    }

    private func stepTable(_ measured: [ServingRun], _ engine: EngineModel) throws -> Listing {
        var table = Listing([
            "run", "rate", "phase", "start s", "sequences", "tokens", "measured ms", "alone ms", "overlap",
        ])
        for run in measured {
            for step in try StepComparison.of(run, on: engine) {
                table.append([
                    "\(run.policy)", decimal(run.rate, 0), step.phase == .prefill ? "prefill" : "decode",
                    decimal(step.start, 4), "\(step.sequences)", "\(step.tokens)", decimal(step.measured * 1e3, 4),
                    decimal(step.alone * 1e3, 4), decimal(step.overlap, 3),
                ])
            }
        }
        return table
    }

    /// Three significant decimals for times and factors, none for counts.
    private func figure(_ value: Double) -> String {
        value == value.rounded() ? decimal(value, 0) : decimal(value, 3)
    }
}

/// An engine of which runs were measured.
enum MeasuredEngine: String, ExpressibleByArgument {
    case minimalEager = "minimal-eager"
    case replay

    /// Profile of one process on a GPU.
    var runtime: String { rawValue }
    /// Profile of two workers on a GPU.
    var workers: String { self == .minimalEager ? "minimal-eager-mps" : "replay-workers" }
}

/// The fitted numbers in the keys of the profile files.
private struct FittedValues {
    let engine: EngineModel

    init(_ engine: EngineModel) { self.engine = engine }

    var text: String {
        let factors = engine.runtime.decode.kernelFactor
        let pairs = zip(factors.knots, factors.values).map { "[\(Int($0)), \($1)]" }.joined(separator: ", ")
        return """
            runtimes/minimal-eager.yaml and minimal-eager-mps.yaml
              prefill: kernel_factor: \(engine.runtime.prefill.kernelFactor.values[0])
                       serial_seconds: \(engine.runtime.prefill.serialSeconds)
              decode:  kernel_factor: [\(pairs)]
            runtimes/minimal-eager-mps.yaml
              decode:  serial_seconds: \(engine.workers.decode.serialSeconds)
            sharing/\(engine.device.id).yaml
              wait_seconds_per_layer: \(engine.sharing.waitSecondsPerLayer)
              decode_bandwidth_loss: \(engine.sharing.decodeBandwidthLoss)
              prefill_loss_apart: \(engine.sharing.prefillLossApart)
              prefill_loss_shared: \(engine.sharing.prefillLossShared)
            """
    }
}

extension Workspace {
    /// The committed rows of co-runs on a device; empty where there are none.
    fileprivate func coRuns(on device: DeviceProfile) throws(InputError) -> [CoRunRow] {
        let paths = catalog.roots.map { "\($0)/kernels/\(device.id)/raw/corun.jsonl.gz" }
        guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else { return [] }
        return try CoRunRow.read(path: path)
    }

    /// The engine, model and GPU of the measured runs.
    fileprivate func engineModel(_ engine: MeasuredEngine) throws -> EngineModel {
        let device = try catalog.device("h200-sxm").value
        guard let sharing = try sharing(of: device) else {
            throw InputError(at: nil, "no sharing profile \(device.id)", help: missingHelp)
        }
        return EngineModel(
            model: try catalog.model("llama-3-8b").value, device: device, efficiency: try efficiency(id: device.id),
            runtime: try runtime(engine.runtime), workers: try runtime(engine.workers), sharing: sharing,
            replay: engine == .replay
                ? ReplayEngine(tables: try requiredTables(of: device), coRuns: try coRuns(on: device)) : nil)
    }
}
