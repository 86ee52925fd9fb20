internal import CostModels
internal import EventKernel

/// A cost model in one place. Whoever asks an `any CostModel` copies it first, for every price, and a model that holds
/// tables is kilobytes long; of this one the copy is a pointer.
final class SharedCostModel<Base: CostModel>: CostModel {
    private let base: Base

    init(_ base: Base) { self.base = base }

    @inline(__always)
    func work(of shape: IterationShape, sms: Int) -> Work { base.work(of: shape, sms: sms) }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        base.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        base.slowdowns(prefill: prefill, decode: decode, partition: partition)
    }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares { base.provenance(of: shape, sms: sms) }

    func price(of shape: IterationShape, sms: Int) -> IterationPrice { base.price(of: shape, sms: sms) }

    func linePrice(sequences: Int, contextTokens: Int, sms: Int) -> DecodeLinePrice {
        base.linePrice(sequences: sequences, contextTokens: contextTokens, sms: sms)
    }

    func slowdowns(prefill: LaneLoad, decode: LaneLoad, partition: SMPartition) -> LaneSlowdowns {
        base.slowdowns(prefill: prefill, decode: decode, partition: partition)
    }

    var uniformProvenance: CostProvenance? { base.uniformProvenance }
}

extension CostModel {
    /// This model behind one pointer.
    var shared: any CostModel { type(of: self) is AnyClass ? self : SharedCostModel(self) }
}
