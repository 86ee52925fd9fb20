/// Workloads by name.
public enum WorkloadPreset: String, CaseIterable, Sendable {
    case azureConv = "azure-conv"
    case azureCode = "azure-code"
    case mooncakeConversation = "mooncake-conversation"
    case burstGPT = "burstgpt"
    case shareGPT = "sharegpt"
    case shareGPTPaper = "sharegpt-paper"
    case longBenchPaper = "longbench-paper"

    /// One line for a list of presets.
    public var summary: String {
        switch self {
        case .azureConv: "chat, in the shape of Azure LLM inference 2023 conv: 5.6 requests/s, 1155 tokens in, 211 out"
        case .azureCode:
            "code completion, in the shape of Azure LLM inference 2023 code: 2.5 requests/s, 2048 in, 28 out"
        case .mooncakeConversation:
            "long-context chat, in the shape of Mooncake's conversation trace: 3.4 requests/s, 12035 tokens in, 343 out"
        case .burstGPT: "a service over the day, in the shape of BurstGPT: 0.3 requests/s, 544 tokens in, 289 out"
        case .shareGPT: "first turns of ShareGPT: Poisson at 8 requests/s, 246 tokens in, 326 out"
        case .shareGPTPaper: "ShareGPT as the semi-PD paper uses it: Poisson, 251 tokens in, 200 out"
        case .longBenchPaper: "LongBench as the semi-PD paper uses it: Poisson, 1992 tokens in, 397 out"
        }
    }

    public var model: WorkloadModel {
        switch self {
        case .azureConv: .azureConv
        case .azureCode: .azureCode
        case .mooncakeConversation: .mooncakeConversation
        case .burstGPT: .burstGPT
        case .shareGPT: .shareGPT
        case .shareGPTPaper: .shareGPTPaper
        case .longBenchPaper: .longBenchPaper
        }
    }
}

extension WorkloadModel {
    /// The paper (arXiv 2504.19867) states the mean prompt of 251 tokens; its client keeps prompts of 4…1024 tokens. The
    /// spread of prompts is inferred from its latencies, a P90 of 626; mu solves for the mean after filtering. Of outputs,
    /// the mean of 200 is inferred by Little's law, and that six in ten are replies and the others prompts by its
    /// decode alone (`PhaseAloneEvidence`), which leaves 50 to 70 % open. The rate is the lowest of its plots.
    static var shareGPTPaper: WorkloadModel {
        WorkloadModel(
            name: "sharegpt-paper", arrivals: .poisson(rate: 10.5),
            promptTokens: .logNormal(mu: 5.3238, sigma: 1.4, kept: 4...1024),
            outputTokens: .shareGPTTurns(replies: 0.6, mean: 200))
    }

    /// The paper gives no statistics. Its client forces the output to the task's limit, so that outputs take a few
    /// values; the limit of 4096 tokens is its example's. The means, 1992 and 397 tokens, are those of a few tried at which
    /// prefill and decode alone, as DistServe runs them, come closest to its latencies (Fig. 12b).
    static var longBenchPaper: WorkloadModel {
        WorkloadModel(
            name: "longbench-paper", arrivals: .poisson(rate: 1),
            promptTokens: .logNormal(mu: 7.8, sigma: 0.8, kept: 64...4096),
            outputTokens: .resampled([128, 128, 128, 512, 512, 512, 512, 512, 512, 512]))
    }
}
