internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Profiles
internal import Scenarios
internal import Workloads

/// The profiles that a command works with. What kinds of instances are priced by is read once, for however many of them.
struct Workspace: Sendable {
    let catalog: ProfileCatalog
    private let kernelTables = ReadOnce<KernelTables?>()
    private let efficiencies = ReadOnce<EfficiencyProfile>()
    private let runtimes = ReadOnce<RuntimeProfile>()

    /// Looks into the folder that the user names, then the nearest `Profiles` at or above the working directory, then
    /// at or above the program itself.
    init(profiles: String?) throws {
        if let profiles, !FileManager.default.fileExists(atPath: profiles) {
            throw InputError(
                at: SourceLocation(file: "--profiles", line: 1, column: 1),
                "found no folder \"\(profiles)\", expected one like Profiles/")
        }
        var roots = ProfileCatalog.searchPath(
            explicit: profiles, workingDirectory: FileManager.default.currentDirectoryPath)
        if let program = Self.programFolder {
            for root in ProfileCatalog.searchPath(explicit: nil, workingDirectory: program) where !roots.contains(root)
            {
                roots.append(root)
            }
        }
        catalog = ProfileCatalog(roots: roots)
        guard !roots.isEmpty else {
            throw InputError(
                at: nil, "no folder Profiles at or above the working directory",
                help: "run in a checkout, or name the folder with --profiles")
        }
    }

    /// The folder of the program, links resolved. The bundle, which Linux can do without, lists that folder first.
    private static var programFolder: String? {
        guard let resolved = realpath("/proc/self/exe", nil) else {
            return Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent().path
        }
        defer { free(resolved) }
        let program = String(cString: resolved)
        return program.lastIndex(of: "/").map { String(program[..<$0]) }
    }

    var environment: ScenarioEnvironment {
        ScenarioEnvironment(
            catalog: catalog, generators: GeneratorPreset.allCases.map(\.name),
            traceFormats: TraceFormat.allCases.map(\.rawValue), runtimes: ids(in: "runtimes"))
    }

    /// Measured tables where the device has them, unless the roofline is asked for.
    func costModel(of kind: InstanceKind) throws -> any CostModel {
        let (efficiency, runtime) = (try efficiency(of: kind.device), try runtime(kind.runtime))
        let sharing = try sharing(of: kind.device)
        let tables = kind.costModel == .roofline ? nil : try tables(of: kind.device)
        if let tables {
            return try TableCostModel(
                model: kind.model, device: kind.device, tables: tables, efficiency: efficiency, runtime: runtime,
                sharing: sharing, tensorParallelism: kind.tensorParallelism, maxSequences: kind.maxSequences)
        }
        if kind.costModel == .tables { _ = try requiredTables(of: kind.device) }
        return try RooflineCostModel(
            model: kind.model, device: kind.device, efficiency: efficiency, runtime: runtime, sharing: sharing,
            tensorParallelism: kind.tensorParallelism, smCounts: kind.smCounts, maxSequences: kind.maxSequences)
    }

    /// The measured kernels of a device, if there are any.
    func tables(of device: DeviceProfile) throws(InputError) -> KernelTables? {
        try kernelTables.value(device.id) { () throws(InputError) in try readTables(of: device) }
    }

    private func readTables(of device: DeviceProfile) throws(InputError) -> KernelTables? {
        let folders = catalog.roots.map { "\($0)/kernels/\(device.id)" }
        let marker = KernelTableFile.constants.name
        guard let folder = folders.first(where: { FileManager.default.fileExists(atPath: "\($0)/\(marker)") }) else {
            return nil
        }
        return try KernelTables.read(folder: folder, device: device.id)
    }

    func requiredTables(of device: DeviceProfile) throws(InputError) -> KernelTables {
        if let tables = try tables(of: device) { return tables }
        throw InputError(
            at: nil, "no kernel tables of \(device.id)",
            help: "they are written by `phasewise calibrate`; \(missingHelp)")
    }

    func keyValueBlocks(of kind: InstanceKind, utilization: Double, blockSize: Int) throws -> Int {
        let activations = MemoryBudget.activationBytes(
            model: kind.model, batchedTokens: kind.maxBatchedTokens, sequences: kind.maxSequences,
            tensorParallelism: kind.tensorParallelism)
        var budget = MemoryBudget(
            runtime: try runtime(kind.runtime), activationBytes: activations, processes: kind.workersPerGPU)
        budget.utilisation = utilization
        return try MemoryCapacity.keyValueBlocks(
            model: kind.model, device: kind.device, budget: budget, blockSize: blockSize,
            tensorParallelism: kind.tensorParallelism, pipelineParallelism: kind.pipelineParallelism)
    }

    /// The fitted efficiencies of a device, or the default ones for a device that nothing was fitted for.
    func efficiency(of device: DeviceProfile) throws(InputError) -> EfficiencyProfile {
        try efficiency(id: path(of: device.id, in: "efficiency") == nil ? "default" : device.id)
    }

    func efficiency(id: String) throws(InputError) -> EfficiencyProfile {
        try efficiencies.value(id) { () throws(InputError) in try readEfficiency(id: id) }
    }

    private func readEfficiency(id: String) throws(InputError) -> EfficiencyProfile {
        guard let path = path(of: id, in: "efficiency") else {
            throw InputError(at: nil, "no efficiency profile \(id)", help: missingHelp)
        }
        return try EfficiencyProfile(yaml: try InputText.read(path), id: id, file: path)
    }

    /// How lanes slow each other on a device, where that was measured.
    func sharing(of device: DeviceProfile) throws(InputError) -> CoRunSharing? {
        guard let path = path(of: device.id, in: "sharing") else { return nil }
        return try CoRunSharing(yaml: try InputText.read(path), file: path)
    }

    func runtime(_ id: String) throws(InputError) -> RuntimeProfile {
        try runtimes.value(id) { () throws(InputError) in try readRuntime(id) }
    }

    private func readRuntime(_ id: String) throws(InputError) -> RuntimeProfile {
        guard let path = path(of: id, in: "runtimes") else {
            throw InputError(at: nil, "no runtime profile \(id)", help: missingHelp)
        }
        return try RuntimeProfile(yaml: try InputText.read(path), id: id, file: path)
    }

    var missingHelp: String { "profiles were looked for in \(catalog.roots.joined(separator: ", "))" }

    private func path(of id: String, in folder: String) -> String? {
        catalog.roots.map { "\($0)/\(folder)/\(id).yaml" }.first { FileManager.default.fileExists(atPath: $0) }
    }

    private func ids(in folder: String) -> [String] {
        var ids: [String] = []
        for root in catalog.roots {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
            for file in files where file.hasSuffix(".yaml") {
                let id = String(file.dropLast(5))
                if !ids.contains(id) { ids.append(id) }
            }
        }
        return ids.sorted()
    }
}
