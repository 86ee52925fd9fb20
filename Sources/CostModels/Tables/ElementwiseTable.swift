#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Kernels between the matrix products, timed over tokens with their inputs just written, by width and number of SMs.
public struct ElementwiseTable: Hashable, Sendable {
    /// Those of an iteration of a dense decoder.
    public enum Kernel: String, CaseIterable, Sendable {
        case embedding
        /// Norm fused with the addition of the residual.
        case addRMSNorm = "add_rms_norm"
        /// Rotary embedding and the write of K and V; its width is that of Q, K and V together.
        case rotaryAndCache = "rotary_and_cache"
        case siluMultiply = "silu_multiply"
        /// Greedy sampling; its width is the vocabulary.
        case argmax
    }

    public struct Line: Hashable, Sendable {
        public var kernel: Kernel
        public var width: Int
        public var sms: Int
        /// Seconds by tokens.
        public var curve: MeasuredCurve

        public init(kernel: Kernel, width: Int, sms: Int, curve: MeasuredCurve) {
            self.kernel = kernel
            self.width = width
            self.sms = sms
            self.curve = curve
        }

        fileprivate var key: (String, Int, Int) { (kernel.rawValue, width, sms) }
    }

    /// Sorted by kernel, width and SMs.
    public let lines: [Line]

    public init(lines: [Line]) { self.lines = lines.sorted { $0.key < $1.key } }

    /// Seconds by tokens. For a width that was not measured: the nearest one with as many bytes. `nil` if the kernel was
    /// not measured at all.
    public func curve(_ kernel: Kernel, width: Int, sms: Int) -> MeasuredCurve? {
        let lines = lines.filter { $0.kernel == kernel }
        let widths = Set(lines.map(\.width)).sorted()
        let nearest = widths.min {
            abs(log2(Double($0) / Double(width))) < abs(log2(Double($1) / Double(width)))
        }
        guard let nearest else { return nil }
        let known = lines.filter { $0.width == nearest }
        let curve = SMPosition(of: sms, among: known.map(\.sms)).blend(known.map(\.curve))
        if nearest == width { return curve }
        let ratio = Double(nearest) / Double(width)
        return MeasuredCurve(
            sizes: curve.sizes.map { $0 * ratio }, seconds: curve.seconds,
            origin: curve.origin.worse(.heldUtilisation))
    }
}

/// All-reduce inside a CUDA graph, timed over bytes, by number of GPUs.
public struct AllReduceTable: Hashable, Sendable {
    public struct Line: Hashable, Sendable {
        public var ranks: Int
        /// Seconds by bytes of the message.
        public var curve: MeasuredCurve

        public init(ranks: Int, curve: MeasuredCurve) {
            self.ranks = ranks
            self.curve = curve
        }
    }

    /// By ranks ascending.
    public let lines: [Line]

    public init(lines: [Line]) { self.lines = lines.sorted { $0.ranks < $1.ranks } }

    public func curve(ranks: Int) -> MeasuredCurve? { lines.first { $0.ranks == ranks }?.curve }
}
