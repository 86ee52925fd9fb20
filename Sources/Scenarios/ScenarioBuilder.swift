public import Diagnostics
public import Profiles

/// What flags say of a scenario: all of one, or changes of what a file says.
///
/// What a flag sets keeps the flag as its place: file `--model`, line 1, column in the flag's value.
public struct ScenarioBuilder: Sendable {
    /// Takes the place of a generator, and the reverse.
    public var trace: String?
    public var generate: String?
    public var requests: Int?
    public var rate: Double?
    public var arrivals: String?
    public var model: String?
    public var device: String?
    public var runtime: String?
    public var costModel: String?
    /// Ids of policies, one deployment each, which take the place of a file's deployments; empty to keep those.
    public var policies: [String] = []
    /// The flag that gave the policies, for messages.
    public var policiesFlag = "--policies"
    /// Seconds.
    public var ttft: Double?
    public var tpot: Double?
    public var seed: Int?
    public var run: Int?
    public var equal: String?

    public init() {}

    /// The scenario that the flags alone describe.
    public func scenario() throws(InputError) -> YAMLNode {
        var root = YAMLNode(.mapping([]), at: SourceLocation(file: "command line", line: 1, column: 1))
        try change(&root)
        return root
    }

    /// Puts what the flags say in the place of what a scenario says, before anything is checked.
    ///
    /// - Throws: where the scenario has something else than the mapping that a flag's value belongs into.
    public func change(_ root: inout YAMLNode) throws(InputError) {
        if trace != nil {
            try root.set(nil, at: "workload.generate", flag: "--trace")
            try root.set(nil, at: "workload.format", flag: "--trace")
        } else if generate != nil {
            try root.set(nil, at: "workload.trace", flag: "--generate")
            try root.set(nil, at: "workload.format", flag: "--generate")
        }
        let values: [(String?, key: String, flag: String)] = [
            (trace, "workload.trace", "--trace"), (generate, "workload.generate", "--generate"),
            (requests.map(String.init), "workload.requests", "--requests"),
            (rate.map(decimal), "workload.rate", "--rate"), (arrivals, "workload.arrivals", "--arrivals"),
            (model, "model", "--model"), (device, "device", "--device"), (runtime, "runtime", "--runtime"),
            (costModel, "cost_model", "--cost-model"),
            (ttft.map(decimal), "slo.ttft", "--ttft"), (tpot.map(decimal), "slo.tpot", "--tpot"),
            (seed.map(String.init), "seed", "--seed"), (run.map(String.init), "run", "--run"),
            (equal, "equal", "--equal"),
        ]
        for (value, key, flag) in values {
            guard let value else { continue }
            let place = SourceLocation(file: flag, line: 1, column: 1)
            try root.set(YAMLNode(.scalar(value, isQuoted: false), at: place), at: key, flag: flag)
        }
        if !policies.isEmpty { try root.set(deployments, at: "deployments", flag: policiesFlag) }
    }

    private var deployments: YAMLNode {
        var deployments: [YAMLNode] = []
        var column = 1
        for policy in policies {
            let place = SourceLocation(file: policiesFlag, line: 1, column: column)
            let name = YAMLNode(.scalar(policy, isQuoted: false), at: place)
            deployments.append(
                YAMLNode(.mapping([.init(key: "policy", keyLocation: place, value: name)]), at: place))
            column += policy.utf8.count + 1
        }
        return YAMLNode(.sequence(deployments), at: SourceLocation(file: policiesFlag, line: 1, column: 1))
    }
}

/// As people write it: without ".0".
private func decimal(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
