internal import CostModels
internal import EventKernel
internal import Simulator

/// Service times and memory of Llama-3-70B on four A100s an instance, for the one figure in which what is compared does not
/// depend on how two phases share a GPU (Fig. 3), and for what vLLM needs to launch a layer (`VLLMHostEvidence`).
///
/// Decode alone is 40 ms, a tenth of the paper's loose limit on TPOT (Table 2), and 0.34 ms for each sequence, from the
/// median TPOT of its DistServe (Fig. 12c) at 367 and 425 sequences by Little's law. No run of prefill alone fits any rate
/// unit: it is that of Llama-3-8B by floating-point operations.
enum Llama70BOnA100 {
    static let tensorParallelism = 4
    /// 80 layers, 8 KV heads of 128, two bytes, keys and values.
    static let keyValueBytesPerToken = 327_680
    /// Weights of 141.1 GB over four GPUs.
    static let weightGiBPerGPU = 32.86

    /// Reads of a GPU's share of the KV heads at four fifths of 2039 GB/s are 50 ns a token; what is left of the 0.34 ms
    /// with 350 tokens a sequence does not depend on the context.
    static let decode = AffineCostModel.DecodeCost(
        constantSeconds: 40e-3, secondsPerContextToken: keyValueSecondsPerToken,
        secondsPerSequence: 0.34e-3 - 350 * keyValueSecondsPerToken)
    private static let keyValueSecondsPerToken = Double(keyValueBytesPerToken) / 4 / (0.8 * 2_039e9)

    /// 0.085 ms a token of 8.03 billion parameters, for 70.6 billion on four GPUs, with two all-reduces of 8192 values in
    /// each of 80 layers as for the smaller model: 0.204 ms, inside the 0.18 to 0.3 ms that the paper's saturation leaves.
    static let prefill = AffineCostModel.PrefillCost(
        constantSeconds: 160 * 20e-6,
        secondsPerToken: 0.085e-3 * 70.55 / 8.03 / 4 + 2 * (3.0 / 4) * Double(2 * 80 * 8192 * 2) / 230e9,
        secondsPerSquaredToken: 0)

    static let costs = AffineCostModel(
        streamingMultiprocessors: Llama8BOnA100.streamingMultiprocessors, prefill: prefill, decode: decode)

    /// Weights at four fifths of 2039 GB/s, and two all-reduces in each of 80 layers, 20 µs each.
    static func vLLMCosts(_ host: VLLMHost) -> AffineCostModel {
        host.costs(
            layers: 80, prefill: prefill, weightSeconds: 141.1e9 / 4 / (0.8 * 2_039e9) + 160 * 20e-6,
            keyValueSecondsPerToken: keyValueSecondsPerToken)
    }

    /// GiB on each GPU, by the memory formulas of the released code, which Fig. 3 confirms.
    static let poolGiBPerGPU = 38.4

    static var memory: KVMemoryConfiguration {
        var memory = KVMemoryConfiguration(
            blockSize: 16,
            totalBlocks: Int(4 * poolGiBPerGPU * 1_073_741_824 / Double(keyValueBytesPerToken)) / 16)
        let blockBytesPerGPU = 16 * keyValueBytesPerToken / 4
        memory.host = HostMemory(
            blocks: Int(Llama8BOnA100.hostGiB * 1_073_741_824) / blockBytesPerGPU,
            secondsPerBlock: Double(blockBytesPerGPU) / Llama8BOnA100.pcieBytesPerSecond)
        return memory
    }

    /// Every GPU sends its share over its own link. Decode does not wait for it here: its times, read off whole TPOTs, contain
    /// that.
    static let transfer = TransferConfiguration(
        bytesPerToken: keyValueBytesPerToken, bytesPerSecond: 4 * 150e9,
        latency: SimulationDuration(nanoseconds: 10_000_000))
}
