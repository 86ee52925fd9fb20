internal import Diagnostics
public import Profiles

/// A scenario given wholly by flags, as the tree that a file would have given.
///
/// What a flag sets keeps the flag as its place: file `--model`, line 1, column in the flag's value.
public struct ScenarioBuilder: Sendable {
    public var trace: String?
    public var generate: String?
    public var requests: Int?
    public var rate: Double?
    public var model: String?
    public var device: String?
    public var runtime: String?
    /// Ids of policies, one deployment each.
    public var policies: [String] = []
    /// The flag that gave the policies, for messages.
    public var policiesFlag = "--policies"
    /// Seconds; limits are set only if both are.
    public var ttft: Double?
    public var tpot: Double?
    public var seed: Int?
    public var run: Int?

    public init() {}

    public func scenario() -> YAMLNode {
        let start = SourceLocation(file: "command line", line: 1, column: 1)
        var deployments: [YAMLNode] = []
        var column = 1
        for policy in policies {
            let place = SourceLocation(file: policiesFlag, line: 1, column: column)
            let scalar = YAMLNode(.scalar(policy, isQuoted: false), at: place)
            deployments.append(mapping([("policy", scalar)], at: place))
            column += policy.utf8.count + 1
        }
        let workload = mapping(
            [
                ("trace", scalar(trace, "--trace")), ("generate", scalar(generate, "--generate")),
                ("requests", scalar(requests, "--requests")), ("rate", scalar(rate, "--rate")),
            ], at: start)
        let slo = mapping([("ttft", scalar(ttft, "--ttft")), ("tpot", scalar(tpot, "--tpot"))], at: start)
        return mapping(
            [
                ("workload", workload), ("model", scalar(model, "--model")), ("device", scalar(device, "--device")),
                ("runtime", scalar(runtime, "--runtime")), ("slo", ttft == nil && tpot == nil ? nil : slo),
                ("seed", scalar(seed, "--seed")), ("run", scalar(run, "--run")),
                ("deployments", deployments.isEmpty ? nil : YAMLNode(.sequence(deployments), at: start)),
            ], at: start)
    }

    private func scalar(_ value: (some CustomStringConvertible)?, _ flag: String) -> YAMLNode? {
        value.map {
            YAMLNode(.scalar($0.description, isQuoted: false), at: SourceLocation(file: flag, line: 1, column: 1))
        }
    }

    private func mapping(_ entries: [(String, YAMLNode?)], at place: SourceLocation) -> YAMLNode {
        YAMLNode(
            .mapping(
                entries.compactMap { key, value in
                    value.map { YAMLNode.Entry(key: key, keyLocation: $0.location, value: $0) }
                }), at: place)
    }
}
