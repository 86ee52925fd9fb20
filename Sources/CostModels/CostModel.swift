public import EventKernel

/// Where a predicted number comes from. Ordered from best to worst.
public enum CostProvenance: String, CaseIterable, Sendable, BitwiseCopyable {
    /// Measured at this very point on this device.
    case measured
    /// Linear between measured points.
    case interpolated
    /// Outside the measured hull: the utilisation at its edge, held against the analytic bound.
    case heldUtilisation
    /// A fitted or assumed efficiency against the datasheet bound.
    case analytic
    /// Given by the user as a formula or table.
    case given
}

/// Seconds of simulated time by where their price comes from. Kept inline: there is one for every iteration.
public struct ProvenanceShares: Hashable, Sendable, BitwiseCopyable {
    /// In the order of `CostProvenance.allCases`; the rest is zero.
    private var values = SIMD8<Double>()

    public init() {}

    public init(_ provenance: CostProvenance, seconds value: Double) { self[provenance] = value }

    /// In the order of `CostProvenance.allCases`.
    public var seconds: [Double] { CostProvenance.allCases.map { self[$0] } }

    public subscript(_ provenance: CostProvenance) -> Double {
        get { values[Self.index(provenance)] }
        set { values[Self.index(provenance)] = newValue }
    }

    public static func += (a: inout Self, b: Self) { a.values += b.values }
    /// Every share, times `factor`.
    public static func * (a: Self, factor: Double) -> Self {
        var product = a
        product.values *= factor
        return product
    }

    /// Shares of the whole, or all zero if nothing was added.
    public var fractions: [Double] {
        let seconds = seconds
        let total = seconds.reduce(0, +)
        return total > 0 ? seconds.map { $0 / total } : seconds
    }

    private static func index(_ provenance: CostProvenance) -> Int {
        switch provenance {
        case .measured: 0
        case .interpolated: 1
        case .heldUtilisation: 2
        case .analytic: 3
        case .given: 4
        }
    }
}

/// The work of decode iterations of a fixed number of sequences, linear in Σ context over one segment.
public struct DecodeCostLine: Hashable, Sendable, BitwiseCopyable {
    /// Work at zero context: everything that does not depend on it.
    public var fixed: Work
    /// Work per token of Σ context.
    public var perContextToken: Work
    /// The line holds for Σ context from here …
    public var firstContext: Int
    /// … to here, both included.
    public var lastContext: Int

    public init(fixed: Work, perContextToken: Work, validContext: ClosedRange<Int>) {
        self.fixed = fixed
        self.perContextToken = perContextToken
        firstContext = validContext.lowerBound
        lastContext = validContext.upperBound
    }

    public func work(contextTokens: Int) -> Work {
        Work(units: fixed.units + perContextToken.units * Int64(contextTokens))
    }
}

/// How much each lane of a semi-PD instance is slowed by the other while both run.
public struct LaneSlowdowns: Hashable, Sendable, BitwiseCopyable {
    public var prefill: Slowdown
    public var decode: Slowdown

    public static var none: Self { Self(prefill: .none, decode: .none) }

    public var factors: (prefill: Double, decode: Double) { (prefill.factor, decode.factor) }

    public init(prefill: Slowdown, decode: Slowdown) {
        self.prefill = prefill
        self.decode = decode
    }
}

/// The cost of iterations of one model on one kind of instance (device, tensor and pipeline parallelism, runtime).
///
/// Costs are pure functions of their arguments. They are work, that is, time alone on the given SMs; the simulator
/// stretches work by `slowdowns` while two lanes run side by side.
public protocol CostModel: Sendable {
    /// The work of an iteration with at least one prefill token, alone on `sms` SMs of each GPU.
    func work(of shape: IterationShape, sms: Int) -> Work

    /// The work of decode-only iterations of `sequences` sequences, as a line around Σ context = `contextTokens`.
    /// Lines of neighbouring segments may meet with a small step; each contains the context it was asked for.
    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine

    /// The slowdown of both lanes while a prefill iteration and decode iterations share the GPUs.
    /// `decode` is the shape at the middle of the decode line's segment, so that it changes only with the segment.
    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns

    /// Of the time of an iteration of this shape, the seconds by provenance.
    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares
}
