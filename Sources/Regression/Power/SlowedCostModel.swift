internal import CostModels
internal import EventKernel

/// The costs of another model, a little higher.
struct SlowedCostModel: CostModel {
    private let base: any CostModel
    private let prefill: Double
    private let decode: Double
    private let added: Work
    private let interference: Double

    init(
        _ base: any CostModel, prefill: Double = 1, decode: Double = 1, addedSeconds: Double = 0,
        interference: Double = 1
    ) {
        self.base = base
        self.prefill = prefill
        self.decode = decode
        added = Work(rounding: addedSeconds)
        self.interference = interference
    }

    func work(of shape: IterationShape, sms: Int) -> Work {
        Self.scaled(base.work(of: shape, sms: sms), prefill, added)
    }

    func decodeLine(sequences: Int, contextTokens: Int, sms: Int) -> DecodeCostLine {
        var line = base.decodeLine(sequences: sequences, contextTokens: contextTokens, sms: sms)
        line.fixed = Self.scaled(line.fixed, decode, added)
        line.perContextToken = Self.scaled(line.perContextToken, decode, Work(units: 0))
        return line
    }

    func slowdowns(prefill: IterationShape, decode: IterationShape, partition: SMPartition) -> LaneSlowdowns {
        let slowdowns = base.slowdowns(prefill: prefill, decode: decode, partition: partition)
        return LaneSlowdowns(
            prefill: Slowdown(rounding: slowdowns.prefill.factor * interference),
            decode: Slowdown(rounding: slowdowns.decode.factor * interference))
    }

    func provenance(of shape: IterationShape, sms: Int) -> ProvenanceShares { base.provenance(of: shape, sms: sms) }

    private static func scaled(_ work: Work, _ factor: Double, _ added: Work) -> Work {
        Work(units: Int64((Double(work.units) * factor).rounded()) + added.units)
    }
}
