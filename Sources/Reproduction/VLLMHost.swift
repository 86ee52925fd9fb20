internal import CostModels

/// What vLLM 0.6.0 adds to the kernels of an iteration, seconds.
struct VLLMHost: Hashable {
    var seconds: Double
    /// Arithmetic included.
    var secondsPerSequence: Double
    /// To launch the kernels of a layer where no CUDA graph spares it: with prompts, or with more sequences than graphs were
    /// captured for. Reading weights goes on meanwhile.
    var launchSecondsPerLayer: Double

    /// The largest batch for which vLLM 0.6.0 captures a graph (`_BATCH_SIZES_TO_CAPTURE` of its model runner).
    static let graphSequences = 256

    /// - Parameter weightSeconds: To read the weights once, all-reduces included.
    func costs(
        layers: Int, prefill: AffineCostModel.PrefillCost, weightSeconds: Double, keyValueSecondsPerToken: Double
    ) -> AffineCostModel {
        let launches = Double(layers) * launchSecondsPerLayer
        func decode(constantSeconds: Double) -> AffineCostModel.DecodeCost {
            AffineCostModel.DecodeCost(
                constantSeconds: constantSeconds, secondsPerContextToken: keyValueSecondsPerToken,
                secondsPerSequence: secondsPerSequence)
        }
        var prefill = prefill
        prefill.constantSeconds += launches
        return AffineCostModel(
            streamingMultiprocessors: Llama8BOnA100.streamingMultiprocessors, iterationSeconds: seconds,
            prefill: prefill, decode: decode(constantSeconds: weightSeconds),
            largeBatch: AffineCostModel.LargeBatch(
                above: Self.graphSequences, decode: decode(constantSeconds: max(launches, weightSeconds))))
    }
}
