public import CostModels
public import Simulator

/// A number that a policy takes: its name as in the engine's own flags, bounds, default, and what it does.
public struct PolicyParameter: Hashable, Sendable {
    public enum Meaning: Hashable, Sendable {
        /// Tokens of one iteration, decoded and prefilled.
        case tokenBudget
        /// Prompt tokens of one iteration, whatever decodes.
        case prefillBudget
        /// The same of a decode instance that takes prompts.
        case mixedPrefillBudget
        /// Sequences in the running set.
        case sequenceLimit
        /// Tokens of a KV block.
        case blockSize
        /// 1 where the KV of prompts is kept for later requests that begin alike, 0 where not; and the reverse.
        case prefixCaching
        case noPrefixCaching
    }

    public enum Default: Hashable, Sendable {
        case always(Int)
        /// vLLM's rule: more on parts with at least 70 GiB that are not A100s.
        case bySize(large: Int, small: Int)
        /// The positions that the model has, but no fewer than this: a whole prompt must fit.
        case byContext(least: Int)
    }

    public var name: String
    public var meaning: Meaning
    public var defaultValue: Default
    public var range: ClosedRange<Int>
    public var summary: String

    /// `model` is `nil` where it could not be read; what depends on it is then the least possible.
    public func defaultValue(on device: DeviceProfile, for model: ModelArchitecture?) -> Int {
        switch defaultValue {
        case .always(let value): return value
        case .bySize(let large, let small):
            let isLarge = device.memoryBytes >= 70 << 30 && !device.name.lowercased().contains("a100")
            return isLarge ? large : small
        case .byContext(let least): return max(least, model?.maxPositions ?? least)
        }
    }
}

/// A serving policy that scenarios can name: what it is, whose behaviour it follows, and what can be set.
public struct PolicyDescription: Hashable, Sendable {
    /// What one role of the policy takes. Policies with two roles serve from two pools.
    public struct Part: Hashable, Sendable {
        public var role: PoolRole
        public var parameters: [PolicyParameter]
    }

    public var id: String
    public var summary: String
    /// The engine release whose behaviour and defaults it follows.
    public var follows: String
    public var parts: [Part]

    public var roles: [PoolRole] { parts.map(\.role) }

    public func part(_ role: PoolRole) -> Part? { parts.first { $0.role == role } }
}

/// All policies, in the order in which they are listed.
public enum PolicyCatalog {
    public static let policies =
        [vllmV1, vllm06, vllm06Chunked, sarathi, sglang, orca, fasterTransformer, prefillFirst] + [
            distServe, splitwise, semiPD,
        ]

    public static var ids: [String] { policies.map(\.id) }

    public static func policy(_ id: String) -> PolicyDescription? { policies.first { $0.id == id } }

    // 512 sequences: the cap of every system in the semi-PD paper's comparison (arXiv 2504.19867, section 7.1).
    static let distServe = PolicyDescription(
        id: "distserve",
        summary:
            "disaggregated: whole prompts first come, first served on one pool; decode pulls their KV when it has room",
        follows: "DistServe (OSDI 2024), limits as in the semi-PD paper",
        parts: [
            .init(role: .prefill, parameters: [prefillBudget, sequences, blockSize, prefixCaching]),
            .init(role: .decode, parameters: [sequences, blockSize]),
        ])

    // 2048 prompt tokens an iteration: the paper's machine-level scheduler stops there.
    static let splitwise = PolicyDescription(
        id: "splitwise",
        summary:
            "disaggregated: KV is pushed layer by layer beside prefill; decode instances take prompts where prefill is full",
        follows: "Splitwise (ISCA 2024)",
        parts: [
            .init(
                role: .prefill,
                parameters: [
                    PolicyParameter(
                        name: "max_prefill_tokens", meaning: .tokenBudget, defaultValue: .always(2048),
                        range: 1...1_048_576, summary: "tokens of one prefill iteration"), sequences, blockSize,
                ]),
            .init(
                role: .decode,
                parameters: [
                    PolicyParameter(
                        name: "max_prefill_tokens", meaning: .mixedPrefillBudget, defaultValue: .always(2048),
                        range: 1...1_048_576, summary: "prompt tokens of an iteration while it mixes"), sequences,
                    blockSize,
                ]),
        ])

    static let semiPD = PolicyDescription(
        id: "semi-pd",
        summary: "semi-PD: prefill and decode as two asynchronous workers on shares of the SMs of the same GPUs",
        follows: "Semi-PD (arXiv 2504.19867) on DistServe",
        parts: [.init(role: .semiPD, parameters: [prefillBudget, sequences, blockSize, prefixCaching])])

    private static let prefillBudget = PolicyParameter(
        name: "max_prefill_tokens", meaning: .tokenBudget, defaultValue: .always(8192), range: 1...1_048_576,
        summary: "tokens of one prefill iteration")
    // DistServe has none, and semi-PD on SGLang turns it off: engines that came after them have it where they prefill.
    private static let prefixCaching = PolicyParameter(
        name: "enable_prefix_caching", meaning: .prefixCaching, defaultValue: .always(0), range: 0...1,
        summary: "1 keeps the KV of prompts whose ids of blocks the trace has")
    private static let sequences = sequenceLimit("max_num_seqs", 512)

    static func sequenceLimit(_ name: String, _ value: Int) -> PolicyParameter {
        PolicyParameter(
            name: name, meaning: .sequenceLimit, defaultValue: .always(value), range: 1...65_536,
            summary: "requests running at once")
    }

    static let blockSize = PolicyParameter(
        name: "block_size", meaning: .blockSize, defaultValue: .always(16), range: 1...1024,
        summary: "tokens of a KV block")
}
