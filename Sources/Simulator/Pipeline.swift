public import CostModels
public import EventKernel

/// Pipeline parallelism: the layers of a model divided over stages with GPUs of their own.
///
/// An instance of P stages is P *virtual engines*, each with a batch in flight. A virtual engine forms its next batch when
/// the last one has left the last stage, and batches go through the stages in the order in which they were formed, one at a
/// time in each. So P batches fill the pipeline, and what is missing or unequal shows as a bubble. Assumed: hidden states
/// wait in a buffer where the next stage is busy.
public struct PipelineStages: Sendable {
    /// What virtual engines have in common.
    public enum Scheduling: Hashable, Sendable {
        /// Nothing: each has a scheduler, a queue, the policy's limits and an equal part of the KV blocks (vLLM 0.6,
        /// `LLMEngine` with `pipeline_parallel_size` schedulers, `BlockSpaceManager` with its part of the blocks for each).
        case separate
        /// A scheduler, a queue, one limit of sequences and all KV blocks (vLLM V1, `EngineCore.step_with_batch_queue`): as
        /// long as fewer than P batches are in flight the next is formed of those whose last has come back, and of waiting
        /// ones. Requests of a batch stay together. Of unified pools only.
        case shared
    }

    /// Layers of each stage, first to last.
    public let layers: [Int]
    /// Prices an iteration of a model with the layers of the last stage alone. What does not grow with the layers, the LM
    /// head, sampling and the work of the host, then belongs to that stage. `nil` divides all of it by the layers.
    public var lastStage: (any CostModel)?
    /// Hidden states that each token sends from one stage to the next, over how fast a link.
    public var bytesPerToken: Int
    public var bytesPerSecond: Double
    /// Of each sending.
    public var latency: SimulationDuration
    public var scheduling = Scheduling.separate

    /// - Precondition: at least one stage, and a layer in each.
    public init(
        layers: [Int], lastStage: (any CostModel)? = nil, bytesPerToken: Int = 0, bytesPerSecond: Double = 1,
        latency: SimulationDuration = .zero
    ) {
        precondition(!layers.isEmpty && layers.allSatisfy { $0 > 0 }, "stages of \(layers) layers")
        self.layers = layers
        self.lastStage = lastStage
        self.bytesPerToken = bytesPerToken
        self.bytesPerSecond = bytesPerSecond
        self.latency = latency
    }

    public var count: Int { layers.count }

    /// Layers divided evenly, the first stages having one more of those that are left over.
    /// - Precondition: no more stages than layers.
    public static func even(layers: Int, stages: Int) -> [Int] {
        precondition((1...layers).contains(stages), "\(layers) layers on \(stages) stages")
        return (0..<stages).map { layers / stages + ($0 < layers % stages ? 1 : 0) }
    }

    /// How long an iteration keeps each stage, the sending of its hidden states to the next one included. Whole
    /// nanoseconds, rounded up in each stage.
    ///
    /// - Parameter work: of all layers and what does not grow with them.
    func durations(of shape: IterationShape, work: Work, sms: Int) -> [SimulationDuration] {
        let all = layers.reduce(0, +)
        let last = lastStage.map { min($0.price(of: shape, sms: sms), work) } ?? part(work, layers[count - 1], of: all)
        let before = work - last
        let sending =
            latency + SimulationDuration(rounding: Double(shape.tokens * bytesPerToken) / bytesPerSecond)
        var durations: [SimulationDuration] = []
        var (done, spent) = (0, Work.zero)
        for count in layers.dropLast() {
            done += count
            let until = part(before, done, of: all - layers[self.count - 1])
            durations.append(Slowdown.none.duration(of: until - spent) + sending)
            spent = until
        }
        return durations + [Slowdown.none.duration(of: last)]
    }

    private func part(_ work: Work, _ layers: Int, of all: Int) -> Work {
        Work(units: Int64(Int128(work.units) * Int128(layers) / Int128(all)))
    }
}

extension CostModel {
    /// The work of an iteration of any shape.
    fileprivate func price(of shape: IterationShape, sms: Int) -> Work {
        if !shape.isDecodeOnly { return work(of: shape, sms: sms) }
        let (sequences, context) = (shape.decodeSequences, shape.decodeContextTokens)
        return decodeLine(sequences: sequences, contextTokens: context, sms: sms).work(contextTokens: context)
    }
}

/// When each stage of one instance is free again.
struct PipelineTimetable: Sendable {
    private var free: [SimulationTime]

    init(stages: Int) { free = Array(repeating: .zero, count: stages) }

    /// Puts a batch behind those that are in the stages. Returns when it leaves the last one.
    mutating func enter(_ durations: [SimulationDuration], at now: SimulationTime) -> SimulationTime {
        var time = now
        for (stage, duration) in durations.enumerated() {
            time = max(time, free[stage]) + duration
            free[stage] = time
        }
        return time
    }

    /// The instance has lost what was in it.
    mutating func clear() { free = Array(repeating: .zero, count: free.count) }
}
