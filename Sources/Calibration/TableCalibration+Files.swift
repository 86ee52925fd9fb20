internal import CostModels
public import Profiles

extension TableCalibration {
    /// The files of the tables: each says what it rests on and how far it is off.
    ///
    /// - Parameters:
    ///   - sources: names of the files that the lines came from.
    ///   - origin: whose measurements they are; `nil` for lines of our own benchmark.
    public func texts(
        _ measurements: KernelMeasurements, sources: [String], origin: String? = nil
    ) -> [(file: KernelTableFile, text: String)] {
        tables.texts { file in
            let counts = measurements.counts.filter { file.families.contains($0.family) && $0.used > 0 }
            var lines = ["\(file.title), device \(tables.device)."]
            lines.append("Written by `phasewise calibrate` from \(sources.joined(separator: ", ")).")
            if file == .throttling {
                lines += inferenceMethod
                return lines
            }
            if let origin { lines.append("Measured by others, not by us: \(origin).") }
            for count in counts {
                lines.append(
                    "Family \(count.family): \(count.used) of \(count.lines) lines; "
                        + "\(count.kernels.joined(separator: ", ")); \(count.device); "
                        + (count.dates.isEmpty ? "all SMs." : "measured \(count.dates.joined(separator: ", "))."))
            }
            lines += origin == nil ? file.method : file.importedMethod
            let errors = report.entries.filter { entry in file.reportNames.contains { entry.name.hasPrefix($0) } }
            if !errors.isEmpty {
                lines += ["", "Error on points held out, |predicted/measured - 1|:"]
                lines += CalibrationReport(entries: errors).lines.map { "  " + $0 }
            }
            return lines
        }
    }

    private var inferenceMethod: [String] {
        let device = tables.throttling?.device ?? ""
        return [
            "Inferred, not measured: the rows of this device are short bursts. Sustained time = burst time of this device ×",
            "(sustained / burst time of \(device)), by family and size, from our own lines of \(device), which has the same",
            "chip and power limit. Matrices that are not named take the mean of those that are.",
        ]
    }
}

extension KernelTableFile {
    fileprivate var title: String {
        switch self {
        case .gemm: "Matrix products [M, K]·[K, N], 16-bit, microseconds by M"
        case .prefillAttention: "Causal attention of prompt chunks, head size 128, microseconds by queries of a chunk"
        case .decodeAttention:
            "Attention of one token per sequence, head size 128, microseconds by context of a sequence"
        case .decodeUnequal: "Decode attention of contexts of unequal lengths over equal ones of the same sum, by batch"
        case .elementwise: "Kernels between the products, microseconds by tokens"
        case .allReduce: "All-reduce, microseconds by bytes"
        case .bandwidth: "Bytes per second read from device memory, by SMs"
        case .coRun: "Slowdowns of two lanes side by side: weights of the compact model by pair of SM counts"
        case .coRunCaps: "Slowdowns of two lanes under MPS: weights of the compact model as polynomials of the two caps"
        case .throttling: "Ratios of sustained to burst times, by M of products and by queries of a chunk"
        case .constants: "Constants that the tables need"
        }
    }

    fileprivate var families: [String] {
        switch self {
        case .gemm: ["gemm", "gemm-steps"]
        case .decodeUnequal: ["decode-unequal"]
        case .prefillAttention: ["prefill"]
        case .decodeAttention: ["decode"]
        case .elementwise: ["elementwise"]
        case .allReduce: ["allreduce"]
        case .bandwidth: ["bandwidth"]
        case .coRun: ["corun", "corun-mps"]
        case .coRunCaps: ["corun-mps"]
        case .throttling: []
        case .constants: ["prefill", "iteration", "parts", "gemm"]
        }
    }

    fileprivate var importedMethod: [String] {
        switch self {
        case .constants:
            [
                "No whole iteration was measured: the gap between kernels is 0, and sums of parts were not checked. The launch",
                "of products and the schedule of tiles that prefill attention is priced by are fitted to the rows.",
            ]
        case .decodeAttention: ["Sequences of equal length; the write of the new K and V is included."]
        default: ["Bursts; repeats of a point: their median."]
        }
    }

    fileprivate var method: [String] {
        switch self {
        case .gemm:
            [
                "Cold weights, best of the algorithms tried; burst: from rest, near the top clock; sustained: at the power",
                "limit. Repeats of a point: their median.",
            ]
        case .prefillAttention: ["Inputs in L2 as their producer leaves them; burst and sustained as in gemm.csv."]
        case .decodeAttention: ["KV paged and cold, sequences of equal length."]
        case .decodeUnequal:
            [
                "Contexts spread evenly from nothing to twice the mean, 32/8 heads; means over three mean contexts. For other heads,",
                "by KV streams. Ratios below 1 are noise of the equal ones and written as 1.",
            ]
        case .elementwise: ["Inputs in L2 as their producer leaves them."]
        case .allReduce: ["Inside a CUDA graph."]
        case .bandwidth: ["The largest buffer."]
        case .coRun:
            [
                "log slowdown = w·(1, p, d, v, p², pd, v²); p = log2(prefill layer/1 ms), d = log2(decode layer/0.2 ms), times",
                "alone; v = share of KV in the bytes of a decode layer. Inputs are held at the ranges in the last columns.",
                "Under MPS: on top of corun_caps.csv. Fitted to all rows; errors are those of fits to one half of them, or without",
                "the pair.",
            ]
        case .coRunCaps:
            [
                "What the weights of pairs under MPS in corun.csv come on top of: each weight is the sum over",
                "(1, x, y, x², xy, y²), seven weights a term; x = log2(9 − 8·cap of prefill) − 1.5, y = 3·(cap of decode − 0.7),",
                "caps as shares of the SMs.",
            ]
        case .throttling: []
        case .constants:
            [
                "The gap between kernels of a CUDA graph is what sums of parts lack against one half of the measured decode",
                "iterations; the launch of products is the one with which each matrix is priced best from the others; the rest",
                "is the schedule of tiles that prefill attention is priced by, fitted to its lines.",
            ]
        }
    }

    /// Of the entries in the report that are about the file.
    fileprivate var reportNames: [String] {
        switch self {
        case .gemm: ["gemm, M", "gemm, SMs"]
        case .prefillAttention: ["prefill attention"]
        case .decodeAttention: ["decode attention, context", "decode attention, SMs"]
        case .decodeUnequal: ["decode attention, unequal"]
        case .elementwise: ["elementwise"]
        case .allReduce: ["all-reduce"]
        case .bandwidth, .throttling: []
        case .coRun: ["co-run"]
        case .coRunCaps: ["co-run, rows held out, mps", "co-run, the other", "co-run, each", "co-run, the same"]
        case .constants: ["iteration", "gemm, matrices"]
        }
    }
}
