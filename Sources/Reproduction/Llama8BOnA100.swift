internal import CostModels
internal import EventKernel
internal import Simulator

/// Service times and memory of Llama-3-8B on A100s, taken from runs of one phase alone and used in every figure.
///
/// Sources are figures of the semi-PD paper (arXiv 2504.19867): decode alone from DistServe, one prefill GPU for each
/// decode GPU, by simulating it (`DecodeAlone`); prefill alone from Fig. 9(c) and from the latency of a single
/// request that Table 2 implies; the response to SMs from Fig. 10. All of it ran on the DistServe runtime. Of vLLM the
/// paper shows no phase alone; the time of its host comes from LongBench at low rates and from the 70B model, see `vLLM`.
enum Llama8BOnA100 {
    static let streamingMultiprocessors = 108
    /// 32 layers, 8 KV heads of 128, two bytes, keys and values.
    static let keyValueBytesPerToken = 131_072

    /// 20 ms + 0.21 ms for each sequence of about 350 tokens, of which reading the KV cache at four fifths of 2039 GB/s takes
    /// 80 ns a token; what is left of the 0.21 ms does not depend on the context.
    static let decode = decode(constantMilliseconds: 20, millisecondsPerSequence: 0.21)

    static func decode(
        constantMilliseconds: Double, millisecondsPerSequence: Double
    ) -> AffineCostModel.DecodeCost {
        AffineCostModel.DecodeCost(
            constantSeconds: constantMilliseconds / 1e3, secondsPerContextToken: keyValueSecondsPerToken,
            secondsPerSequence: millisecondsPerSequence / 1e3 - 350 * keyValueSecondsPerToken,
            smResponse: AffineCostModel.SMResponse(scaling: 0.6284, fixed: 0.3818))
    }

    private static let keyValueSecondsPerToken = 131_072 / (0.8 * 2_039e9)

    /// 0.085 ms a token, and the released code's fit of its response to SMs. The 19 ms that a single request takes
    /// besides do not hold the GPU: see `requestLatency`. Of several GPUs each does its part of all but `serialShare`.
    static func prefill(
        tensorParallelism: Int, serialShare: Double = serialShare
    ) -> AffineCostModel.PrefillCost {
        let peers = Double(tensorParallelism)
        // Two all-reduces of 4096 values of two bytes in each of 32 layers, over NVLink at 230 GB/s, 20 µs each.
        let bytesPerToken = Double(2 * 32 * 4096 * 2)
        let isParallel = tensorParallelism > 1
        let exchange = isParallel ? 2 * (peers - 1) / peers * bytesPerToken / 230e9 : 0
        return AffineCostModel.PrefillCost(
            constantSeconds: isParallel ? 64 * 20e-6 : 0,
            secondsPerToken: secondsPerToken * (serialShare + (1 - serialShare) / peers) + exchange,
            secondsPerSquaredToken: 0, smResponse: prefillResponse)
    }

    private static let secondsPerToken = 0.085e-3
    private static let prefillResponse = AffineCostModel.SMResponse(scaling: 0.7324, fixed: 0.3185)

    /// Amdahl's share of a prefill that more GPUs do not make shorter. Fitted to the lowest rate of Fig. 9(c), where prompts
    /// hardly wait: `PhaseAloneEvidence`.
    static let serialShare = 0.3

    /// Fitted where ShareGPT on this model plays no part: `VLLMHostEvidence`. The time for each sequence includes its arithmetic.
    static let vLLM = VLLMHost(seconds: 6e-3, secondsPerSequence: 0.28e-3, launchSecondsPerLayer: 0.8e-3)

    /// vLLM's kernels are taken to be the same: reading weights, 0.085 ms for each prompt token, reading KV.
    static func vLLMCosts(_ host: VLLMHost = vLLM) -> AffineCostModel {
        host.costs(
            layers: layers, prefill: prefill(tensorParallelism: 1), weightSeconds: weightReadSeconds,
            keyValueSecondsPerToken: keyValueSecondsPerToken)
    }

    /// The released example's limit of sequences. Fig. 9(d) is of a larger one than the 512 that the paper states, since its
    /// TPOT does not explode where Fig. 12(a)'s does.
    static let figure9Sequences = 1024

    /// Between the client and the GPU, before the first token: 19 ms of a single request's 40. Of all splits of the 19 ms
    /// into time that holds the GPU and time that does not, none on the GPU fits Fig. 9(c), prefill alone under load, best.
    static let requestLatency = SimulationDuration(nanoseconds: 19_000_000)

    /// How two phases on one GPU slow each other: what was measured on an H200 under MPS, for layers that take longer here by
    /// the ratio of arithmetic (989 and 312 TFLOP/s, dense, 16 bits) and of bandwidth (4800 and 2039 GB/s). One rule for all
    /// figures, with nothing fitted but which part of a decode iteration is host time that no neighbour delays: of the four
    /// readings in `SharingEvidence`, the notes' 0.1 ms a sequence (section 4.5) and nothing of the 20 ms comes closest.
    static func sharing(
        _ coRuns: CoRunSurface, hostSeconds: Double = 0, hostSecondsPerSequence: Double = hostSecondsPerSequence
    ) -> AffineCostModel.Sharing {
        .scaled(
            ScaledCoRun(
                surface: coRuns, mechanism: .mps, streamingMultiprocessors: 132, layers: layers,
                prefillRatio: 989.0 / 312, decodeRatio: 4_800.0 / 2_039, weightBytes: weightBytes,
                keyValueBytesPerToken: Double(keyValueBytesPerToken), hostSeconds: hostSeconds,
                hostSecondsPerSequence: hostSecondsPerSequence))
    }

    /// Of the runtime of DistServe and semi-PD, which decode's 0.21 ms includes (section 4.5 of the notes).
    static let hostSecondsPerSequence = 0.1e-3

    /// The law that was fitted to three policies on an H200 (`Results/validation`), with its numbers but two: the wait
    /// scaled by bandwidth, and the bandwidth that a neighbour on other SMs takes. Used by no row; `SharingEvidence` has it.
    static let scaledWait = 0.000424 * 4_800 / 2_039

    static func coRun(waitSecondsPerLayer: Double, bandwidthLoss: Double) -> AffineCostModel.CoRun {
        AffineCostModel.CoRun(
            sharing: CoRunSharing(
                waitSecondsPerLayer: waitSecondsPerLayer, decodeBandwidthLoss: bandwidthLoss, prefillLossShared: 0.7126,
                prefillLossApart: 0.3799),
            layers: layers, weightReadSeconds: weightReadSeconds,
            // Reads of weights on 8 to 64 of 132 SMs of an H200.
            bandwidth: CostModels.Curve(
                knots: [0, 8, 16, 32, 48, 64].map { $0 / 132 }, values: [0.01, 0.277, 0.526, 0.711, 0.88, 1]))
    }

    private static let layers = 32
    private static let weightBytes = 16.06e9
    /// At four fifths of 2039 GB/s.
    static let weightReadSeconds = weightBytes / (0.8 * 2_039e9)

    /// Decision D5 of the notes: shares in proportion to the caps, times 1.12, whatever runs. Used by no row.
    static let proportionalSharing = AffineCostModel.Sharing.proportional(gain: 1.12)

    /// - Parameter sharing: Where two phases share a GPU.
    static func costs(
        prefillTensorParallelism: Int = 1, sharing: AffineCostModel.Sharing = proportionalSharing
    ) -> AffineCostModel {
        AffineCostModel(
            streamingMultiprocessors: streamingMultiprocessors,
            prefill: prefill(tensorParallelism: prefillTensorParallelism), decode: decode,
            sharing: sharing)
    }

    /// Blocks of 16 tokens in so many GiB, and in 16 GiB of host memory, as in the flags of the released example, behind
    /// PCIe 4.0.
    static func memory(gibibytes: Double) -> KVMemoryConfiguration {
        var memory = KVMemoryConfiguration(
            blockSize: 16, totalBlocks: Int(gibibytes * 1_073_741_824 / Double(keyValueBytesPerToken)) / 16)
        let blockBytes = 16 * keyValueBytesPerToken
        memory.host = HostMemory(
            blocks: Int(hostGiB * 1_073_741_824) / blockBytes,
            secondsPerBlock: Double(blockBytes) / pcieBytesPerSecond)
        return memory
    }

    static let hostGiB = 16.0
    /// Assumed, as in the profile of the device: large pinned copies.
    static let pcieBytesPerSecond = 25e9

    /// KV pools that the memory formulas of the released code give and Fig. 3 confirms, GiB. vLLM uses 90 % of the
    /// memory like DistServe and gets the same pool.
    enum Pool {
        static let oneGPU = 57.4
        static let twoGPUs = 2 * 63.4
        static let semiPD = 58.8
        static let smallGPU = 22.0
    }

    /// The paper says only that a transfer takes about as long as a decode token: 150 GB/s and 7 ms for the block-by-block
    /// pull, within the time between first and second token. The released engine decodes nothing while it pulls. Of the pulls
    /// in `PullSensitivity`, 7 ms comes closest to decode alone and to phases shared.
    static let transfer = transfer(milliseconds: 7, pausesDecode: true)

    static func transfer(milliseconds: Int64, pausesDecode: Bool) -> TransferConfiguration {
        TransferConfiguration(
            bytesPerToken: keyValueBytesPerToken, bytesPerSecond: 150e9,
            latency: SimulationDuration(nanoseconds: milliseconds * 1_000_000), pausesDecode: pausesDecode)
    }
}
