import Diagnostics
import EventKernel
import Testing
import Workloads

/// What is known of a real file. Lengths are mean, P50, P90, P99 and maximum, with the digits of the table that they
/// were published in; computed apart from this code with NumPy and SciPy.
struct KnownFile: CustomTestStringConvertible, Sendable {
    var path: String
    var format: TraceFormat
    var rows: Int
    var prompt: [Double]
    var output: [Double]
    /// Digits behind the point of the quantiles.
    var digits = 1.0
    var pearson: Double?
    var spearman: Double?
    /// Variation of all gaps; index of dispersion at 1, 10 and 60 s; most in 1 s.
    var variation: Double?
    var dispersion: [Double] = []
    /// In windows of 60 and 300 s: median, least, most; each to two digits.
    var windows: [[Double]] = []
    var sharing: [Double] = []

    var testDescription: String { path }
}

private let files: [KnownFile] = [
    .init(
        path: "azure/AzureLLMInferenceTrace_conv.csv", format: .azure, rows: 19_366,
        prompt: [1154.7, 1020, 2734.5, 4142, 14_050], output: [211.1, 129, 424, 601, 1000], pearson: -0.112,
        spearman: 0.073, variation: 1.094, dispersion: [1.39, 4.0, 20.6],
        windows: [[1.02, 0.91, 1.47], [1.04, 0.99, 1.20]]),
    .init(
        path: "azure/AzureLLMInferenceTrace_code.csv", format: .azure, rows: 8819,
        prompt: [2047.8, 1469, 5187.6, 7436, 7437], output: [27.9, 13, 55, 251.5, 1899], pearson: 0.001,
        spearman: -0.021, variation: 13.15, dispersion: [13.2, 71.3, 160.5],
        windows: [[3.18, 0.81, 9.04], [9.90, 0.86, 19.5]]),
    .init(
        path: "vidur/splitwise_code.csv", format: .vidur, rows: 8819, prompt: [2047.8, 1469, 5187.6, 7436, 7437],
        output: [27.9, 13, 55, 251.5, 1899], pearson: 0.001, spearman: -0.021, variation: 13.15),
    .init(
        path: "azure/AzureLMMInferenceTrace_multimodal_9rows.csv", format: .azure, rows: 9, prompt: [],
        output: []),
    // Its failures are counted as zero tokens.
    .init(
        path: "burstgpt/BurstGPT_1_head400.csv", format: .burstGPT, rows: 400,
        prompt: [520.5, 314, 1417.9, 1958, 2126], output: [276.5, 229.5, 570.7, 1421, 2019], variation: 4.56,
        dispersion: [1.01, 1.24, 2.8]),
    .init(
        path: "mooncake/conversation_trace.jsonl.gz", format: .mooncake, rows: 12_031,
        prompt: [12_035.1, 6909, 27_367, 85_400, 126_195], output: [342.6, 350, 597, 1118.5, 2000], pearson: 0.072,
        spearman: 0.072, variation: 3.03, dispersion: [7.9, 2.1, 2.8],
        sharing: [288_500, 182_790, 0.3664, 0.3736, 0.3734, 0.387, 0.0098]),
    .init(
        path: "mooncake/mooncake_trace_arxiv_slice276.jsonl", format: .mooncake, rows: 276,
        prompt: [7780.2, 6178, 16_404, 40_287, 65_980], output: [193.2, 30, 541, 835, 2000], digits: 0,
        pearson: 0.303, spearman: 0.066, variation: 4.32, dispersion: [13.4],
        sharing: [4355, 2841, 0.3476, 0.3610, 0.3610, 0.522, 0]),
    .init(
        path: "qwen-bailian/qwen_traceA_blksz_16_24rows.jsonl", format: .qwenBailian, rows: 24,
        prompt: [1467.5, 750, 5076, 6889, 7061], output: [328.9, 271, 727, 916, 919], digits: 0,
        sharing: [2211, 1892, 0.1425, 0.1431, 0.1431, 0.792, 0]),
    .init(
        path: "servegen/servegen_deepseek-r1_12h.csv.gz", format: .serveGen, rows: 10_760,
        prompt: [1484.2, 377, 1994.1, 23_021.2, 55_083], output: [2482.0, 865, 6526.5, 19_365.4, 28_434],
        spearman: 0.303, variation: 1.41),
    .init(
        path: "vidur/arxiv_summarization_stats_llama2_tokenizer_filtered_v2.csv.gz", format: .vidur, rows: 28_257,
        prompt: [2588.1, 2730, 3702, 3933, 4054], output: [291.4, 167, 372, 3271, 4056], digits: 0, pearson: -0.463,
        spearman: -0.114),
    .init(
        path: "lengths/humaneval_opt_lengths.csv", format: .lengths, rows: 164,
        prompt: [171.3, 146.5, 278.4, 489.2, 629], output: [98.2, 79, 194.4, 412.7, 514]),
    .init(
        path: "lengths/sharegpt_distserve_opt_lengths.csv", format: .lengths, rows: 10_000,
        prompt: [770.9, 703, 1555, 1943, 2029], output: [198.1, 91, 518, 1018, 1776], pearson: -0.133),
    .init(
        path: "lengths/sharegpt_val_10k_llama2.csv", format: .vidur, rows: 10_000,
        prompt: [245.8, 35, 761, 2862, 3973], output: [325.6, 286, 681.1, 1000, 1734], spearman: 0.138),
    .init(
        path: "splitwise-sim/test_trace.csv", format: .splitwiseSim, rows: 3, prompt: [2730.7], output: [18.7]),
    .init(path: "llmservingsim/example_trace.jsonl", format: .llmServingSim, rows: 10, prompt: [], output: []),
    .init(
        path: "kv-cache-tester/trace_0291.json.gz", format: .kvCacheTester, rows: 32, prompt: [], output: [],
        sharing: [35_209, 3606, 0.8976, 0.8973, 0.8973, 0.938, 0]),
    .init(
        path: "kv-cache-tester/trace_0555.json.gz", format: .kvCacheTester, rows: 44, prompt: [], output: [],
        sharing: [52_391, 1890, 0.9639, 0.9636, 0.9636, 0.977, 0]),
].filter { SharedTraces.path($0.path) != nil }

@Suite("Real traces of every format", .enabled(if: !files.isEmpty, "the real traces are not here"))
struct RealFormatTests {
    private func rounded(_ value: Double?, _ digits: Double) -> Double? {
        var scale = 1.0
        for _ in 0..<Int(digits) { scale *= 10 }
        return value.map { ($0 * scale).rounded() / scale }
    }

    @Test("a real file is recognised and has the known statistics", arguments: files)
    func known(_ file: KnownFile) throws {
        let path = try #require(SharedTraces.path(file.path))
        let (columns, _) = try TraceReader.columns(path: path)
        let statistics = TraceStatistics(columns)
        #expect(statistics.requests == file.rows)
        for (lengths, known) in [(statistics.promptTokens, file.prompt), (statistics.outputTokens, file.output)] {
            let quantiles = [lengths.p50, lengths.p90, lengths.p99, lengths.maximum].map {
                rounded($0, $0 == lengths.p50 && known.count > 1 && known[1].rounded() != known[1] ? 1 : file.digits)
            }
            let found = [rounded(lengths.mean, 1)] + quantiles
            // Where a quantile is known in whole tokens only.
            for (found, known) in zip(found, known) {
                #expect(found == known || (known == known.rounded() && rounded(found, 0) == known), "\(file.path)")
            }
        }
        if let known = file.pearson { #expect(rounded(statistics.correlation, 3) == known) }
        if let known = file.spearman { #expect(rounded(statistics.rankCorrelation, 3) == known) }
        if let known = file.variation {
            let digits: Double = known == 1.094 ? 3 : 2
            #expect(rounded(statistics.gapCoefficientOfVariation, digits) == known)
        }
        for (bin, known) in zip(statistics.dispersion, file.dispersion) {
            let digits: Double = [1.39, 1.01, 1.24].contains(known) ? 2 : 1
            #expect(rounded(bin.index, digits) == known)
        }
        for (window, known) in zip(statistics.gapVariationInWindows, file.windows) {
            for (value, known) in zip([window.median, window.least, window.most], known) {
                #expect(rounded(value, known == 19.5 ? 1 : 2) == known)
            }
        }
        if !file.sharing.isEmpty {
            let sharing = try #require(statistics.prefixSharing)
            let found = [
                Double(sharing.blocks), Double(sharing.distinctBlocks), rounded(sharing.blockHitRate, 4),
                rounded(sharing.tokenHitRate, 4), rounded(sharing.fullBlockTokenHitRate, 4),
                rounded(sharing.requestsBeyondFirstBlock, 3), rounded(sharing.requestsWhole, 4),
            ]
            #expect(found == file.sharing)
        }
    }

    @Test("a real file is read as its format, and a round trip through ours keeps it", arguments: files)
    func roundTrip(_ file: KnownFile) throws {
        let path = try #require(SharedTraces.path(file.path))
        let arrivals = GivenArrivals(.poisson(rate: 5), streams: RandomStreams(seed: 1))
        let (trace, _) = try TraceReader.read(path: path, arrivals: arrivals)
        #expect(trace.provenance.format == file.format.rawValue)
        #expect(trace.requests.count + trace.provenance.excluded.reduce(0) { $0 + $1.count } == file.rows)
        let (back, warnings) = try TraceReader.read(bytes: TraceWriter.jsonLines(trace), name: "ours")
        #expect(back.requests == trace.requests)
        #expect(back.blockHashes == trace.blockHashes)
        #expect(back.classNames == trace.classNames)
        #expect(warnings.isEmpty)
    }

    @Test("a file without times is refused without arrivals, with the remedy")
    func needsArrivals() throws {
        guard let path = SharedTraces.path("lengths/humaneval_opt_lengths.csv") else { return }
        let error = #expect(throws: InputError.self) { try TraceReader.read(path: path) }
        #expect(error?.diagnostics.first?.help?.contains("arrival process") == true)
    }

    @Test(
        "the tables of a preset are the quantiles of its trace, and its lengths are distributed like the trace's",
        arguments: [
            (WorkloadPreset.mooncakeConversation, "mooncake/conversation_trace.jsonl.gz", 0.006),
            // Of 383 values in steps of their own: a line between two of them is off by up to half of 1/383 and more
            // where they repeat.
            (.burstGPT, "burstgpt/BurstGPT_1_head400.csv", 0.02),
            (.shareGPT, "lengths/sharegpt_val_10k_llama2.csv", 0.01),
        ])
    func presets(preset: WorkloadPreset, file: String, bound: Double) throws {
        guard let path = SharedTraces.path(file) else { return }
        let arrivals = GivenArrivals(.poisson(rate: 5), streams: RandomStreams(seed: 1))
        let trace = try TraceReader.read(path: path, arrivals: arrivals).trace
        let made = WorkloadGenerator.trace(preset.model, requests: 200_000, streams: RandomStreams(seed: 1))
        for (name, table, tokens) in [
            ("prompt", preset.model.promptTokens, \Request.promptTokens),
            ("output", preset.model.outputTokens, \Request.outputTokens),
        ] {
            let values = trace.requests.map { $0[keyPath: tokens] }.sorted()
            let quantiles = (0...200).map {
                Int((TraceStatistics.quantile(Double($0) / 200, ofSorted: values) + 0.5).rounded(.down))
            }
            #expect(table == .quantiles(quantiles))
            let distance = largestDistance(values, made.requests.map { $0[keyPath: tokens] })
            print("\(preset.rawValue) \(name): distance to the real distribution \(distance)")
            #expect(distance < bound)
        }
    }

    @Test("the rates of mooncake-conversation are the trace's requests in each whole minute")
    func mooncakeMinutes() throws {
        guard let path = SharedTraces.path("mooncake/conversation_trace.jsonl.gz") else { return }
        let trace = try SharedTraces.read(path)
        var counts = [Double](repeating: 0, count: 59)
        for request in trace.requests { counts[Int(request.arrival.nanoseconds / 60_000_000_000)] += 1 }
        #expect(WorkloadPreset.mooncakeConversation.model.arrivals == .poissonByMinute(Array(counts.dropLast())))
    }
}
