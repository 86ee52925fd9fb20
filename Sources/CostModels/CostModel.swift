public import EventKernel

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

    /// Where everything is asked for that is the same for all iterations of a line.
    public var middleContext: Int { (firstContext + lastContext) / 2 }

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

/// An iteration's price, and what it rests on.
public struct IterationPrice: Sendable, BitwiseCopyable {
    public var work: Work
    public var provenance: ProvenanceShares
    /// Of its kernels, where the model found that on the way and would ask for it again to say what lanes do to each other.
    public var kernelSeconds: Double?

    public init(work: Work, provenance: ProvenanceShares, kernelSeconds: Double? = nil) {
        self.work = work
        self.provenance = provenance
        self.kernelSeconds = kernelSeconds
    }
}

/// The same of a line, at its middle.
public struct DecodeLinePrice: Sendable, BitwiseCopyable {
    public var line: DecodeCostLine
    public var provenance: ProvenanceShares
    public var kernelSeconds: Double?

    public init(line: DecodeCostLine, provenance: ProvenanceShares, kernelSeconds: Double? = nil) {
        self.line = line
        self.provenance = provenance
        self.kernelSeconds = kernelSeconds
    }
}

/// What a lane runs, as the lane beside it feels it.
public struct LaneLoad: Sendable, BitwiseCopyable {
    /// For decodes at the middle of their line.
    public var shape: IterationShape
    /// As the price of the shape had it.
    public var kernelSeconds: Double?

    public init(shape: IterationShape, kernelSeconds: Double?) {
        self.shape = shape
        self.kernelSeconds = kernelSeconds
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

    /// Of the time of an iteration of this shape, the seconds by provenance. Decodes are asked for at the middle of their
    /// cost line, so that all iterations of a line rest on the same.
    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares

    /// Work and provenance of an iteration with at least one prefill token, for models that add up the same for both.
    func price(of shape: IterationShape, sms: Int) -> IterationPrice

    /// The same of a line: what it rests on at its middle.
    func linePrice(sequences: Int, contextTokens: Int, sms: Int) -> DecodeLinePrice

    /// The slowdowns of lanes whose iterations have been priced: the same as of their shapes.
    func slowdowns(prefill: LaneLoad, decode: LaneLoad, partition: SMPartition) -> LaneSlowdowns

    /// What every price rests on, or `nil` if that depends on the iteration and `provenance(of:sms:)` is to be asked.
    var uniformProvenance: CostProvenance? { get }
}

extension CostModel {
    public var uniformProvenance: CostProvenance? { nil }

    public func price(of shape: IterationShape, sms: Int) -> IterationPrice {
        IterationPrice(work: work(of: shape, sms: sms), provenance: provenance(of: shape, sms: sms))
    }

    public func linePrice(sequences: Int, contextTokens: Int, sms: Int) -> DecodeLinePrice {
        let line = decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
        let middle = IterationShape.decode(sequences: sequences, contextTokens: line.middleContext)
        return DecodeLinePrice(line: line, provenance: provenance(of: middle, sms: sms))
    }

    public func slowdowns(prefill: LaneLoad, decode: LaneLoad, partition: SMPartition) -> LaneSlowdowns {
        slowdowns(prefill: prefill.shape, decode: decode.shape, partition: partition)
    }
}
