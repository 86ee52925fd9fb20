/// What a serving engine adds to the time of its kernels: work of its host, padding of its CUDA graphs, memory of its own.
public struct RuntimeProfile: Hashable, Sendable {
    /// What an iteration costs beyond the kernels of the efficiency profile: serial + max(factor·kernels, hidden), host
    /// times being constant + per sequence.
    public struct Overhead: Hashable, Sendable {
        /// The engine's kernels relative to those of the efficiency profile, by rows of the matrix products.
        public var kernelFactor: Curve
        /// Runs while the GPU works and shows only where the GPU is faster, such as launching kernels.
        public var hiddenSeconds: Double
        public var hiddenSecondsPerSequence: Double
        /// The GPU waits for it.
        public var serialSeconds: Double
        public var serialSecondsPerSequence: Double

        public static let none = Overhead()

        public init(
            kernelFactor: Curve = .constant(1), hiddenSeconds: Double = 0, hiddenSecondsPerSequence: Double = 0,
            serialSeconds: Double = 0,
            serialSecondsPerSequence: Double = 0
        ) {
            self.kernelFactor = kernelFactor
            self.hiddenSeconds = hiddenSeconds
            self.hiddenSecondsPerSequence = hiddenSecondsPerSequence
            self.serialSeconds = serialSeconds
            self.serialSecondsPerSequence = serialSecondsPerSequence
        }

        public func hidden(sequences: Int) -> Double { hiddenSeconds + hiddenSecondsPerSequence * Double(sequences) }
        public func serial(sequences: Int) -> Double { serialSeconds + serialSecondsPerSequence * Double(sequences) }
    }

    /// Batch sizes that decode was captured at as CUDA graphs: a batch is padded to the next one.
    public struct GraphBatches: Hashable, Sendable {
        /// Sizes below the first multiple of `step`, ascending.
        public var small: [Int]
        public var step: Int
        /// The largest size captured; larger batches run without a graph and without padding.
        public var limit: Int

        public init(small: [Int], step: Int, limit: Int) {
            self.small = small
            self.step = step
            self.limit = limit
        }

        public func padded(_ sequences: Int) -> Int {
            if sequences > limit { return sequences }
            if let size = small.first(where: { $0 >= sequences }) { return size }
            return min(limit, (sequences + step - 1) / step * step)
        }
    }

    public var id: String
    public var name: String
    /// Iterations with at least one prompt token.
    public var prefill: Overhead
    /// Decode-only iterations.
    public var decode: Overhead
    public var graphBatches: GraphBatches?
    /// Fraction of the device's memory that the engine lets itself use.
    public var memoryUtilisation: Double
    /// Bytes that each process keeps for itself on each GPU: CUDA context, graphs, workspaces.
    public var reserveBytesPerProcess: Int

    /// Kernels only: no host cost, no padding. As the profile file of that name.
    public static let ideal = RuntimeProfile(
        id: "ideal", name: "kernels only", prefill: .none, decode: .none, graphBatches: nil, memoryUtilisation: 0.9,
        reserveBytesPerProcess: 0)

    public init(
        id: String, name: String, prefill: Overhead, decode: Overhead, graphBatches: GraphBatches?,
        memoryUtilisation: Double, reserveBytesPerProcess: Int
    ) {
        self.id = id
        self.name = name
        self.prefill = prefill
        self.decode = decode
        self.graphBatches = graphBatches
        self.memoryUtilisation = memoryUtilisation
        self.reserveBytesPerProcess = reserveBytesPerProcess
    }

    public func paddedDecode(_ sequences: Int) -> Int { graphBatches?.padded(sequences) ?? sequences }
}
