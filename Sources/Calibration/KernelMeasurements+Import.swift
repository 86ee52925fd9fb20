public import CostModels

extension KernelMeasurements {
    /// Rows of others for whole devices: bursts of products, attention of prompts without a past and of decodes, and
    /// all-reduce. They say nothing about a part of the SMs, the kernels in between, or two lanes.
    public init(_ rows: MeasuredRows, selection: RowSelection, device: DeviceProfile) {
        self.init()
        let sms = device.streamingMultiprocessors
        gemm = rows.gemm.filter { min($0.n, $0.k) >= GEMMFit.smallestSide }.map {
            GEMM(n: $0.n, k: $0.k, sms: sms, state: .burst, m: $0.m, seconds: $0.seconds)
        }
        prefill = rows.prefillAttention.filter(AttentionFit.isPrefillUsed).map {
            Prefill(
                heads: $0.heads, keyValueHeads: $0.keyValueHeads, sms: sms, state: .burst, past: 0, batch: $0.batch,
                queries: $0.queryLength, seconds: $0.seconds)
        }
        decode = rows.decodeAttention.filter(AttentionFit.isDecodeUsed).map {
            Decode(
                heads: $0.heads, keyValueHeads: $0.keyValueHeads, sms: sms, batch: $0.batch, context: $0.past + 1,
                seconds: $0.seconds)
        }
        allReduce = rows.allReduce.map { AllReduce(ranks: $0.ranks, bytes: $0.bytes, seconds: $0.seconds) }
        func count(_ family: String, _ kernel: String, _ lines: Int, _ used: Int) -> Count {
            Count(family: family, lines: lines, used: used, kernels: [kernel], device: selection.gpu)
        }
        let attention = "\(selection.attentionKernel) of \(selection.attentionBackend)"
        counts = [
            count("gemm", selection.gemmBackend, rows.gemm.count, gemm.count),
            count("prefill", attention, rows.prefillAttention.count, prefill.count),
            count("decode", attention, rows.decodeAttention.count, decode.count),
            count(
                "allreduce", "\(selection.allReduceImplementation) of \(selection.allReduceVersion)",
                rows.allReduce.count, allReduce.count),
        ]
    }

    /// Whether there is nothing to make a table of.
    public var isEmpty: Bool { gemm.isEmpty && prefill.isEmpty && decode.isEmpty && allReduce.isEmpty }

    /// Without the families of these names in `TableCalibration.bounds`.
    public func without(_ names: [String]) -> KernelMeasurements {
        var rest = self
        func drop(_ name: String, _ family: String, _ rows: (inout KernelMeasurements) -> Void) {
            if !names.contains(name) { return }
            rows(&rest)
            for index in rest.counts.indices where rest.counts[index].family == family { rest.counts[index].used = 0 }
        }
        drop("gemm", "gemm") { $0.gemm = [] }
        drop("prefill attention", "prefill") { $0.prefill = [] }
        drop("decode attention", "decode") { $0.decode = [] }
        drop("all-reduce", "allreduce") { $0.allReduce = [] }
        return rest
    }
}
