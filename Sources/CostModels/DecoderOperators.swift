/// The operators of one forward pass of a dense decoder on one GPU of a tensor-parallel group.
struct DecoderOperators: Sendable {
    let layers: Double
    let queryKeyValue: MatrixProduct
    let attentionOutput: MatrixProduct
    let gateUp: MatrixProduct
    let down: MatrixProduct
    let languageHead: MatrixProduct
    let attention: AttentionOperator
    let embedding: ElementwiseOperator
    /// Norm fused with the addition of the residual, twice a layer, and once at the end.
    let norm: ElementwiseOperator
    let rotary: ElementwiseOperator
    let activation: ElementwiseOperator
    let sampling: ElementwiseOperator
    /// Twice a layer; `nil` on one GPU.
    let allReduce: AllReduceOperator?

    init(
        model: ModelArchitecture, device: DeviceProfile, efficiency: EfficiencyProfile, tensorParallelism tp: Int
    ) throws(CostModelError) {
        try Self.check(model, tensorParallelism: tp)
        let heads = model.heads / tp
        // With more GPUs than KV heads every GPU keeps a copy of one.
        let keyValueHeads = max(1, model.keyValueHeads / tp)
        func product(_ outputs: Int, _ inputs: Int) -> MatrixProduct {
            MatrixProduct(outputs: outputs, inputs: inputs, efficiency: efficiency.gemm, device: device)
        }
        func elementwise(valuesPerRow: Int) -> ElementwiseOperator {
            ElementwiseOperator(
                bytesPerRow: 2 * Double(valuesPerRow), efficiency: efficiency.elementwise, device: device)
        }
        let (hidden, intermediate) = (model.hiddenSize, model.intermediateSize / tp)
        layers = Double(model.layers)
        queryKeyValue = product((heads + 2 * keyValueHeads) * model.headSize, hidden)
        attentionOutput = product(hidden, heads * model.headSize)
        gateUp = product(2 * intermediate, hidden)
        down = product(hidden, intermediate)
        languageHead = product((model.vocabularySize + tp - 1) / tp, hidden)
        attention = AttentionOperator(
            heads: heads, keyValueHeads: keyValueHeads, headSize: model.headSize, efficiency: efficiency, device: device
        )
        embedding = elementwise(valuesPerRow: 2 * hidden)
        norm = elementwise(valuesPerRow: 4 * hidden)
        rotary = elementwise(valuesPerRow: 2 * (heads + keyValueHeads) * model.headSize)
        activation = elementwise(valuesPerRow: 3 * intermediate)
        // Logits are read once as 32-bit numbers: twice the 16-bit values.
        sampling = elementwise(valuesPerRow: 2 * model.vocabularySize)
        allReduce =
            tp == 1
            ? nil : try Self.allReduce(ranks: tp, hidden: hidden, efficiency: efficiency.allReduce, device: device)
    }

    /// Kernels of an iteration with `tokens` rows, `sampled` rows in the LM head, and the attention given.
    func demand(tokens: Double, sampled: Double, attention: KernelDemand, stretch: SMStretch) -> KernelDemand {
        let position = CurvePosition(of: tokens, in: queryKeyValue.rowKnots)
        var layer = attention
        layer += queryKeyValue.demand(rows: tokens, position: position, stretch: stretch)
        layer += attentionOutput.demand(rows: tokens, position: position, stretch: stretch)
        layer += gateUp.demand(rows: tokens, position: position, stretch: stretch)
        layer += down.demand(rows: tokens, position: position, stretch: stretch)
        let norm = norm.demand(rows: tokens, stretch: stretch)
        layer += norm * 2
        layer += rotary.demand(rows: tokens, stretch: stretch)
        layer += activation.demand(rows: tokens, stretch: stretch)
        if let allReduce { layer += allReduce.demand(rows: tokens) * 2 }
        var total = layer * layers
        total += embedding.demand(rows: tokens, stretch: stretch)
        if sampled > 0 {
            total += norm
            total += languageHead.demand(rows: sampled, stretch: stretch)
            total += sampling.demand(rows: sampled, stretch: stretch)
        }
        return total
    }

    private static func check(_ model: ModelArchitecture, tensorParallelism tp: Int) throws(CostModelError) {
        if model.experts != nil { throw .mixtureOfExperts(model: model.id) }
        if model.latentAttention != nil { throw .latentAttention(model: model.id) }
        if model.weightType != .bf16 { throw .weightType(model: model.id, model.weightType) }
        let keyValueFits = model.keyValueHeads % tp == 0 || tp % model.keyValueHeads == 0
        if tp < 1 || model.heads % tp != 0 || model.intermediateSize % tp != 0 || !keyValueFits {
            throw .indivisible(model: model.id, tensorParallelism: tp)
        }
    }

    private static func allReduce(
        ranks: Int, hidden: Int, efficiency: AllReduceEfficiency, device: DeviceProfile
    ) throws(CostModelError) -> AllReduceOperator {
        guard let group = efficiency.groups.first(where: { $0.ranks == ranks }) else {
            throw .noAllReduce(ranks: ranks, known: efficiency.groups.map(\.ranks))
        }
        let link = device.nvlinkBytesPerSecond > 0 ? device.nvlinkBytesPerSecond : device.pcieBytesPerSecond
        return AllReduceOperator(
            efficiency: efficiency, group: group, bytesPerRow: 2 * Double(hidden), linkBytesPerSecond: link)
    }
}

/// Why there is no cost model for a model on a device.
public enum CostModelError: Error, Hashable, Sendable, CustomStringConvertible {
    case mixtureOfExperts(model: String)
    case latentAttention(model: String)
    case weightType(model: String, ModelArchitecture.WeightType)
    case indivisible(model: String, tensorParallelism: Int)
    case noAllReduce(ranks: Int, known: [Int])

    public var description: String {
        switch self {
        case .mixtureOfExperts(let model):
            "\(model) is a mixture of experts, which the cost model cannot price yet; dense models can be priced"
        case .latentAttention(let model):
            "\(model) uses latent attention, which the cost model cannot price yet; multi-head and grouped-query "
                + "attention can be priced"
        case .weightType(let model, let type):
            "\(model) has \(type.rawValue) weights, which the cost model cannot price yet; bf16 can be priced"
        case .indivisible(let model, let tp):
            "tensor parallelism \(tp) does not divide the heads and the feed-forward width of \(model)"
        case .noAllReduce(let ranks, let known):
            "the efficiency profile has no all-reduce over \(ranks) GPUs, only over "
                + known.map(String.init).joined(separator: ", ")
        }
    }
}
