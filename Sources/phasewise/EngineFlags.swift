internal import CostModels
internal import Scenarios
internal import Simulator

/// The command lines that start an arrangement's engines.
enum EngineFlags {
    /// One line for each kind of instance, to be started as often as it says. Policies that follow a paper rather than a
    /// released engine have no flags; their settings are named instead.
    static func lines(of deployment: ResolvedDeployment, model: String) -> [String] {
        deployment.pools.map { pool in "\(pool.instances) x \(line(of: pool, model: model))" }
    }

    /// Switches take no value: vLLM has a flag for each side, SGLang one that is there or not.
    private static func flag(_ argument: PolicyArgument) -> String? {
        let name = argument.name.split(separator: "_").joined(separator: "-")
        switch argument.name {
        case "enable_prefix_caching": return argument.value == 1 ? "--\(name)" : "--no-\(name)"
        case "disable_radix_cache": return argument.value == 1 ? "--\(name)" : nil
        default: return "--\(name) \(argument.value)"
        }
    }

    private static func line(of pool: ResolvedPool, model: String) -> String {
        let degree = pool.tensorParallelism
        let stages = pool.pipelineParallelism == 1 ? "" : " --pipeline-parallel-size \(pool.pipelineParallelism)"
        let flags = pool.arguments.compactMap(flag).joined(separator: " ")
        let memory = if case .utilization(let share) = pool.memory { share } else { 0.9 }
        switch pool.policy {
        case "vllm-v1", "vllm-0.6":
            return "vllm serve \(model) --tensor-parallel-size \(degree)\(stages)"
                + " --gpu-memory-utilization \(memory) \(flags)"
        case "vllm-0.6-chunked":
            return "vllm serve \(model) --tensor-parallel-size \(degree)\(stages)"
                + " --gpu-memory-utilization \(memory) --enable-chunked-prefill \(flags)"
        case "sglang-0.4.4":
            return "python -m sglang.launch_server --model-path \(model) --tp \(degree)\(stages)"
                + " --mem-fraction-static \(memory) \(flags)"
        default:
            let settings = pool.arguments.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            let partition = pool.partition.map { ", SM caps \($0)" } ?? ""
            return "\(pool.role.rawValue) instance on \(pool.gpusPerInstance) GPUs, \(settings)\(partition)"
                + " (\(pool.policy): flags not modelled)"
        }
    }
}
