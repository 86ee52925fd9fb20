/// GPUs, and how they serve: one point of a capacity plan's search space.
public struct Arrangement: Hashable, Sendable {
    /// How the instances share the two phases.
    public enum Sharing: Hashable, Sendable {
        /// Every instance does both, or both side by side on caps of the SMs in percent.
        case together(partition: Partition?)
        /// So large a share of the instances prefills, the others decode; at least one of each.
        case apart(prefillShare: Double)
    }

    public struct Partition: Hashable, Sendable {
        public var prefillPercent: Int
        public var decodePercent: Int

        public init(prefillPercent: Int, decodePercent: Int) {
            self.prefillPercent = prefillPercent
            self.decodePercent = decodePercent
        }
    }

    /// A parameter of a policy with its value; `nil` values are the policy's defaults and not in the list.
    public struct Setting: Hashable, Sendable {
        public var name: String
        public var value: Int

        public init(name: String, value: Int) {
            self.name = name
            self.value = value
        }
    }

    public var device: String
    public var policy: String
    public var tensorParallelism: Int
    /// Stages of an instance, each on as many GPUs as tensor parallelism says.
    public var pipelineParallelism = 1
    public var sharing: Sharing
    public var settings: [Setting]
    public var instances: Int

    public init(
        device: String, policy: String, tensorParallelism: Int, sharing: Sharing, settings: [Setting], instances: Int
    ) {
        self.device = device
        self.policy = policy
        self.tensorParallelism = tensorParallelism
        self.sharing = sharing
        self.settings = settings
        self.instances = instances
    }

    public var gpusPerInstance: Int { tensorParallelism * pipelineParallelism }
    public var gpus: Int { instances * gpusPerInstance }
    /// In a few words.
    public var parallelism: String {
        "TP \(tensorParallelism)" + (pipelineParallelism > 1 ? " PP \(pipelineParallelism)" : "")
    }

    /// What tells alternatives from variants of one.
    var kind: [String] { [device, policy, parallelism] }

    /// Instances that prefill only; `nil` where all do both.
    public var prefillInstances: Int? {
        guard case .apart(let share) = sharing else { return nil }
        return min(max(1, Int((Double(instances) * share).rounded())), instances - 1)
    }

    public var leastInstances: Int { if case .apart = sharing { 2 } else { 1 } }

    /// In a few words, for tables.
    public var name: String {
        var words = "\(instances) x \(device) \(parallelism), \(policy)"
        if let prefill = prefillInstances { words += " \(prefill)P:\(instances - prefill)D" }
        if case .together(let partition?) = sharing {
            words += " (\(partition.prefillPercent) %, \(partition.decodePercent) %)"
        }
        return settings.reduce(words) { $0 + ", \($1.name) \($1.value)" }
    }

    /// The arrangement as the `deployments` of a scenario, on one line of YAML.
    public var deploymentsText: String {
        var keys = ["name: arrangement", "policy: \(policy)", "device: \(device)", "tp: \(tensorParallelism)"]
        if pipelineParallelism > 1 { keys.append("pp: \(pipelineParallelism)") }
        let parameters = "{" + settings.map { "\($0.name): \($0.value)" }.joined(separator: ", ") + "}"
        if let prefill = prefillInstances {
            keys += ["prefill_instances: \(prefill)", "decode_instances: \(instances - prefill)"]
            // Limits of an iteration's prompts belong to the prefill pool, limits of sequences to both.
            let shared = settings.filter { $0.name == "max_num_seqs" }.map { "\($0.name): \($0.value)" }
            keys.append("parameters: {prefill: \(parameters), decode: {\(shared.joined(separator: ", "))}}")
        } else {
            keys += ["instances: \(instances)", "parameters: \(parameters)"]
        }
        if case .together(let partition?) = sharing {
            keys.append("partition: [\(partition.prefillPercent), \(partition.decodePercent)]")
        }
        return "[{\(keys.joined(separator: ", "))}]"
    }

    /// The same with another number of instances.
    public func with(instances: Int) -> Arrangement {
        var other = self
        other.instances = instances
        return other
    }
}
