import CostModels
import EventKernel
import Simulator
import Synchronization
import Workloads

/// What a policy decided in every iteration, in order.
final class BatchLog: Sendable {
    private let lines = Mutex<[String]>([])
    /// Times that the policy ran nothing although a request was in the instance.
    private let idles = Mutex(0)

    var batches: [String] { lines.withLock { $0 } }
    var idleCount: Int { idles.withLock { $0 } }

    func note(_ instance: borrowing Instance, preemptionsBefore: Int) {
        let shape = instance.batch.shape
        let preempted = instance.preemptionCount - preemptionsBefore
        var words: [String] = []
        if shape.prefillTokens > 0 {
            words.append("p\(shape.prefillSequences):\(shape.prefillTokens) c\(shape.prefillCompletions)")
        }
        if shape.decodeSequences > 0 { words.append("d\(shape.decodeSequences):\(shape.decodeContextTokens)") }
        if preempted > 0 { words.append("!\(preempted)") }
        if !shape.isEmpty {
            lines.withLock { $0.append(words.joined(separator: " ")) }
        } else if instance.waitingCount + instance.prefillingCount + instance.decodingCount > 0 {
            idles.withLock { $0 += 1 }
        }
    }
}

/// Runs another policy and notes its batches: `p` chunks`:`tokens `c` prompts that are complete with it, `d`
/// sequences`:`Σ context, `!` requests preempted on the way.
struct ObservedPolicy: SchedulingPolicy {
    var policy: any SchedulingPolicy
    let log: BatchLog

    var repeatsDecode: Bool { policy.repeatsDecode }

    mutating func schedule(_ instance: inout Instance) {
        let preemptionsBefore = instance.preemptionCount
        policy.schedule(&instance)
        log.note(instance, preemptionsBefore: preemptionsBefore)
    }
}

/// The batches of one instance whose iterations take 1,000 ns each; requests are (arrival in ns, prompt, output).
func batches(
    of policy: any SchedulingPolicy, maxSequences: Int = 64, maxBatchedTokens: Int = 2_048, blocks: Int = 1_000,
    blockSize: Int = 16, _ requests: [(arrival: Int64, prompt: Int, output: Int)]
) throws -> [String] {
    let log = BatchLog()
    let work = Work(rounding: 1e-6)
    var configuration = SimulationConfiguration(pools: [
        pool(
            .unified, model: ConstantCostModel(prefill: work, decode: work), blocks: blocks, blockSize: blockSize,
            maxSequences: maxSequences, maxBatchedTokens: maxBatchedTokens,
            unifiedPolicy: ObservedPolicy(policy: policy, log: log))
    ])
    configuration.stepByStep = true
    configuration.checksInvariants = true
    let trace = Trace(
        requests: requests.enumerated().map { index, request in
            Request(
                index: index, arrival: SimulationTime(nanoseconds: request.arrival), promptTokens: request.prompt,
                outputTokens: request.output)
        }, provenance: .init(source: "by hand", format: "generated"))
    _ = try simulate(configuration, trace)
    return log.batches
}
