internal import CostModels
internal import Diagnostics
internal import EventKernel
internal import Profiles
internal import Simulator

/// Reads how a semi-PD pool divides its SMs, and what changes that during a run.
struct PartitionReader {
    struct Partitioning {
        var partition: SMPartition?
        var control: ResolvedPartitionControl?
        var workers: ResolvedWorkers?
    }

    static let keys = [
        "partition", "partition_sms", "mechanism", "controller", "controller_parameters", "partition_change",
        "hand_off",
        "eviction", "kv_reserve",
    ]

    let findings: Findings

    /// Everything that only semi-PD pools have.
    func read(_ keys: inout YAMLReader, device: DeviceLookup.Device?) -> Partitioning {
        var partitioning = readPartitioning(&keys, device: device)
        partitioning.workers = ResolvedWorkers(
            handOff: keys.optional("hand_off", .choice("a hand-off"))?.value ?? .inProcess,
            eviction: keys.optional("eviction", .choice("an eviction"))?.value ?? .recomputeLast,
            reserve: keys.optional("kv_reserve", .number(in: 0...0.9))?.value ?? 0)
        return partitioning
    }

    /// The SM caps of both phases, percentages as the mechanism grants them or SMs, all SMs for both where none are given;
    /// and the controller, if it is not one that changes nothing.
    private func readPartitioning(_ keys: inout YAMLReader, device: DeviceLookup.Device?) -> Partitioning {
        let mechanism = keys.optional("mechanism", .choice("a mechanism"))?.value ?? MechanismName.mps
        let controller = keys.optional("controller", .word("a controller", of: ControllerCatalog.ids))
        let description = ControllerCatalog.controller(controller?.value ?? ControllerCatalog.fixed.id)
        let parameters = keys.node("controller_parameters")
        let change = keys.node("partition_change")
        let percentKey = keys.node("partition")
        let partition = readPartition(&keys, mechanism.mechanism, device: device)
        guard let description, description != ControllerCatalog.fixed else {
            for (node, key) in [(parameters, "controller_parameters"), (change, "partition_change")] {
                guard let node, controller != nil || keys.place(of: "controller") == nil else { continue }
                findings.error(
                    at: node.location,
                    "\(key): found without a controller that changes the partition, expected \"controller\" as one of "
                        + ControllerCatalog.ids.dropFirst().joined(separator: ", "))
            }
            return Partitioning(partition: partition, control: nil)
        }
        if let sms = keys.node("partition_sms") {
            findings.error(
                at: sms.location,
                "partition_sms: found with the controller \(description.id), which counts in percent, expected \"partition\""
            )
        }
        let initial = readPercentages(percentKey)
        let arguments = readArguments(parameters, of: description)
        let cost = readChange(change, mechanism.mechanism)
        guard let partition, let initial, let arguments, let cost else { return Partitioning(partition: partition) }
        return Partitioning(
            partition: partition,
            control: ResolvedPartitionControl(
                controller: description.id, arguments: arguments, mechanism: mechanism, initial: initial, change: cost))
    }

    private func readPartition(
        _ keys: inout YAMLReader, _ mechanism: PartitionMechanism, device: DeviceLookup.Device?
    ) -> SMPartition? {
        let percent = keys.optional("partition", .list(of: .number(in: 1...100), count: 2))
        let sms = keys.node("partition_sms")
        guard let device else { return nil }
        let total = device.profile.streamingMultiprocessors
        if let sms {
            if let place = keys.place(of: "partition") {
                let later = (place.line, place.column) < (sms.location.line, sms.location.column) ? sms.location : place
                findings.error(at: later, "found both \"partition\" and \"partition_sms\", expected one of them")
            }
            guard let caps = keys.optional("partition_sms", .list(of: .int(in: 1...total), count: 2)) else {
                return nil
            }
            return SMPartition(prefill: caps.value[0], decode: caps.value[1], total: total)
        }
        guard let percent else { return .unpartitioned(total) }
        return mechanism.partition(prefillPercent: percent.value[0], decodePercent: percent.value[1], of: total)
    }

    /// Controllers count in whole percentages.
    private func readPercentages(_ node: YAMLNode?) -> SMPercentages? {
        guard let node else { return .full }
        guard case .sequence(let items) = node.content, items.count == 2 else { return nil }
        var percentages: [Int] = []
        for item in items {
            guard case .scalar(let text, _) = item.content, let value = Double(text), (1...100).contains(value) else {
                return nil
            }
            guard let whole = Int(exactly: value) else {
                findings.error(
                    at: item.location, "partition: found \(text) with a controller, expected a whole percentage")
                return nil
            }
            percentages.append(whole)
        }
        return SMPercentages(prefill: percentages[0], decode: percentages[1])
    }

    private func readArguments(_ node: YAMLNode?, of controller: ControllerDescription) -> [PolicyArgument]? {
        var keys: YAMLReader?
        if let node {
            keys = YAMLReader(node, "the parameters of the controller \(controller.id)", findings)
            if keys == nil { return nil }
        }
        let arguments = controller.parameters.map { parameter in
            PolicyArgument(
                name: parameter.name,
                value: keys?.optional(parameter.name, .int(in: parameter.range))?.value ?? parameter.defaultValue)
        }
        keys?.finish()
        return arguments
    }

    /// What a change costs; what is not given is what the mechanism takes.
    private func readChange(_ node: YAMLNode?, _ mechanism: PartitionMechanism) -> ResolvedPartitionChange? {
        var preparation = 0.0
        if case .asynchronous(let usual, _, _) = mechanism.switchCost { preparation = usual.seconds }
        guard let node else { return .asynchronous(preparation: preparation, prefillStall: 0, decodeStall: 0) }
        guard var keys = YAMLReader(node, "a change of partition", findings) else { return nil }
        let seconds = YAMLExpectation<Double>.number(in: 0...86_400)
        let kind = keys.optional("kind", .word("a kind of change", of: ["asynchronous", "restart"]))?.value
        defer { keys.finish() }
        if kind == "restart" {
            let load = keys.required("load_bandwidth", .number(in: 1e3...1e18))
            let copy = keys.required("copy_bandwidth", .number(in: 1e3...1e18))
            let initialisation = keys.required("initialisation", .number(in: 1e-9...86_400))
            guard let load, let copy, let initialisation else { return nil }
            return .restart(
                loadBandwidth: load.value, copyBandwidth: copy.value, initialisation: initialisation.value)
        }
        return .asynchronous(
            preparation: keys.optional("preparation", seconds)?.value ?? preparation,
            prefillStall: keys.optional("prefill_stall", seconds)?.value ?? 0,
            decodeStall: keys.optional("decode_stall", seconds)?.value ?? 0)
    }
}
