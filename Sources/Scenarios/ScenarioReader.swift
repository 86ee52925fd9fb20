internal import CostModels
public import Diagnostics
internal import Metrics
public import Profiles
internal import Workloads

extension ScenarioResolution {
    /// Reads a scenario file, applies flags, then `--set` arguments in order, checks and resolves.
    public static func load(
        path: String, flags: ScenarioBuilder = ScenarioBuilder(), overrides: [String] = [],
        in environment: ScenarioEnvironment
    ) throws(InputError) -> ScenarioResolution {
        try ScenarioDocument(path: path, flags: flags, overrides: overrides).resolve(in: environment)
    }

    /// Checks and resolves a scenario that is a tree already.
    ///
    /// - Parameters:
    ///   - name: the scenario's name if it does not state one.
    ///   - folder: what relative paths start from, except those given on the command line; empty for the working
    ///     directory.
    public static func resolve(
        _ root: YAMLNode, name: String, folder: String = "", in environment: ScenarioEnvironment
    ) throws(InputError) -> ScenarioResolution {
        var reader = ScenarioReader(environment: environment, folder: folder)
        let resolution = reader.read(root, name: name)
        try reader.findings.throwIfAny()
        guard let resolution else { preconditionFailure("a scenario was not resolved and no error reported") }
        return resolution
    }
}

/// Reads a scenario from the top; deployments are in `DeploymentReader`.
struct ScenarioReader {
    let environment: ScenarioEnvironment
    let folder: String
    let findings = Findings()

    mutating func read(_ root: YAMLNode, name: String) -> ScenarioResolution? {
        guard var keys = YAMLReader(root, "the scenario", findings) else { return nil }
        let name = keys.optional("name", .string("a name"))?.value ?? name
        let workload = readWorkload(keys.node("workload"), in: keys)
        let modelReference = keys.required("model", .string("a model's id or the path of a config.json"))
        let model = modelReference.flatMap(readModel)
        let deviceReference = keys.optional("device", .string("a device's id"))
        let runtime = keys.optional("runtime", .word("a runtime profile", of: environment.runtimes))?.value ?? "ideal"
        let costModel: CostModelChoice? = keys.optional("cost_model", .choice("what prices iterations"))?.value
        let slo = keys.node("slo").flatMap(readSLO)
        let seed = keys.optional("seed", .int(in: 0...Int.max))?.value ?? 1
        let run = keys.optional("run", .int(in: 0...Int.max))?.value ?? 0
        let equal = keys.optional("equal", .choice("what is held equal"))?.value ?? EqualFooting.gpus
        let costs = keys.node("costs").flatMap { CostsReader(findings: findings).read($0) }
        let pricesNode = keys.node("prices")
        let deploymentsNode = keys.node("deployments")
        var reader = DeploymentReader(
            environment: environment, folder: folder, findings: findings, model: model?.file.value,
            defaultDevice: deviceReference, defaultCosts: costs)
        let read = readDeployments(deploymentsNode, in: keys, with: &reader)
        reader.checkDefaultDevice()
        let prices = pricesNode.map { readPrices($0, devices: reader.deviceIDs) } ?? []
        keys.finish()
        guard let workload, let model, let read, !read.isEmpty else { return nil }

        var deployments = read.map(\.value)
        deployments.charge(prices)
        let places = read.map(\.location)
        let footing = findings.gathering { () throws(InputError) in
            try deployments.replicate(for: equal, places: places)
        }
        guard let notes = footing else { return nil }
        let scenario = ResolvedScenario(
            name: name, workload: workload.value, modelReference: model.reference, model: model.file.value,
            runtime: runtime, costModel: costModel,
            slo: slo?.limits, seed: UInt64(seed), run: UInt64(run), equalFooting: equal, prices: prices,
            deployments: deployments)
        return ScenarioResolution(
            scenario: scenario, remarks: model.file.warnings + notes, workloadPlace: workload.location,
            deploymentPlaces: places, limitedClasses: slo?.classes ?? [])
    }

    private func readWorkload(_ node: YAMLNode?, in scenario: YAMLReader) -> Located<ResolvedWorkload>? {
        guard let node else {
            scenario.reportMissing("workload", expected: "a mapping with \"trace\" or \"generate\"")
            return nil
        }
        guard var keys = YAMLReader(node, "the workload", findings) else { return nil }
        let trace = keys.optional("trace", .string("the path of a trace"))
        let format = keys.optional("format", .word("a trace format", of: environment.traceFormats))
        let generator = keys.optional("generate", .word("a workload", of: environment.generators))
        let arrivals = readArrivals(keys.optional("arrivals", .string("arrivals: \(Self.arrivalWords)")))
        let rate = keys.optional("rate", .number(in: 1e-6...1e6))
        let requests = keys.optional("requests", .int(in: 1...1_000_000_000))
        let selection = readSelection(&keys)
        let closedLoop = readClosedLoop(&keys)
        let sessions = keys.optional("sessions", .choice("how sessions are replayed"))?.value ?? SessionReplay.closed
        keys.finish()
        if let trace {
            if let generate = keys.place(of: "generate") {
                findings.error(
                    at: generate, "found both \"trace\" and \"generate\" in the workload, expected one of them")
            }
            let path = resolvedPath(trace, folder: folder)
            let workload = ResolvedWorkload(
                source: .trace(path: path, format: format?.value), arrivals: arrivals, requestsPerSecond: rate?.value,
                requests: requests?.value, selection: selection, closedLoop: closedLoop, sessions: sessions)
            return Located(workload, at: trace.location)
        }
        if let place = keys.place(of: "sessions"), keys.place(of: "trace") == nil {
            findings.error(at: place, "found \"sessions\" in a workload without \"trace\"")
        }
        if let format = keys.place(of: "format"), keys.place(of: "trace") == nil {
            findings.error(at: format, "found \"format\" in a workload without \"trace\"")
        }
        if keys.place(of: "generate") != nil {
            if keys.place(of: "requests") == nil {
                keys.reportMissing("requests", expected: "the number of requests to generate")
            }
        } else if keys.place(of: "trace") == nil {
            keys.reportMissing("trace", expected: "the path of a trace, or \"generate\" with the name of a workload")
        }
        guard let generator else { return nil }
        let workload = ResolvedWorkload(
            source: .generator(generator.value), arrivals: arrivals, requestsPerSecond: rate?.value,
            requests: requests?.value, selection: selection, closedLoop: closedLoop)
        return Located(workload, at: generator.location)
    }

    private static let arrivalWords = "recorded, \(ArrivalShape.words)"

    private func readArrivals(_ given: Located<String>?) -> ResolvedArrivals {
        guard let given else { return .recorded }
        if let arrivals = ResolvedArrivals(given.value) { return arrivals }
        findings.error(at: given.location, "arrivals: found \"\(given.value)\", expected \(Self.arrivalWords)")
        return .recorded
    }

    private func readModel(_ given: Located<String>) -> (reference: String, file: ProfileFile<ModelArchitecture>)? {
        let reference = ProfileCatalog.isPath(given.value) ? profilePath(given, folder: folder) : given.value
        let file = findings.gathering { () throws(InputError) in
            try environment.catalog.model(reference, at: given.location)
        }
        guard let file else { return nil }
        let unsupported =
            file.value.latentAttention != nil
            ? "latent attention (MLA)" : file.value.experts != nil ? "a mixture of experts" : nil
        if let unsupported {
            findings.error(
                at: given.location,
                "model: found \"\(file.value.id)\" with \(unsupported), which cannot be simulated yet, expected a dense model"
            )
        }
        return (reference, file)
    }

    private func readSLO(_ node: YAMLNode) -> (limits: SLO, classes: [Located<String>])? {
        guard var keys = YAMLReader(node, "the SLO", findings) else { return nil }
        let ttft = keys.required("ttft", .number(above: 0))
        let tpot = keys.required("tpot", .number(above: 0))
        let attainment = keys.optional("attainment", .number(in: 0.01...1))
        let classes = keys.node("classes")
        keys.finish()
        guard let ttft, let tpot else { return nil }
        var slo = SLO(
            timeToFirstToken: ttft.value, timePerOutputToken: tpot.value, attainmentTarget: attainment?.value ?? 0.9)
        let named = classes.map { readClasses($0, &slo) } ?? []
        return (slo, named)
    }

    /// Limits of classes by their names; what a class does not say is as for all.
    private func readClasses(_ node: YAMLNode, _ slo: inout SLO) -> [Located<String>] {
        guard case .mapping(let entries) = node.content, !entries.isEmpty else {
            findings.error(
                at: node.location,
                "classes: expected a mapping of classes to their limits, as in {chat: {ttft: 0.2}, batch: {ttft: 30}}")
            return []
        }
        for entry in entries {
            guard var keys = YAMLReader(entry.value, "the SLO of a class", findings) else { continue }
            let ttft = keys.optional("ttft", .number(above: 0))
            let tpot = keys.optional("tpot", .number(above: 0))
            let attainment = keys.optional("attainment", .number(in: 0.01...1))
            keys.finish()
            slo.classes.append(
                ClassSLO(
                    name: entry.key, timeToFirstToken: ttft?.value ?? slo.timeToFirstToken,
                    timePerOutputToken: tpot?.value ?? slo.timePerOutputToken,
                    attainmentTarget: attainment?.value ?? slo.attainmentTarget))
        }
        return entries.map { Located($0.key, at: $0.keyLocation) }
    }

    private func readPrices(_ node: YAMLNode, devices: [String]) -> [DevicePrice] {
        guard var keys = YAMLReader(node, "the prices of the scenario's devices", findings) else { return [] }
        let prices = devices.sorted().compactMap { device in
            keys.optional(device, .number(in: 0...1e6)).map { DevicePrice(device: device, pricePerHour: $0.value) }
        }
        keys.finish()
        return prices
    }

    private func readDeployments(
        _ node: YAMLNode?, in scenario: YAMLReader, with reader: inout DeploymentReader
    ) -> [Located<ResolvedDeployment>]? {
        guard let node else {
            scenario.reportMissing("deployments", expected: "a list of at least one deployment")
            return nil
        }
        guard case .sequence(let items) = node.content, !items.isEmpty else {
            findings.error(at: node.location, "deployments: expected a list of at least one deployment")
            return nil
        }
        return items.compactMap { item in reader.read(item).map { Located($0, at: item.location) } }
    }
}
