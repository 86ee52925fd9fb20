internal import ArgumentParser
internal import CostModels
internal import Diagnostics
internal import Foundation
internal import Profiles
internal import Reporting
internal import Scenarios
internal import Simulator

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Lists the models that scenarios can name.",
        discussion: "Example:\n  phasewise models")

    @Option(help: "Folder of profiles, before the default ones.") var profiles: String?
    @Option(help: "text, csv or json.") var format = ReportFormat.text

    func run() throws {
        let catalog = try Workspace(profiles: profiles).catalog
        var table = Listing([
            "id", "layers", "hidden", "heads", "KV heads", "vocabulary", "weights GB", "KV bytes/token", "note",
        ])
        for id in catalog.modelIDs() {
            let model = try catalog.model(id).value
            let isDense = model.experts == nil && model.latentAttention == nil
            table.append([
                id, "\(model.layers)", "\(model.hiddenSize)", "\(model.heads)", "\(model.keyValueHeads)",
                "\(model.vocabularySize)", isDense ? decimal(Double(model.weightBytes) / 1e9, 1) : "-",
                "\(model.keyValueBytesPerToken)",
                isDense ? "" : "cannot be simulated yet: \(model.experts == nil ? "MLA" : "mixture of experts")",
            ])
        }
        try Terminal.write(table.rendered(as: format))
    }
}

struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Lists the GPUs that scenarios can name.",
        discussion: "Example:\n  phasewise devices")

    @Option(help: "Folder of profiles, before the default ones.") var profiles: String?
    @Option(help: "text, csv or json.") var format = ReportFormat.text

    func run() throws {
        let catalog = try Workspace(profiles: profiles).catalog
        var table = Listing([
            "id", "SMs", "memory GB", "TB/s", "bf16 TFLOP/s", "fp8 TFLOP/s", "NVLink GB/s", "W", "$/h",
        ])
        for id in catalog.deviceIDs() {
            let device = try catalog.device(id).value
            table.append([
                id, "\(device.streamingMultiprocessors)", decimal(Double(device.memoryBytes) / 1e9, 1),
                decimal(device.memoryBandwidthBytesPerSecond / 1e12, 2), decimal(device.bf16FLOPS / 1e12, 0),
                device.fp8FLOPS.map { decimal($0 / 1e12, 0) } ?? "-", decimal(device.nvlinkBytesPerSecond / 1e9, 0),
                decimal(device.boardPowerWatts, 0), decimal(device.pricePerHour, 2),
            ])
        }
        try Terminal.write(table.rendered(as: format))
    }
}

struct Policies: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "Lists the serving policies with their parameters.",
        discussion: "Example:\n  phasewise policies")

    @Option(help: "text, csv or json.") var format = ReportFormat.text

    func run() throws {
        if format == .text { try writeText() } else { try Terminal.write(parameters.rendered(as: format)) }
    }

    private var parameters: Listing {
        var table = Listing(["policy", "role", "parameter", "default", "min", "max", "summary"])
        for policy in PolicyCatalog.policies {
            for part in policy.parts {
                for parameter in part.parameters {
                    table.append([
                        policy.id, part.role.rawValue, parameter.name, parameter.defaultValue.words,
                        "\(parameter.range.lowerBound)", "\(parameter.range.upperBound)", parameter.summary,
                    ])
                }
            }
        }
        for controller in ControllerCatalog.controllers {
            for parameter in controller.parameters {
                table.append([
                    "semi-pd", "controller \(controller.id)", parameter.name, "\(parameter.defaultValue)",
                    "\(parameter.range.lowerBound)", "\(parameter.range.upperBound)", parameter.summary,
                ])
            }
        }
        return table
    }

    private func writeText() throws {
        for policy in PolicyCatalog.policies {
            try Terminal.say("\(policy.id)\n  \(policy.summary)\n  follows: \(policy.follows)")
            for part in policy.parts {
                for parameter in part.parameters {
                    try Terminal.say(
                        "  \(part.role.rawValue): \(parameter.name) = \(parameter.defaultValue.words)  "
                            + "(\(parameter.range.lowerBound)…\(parameter.range.upperBound))  \(parameter.summary)")
                }
            }
            if policy.roles.contains(.semiPD) { try writeControllers() }
        }
    }

    private func writeControllers() throws {
        for controller in ControllerCatalog.controllers {
            try Terminal.say("  controller \(controller.id): \(controller.summary)\n    follows: \(controller.follows)")
            for parameter in controller.parameters {
                try Terminal.say(
                    "    \(parameter.name) = \(parameter.defaultValue)  "
                        + "(\(parameter.range.lowerBound)…\(parameter.range.upperBound))  \(parameter.summary)")
            }
        }
    }
}

extension PolicyParameter.Default {
    fileprivate var words: String {
        switch self {
        case .always(let value): "\(value)"
        case .bySize(let large, let small): "\(large) on GPUs of 70 GiB and more, \(small) below"
        case .byContext(let least): "the model's positions, \(least) or more"
        }
    }
}
