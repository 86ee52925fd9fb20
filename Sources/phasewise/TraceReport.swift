internal import EventKernel
internal import Reporting
internal import ResultStore
internal import Workloads

/// What `trace summarize` prints: the statistics of a trace one a line, and in text its histograms.
struct TraceReport {
    private struct Line {
        var name: String
        var value: Double?
        var decimals: Int
    }

    private var lines: [Line] = []
    private let columns: TraceColumns

    init(_ columns: TraceColumns) {
        let statistics = TraceStatistics(columns)
        self.columns = columns
        add("requests", Double(statistics.requests), 0)
        if !columns.arrivals.isEmpty { addArrivals(statistics) }
        for (name, lengths) in [
            ("prompt tokens", statistics.promptTokens), ("output tokens", statistics.outputTokens),
            ("total tokens", statistics.totalTokens),
        ] {
            for (label, value) in [
                ("mean", lengths.mean), ("min", lengths.minimum), ("P50", lengths.p50), ("P90", lengths.p90),
                ("P99", lengths.p99), ("max", lengths.maximum),
            ] {
                add("\(name) \(label)", value, 1)
            }
        }
        add("Pearson correlation of prompt and output", statistics.correlation, 3)
        add("Spearman correlation of prompt and output", statistics.rankCorrelation, 3)
        if let sharing = statistics.prefixSharing { addSharing(sharing) }
    }

    private mutating func add(_ name: String, _ value: Double?, _ decimals: Int) {
        lines.append(Line(name: name, value: value, decimals: decimals))
    }

    private mutating func addArrivals(_ statistics: TraceStatistics) {
        add("duration, s", statistics.duration, 3)
        add("rate, gaps over duration, 1/s", statistics.rate, 4)
        add(
            "requests over duration, 1/s",
            statistics.rate.map { _ in Double(statistics.requests) / statistics.duration }, 4)
        add("CV of gaps", statistics.gapCoefficientOfVariation, 3)
        for window in statistics.gapVariationInWindows {
            let name = "CV of gaps in windows of \(window.windowSeconds) s"
            add("\(name), median", window.median, 2)
            add("\(name), least", window.least, 2)
            add("\(name), most", window.most, 2)
        }
        for bin in statistics.dispersion {
            add("index of dispersion at \(bin.binSeconds) s", bin.index, 2)
            add("most in \(bin.binSeconds) s", Double(bin.most), 0)
        }
        for fit in statistics.gapFits { add("KS distance of gaps to \(fit.family.words)", fit.distance, 3) }
    }

    private mutating func addSharing(_ sharing: PrefixSharing) {
        add("blocks of prompts", Double(sharing.blocks), 0)
        add("distinct blocks", Double(sharing.distinctBlocks), 0)
        add("block hit rate, unbounded cache", sharing.blockHitRate, 4)
        add("token hit rate", sharing.tokenHitRate, 4)
        add("token hit rate of full blocks", sharing.fullBlockTokenHitRate, 4)
        add("token hit rate at blocks of 16 tokens", sharing.fineBlockTokenHitRate, 4)
        add("requests with a hit beyond the first block", sharing.requestsBeyondFirstBlock, 3)
        add("requests with the whole prompt in the cache", sharing.requestsWhole, 4)
        guard let firstNew = sharing.firstNewID else { return }
        add("first block id that is new here", Double(firstNew), 0)
        add("block hit rate, earlier ids in the cache", sharing.warmBlockHitRate, 4)
        add("token hit rate, earlier ids in the cache", sharing.warmTokenHitRate, 4)
    }

    /// For people rounded, with histograms; for programs with all digits.
    func rendered(as format: ReportFormat) -> String {
        var listing = Listing(["statistic", "value"])
        for line in lines {
            let value = line.value.map { value in
                format == .text || line.decimals == 0 ? decimal(value, line.decimals) : "\(value)"
            }
            listing.append([line.name, value ?? "-"])
        }
        guard format == .text else { return listing.rendered(as: format) }
        return listing.rendered(as: .text) + histograms
    }

    private var histograms: String {
        var text = histogram("prompt tokens", ValueHistogram(doubling: columns.promptTokens))
        text += histogram("output tokens", ValueHistogram(doubling: columns.outputTokens))
        if let first = columns.arrivals.first, let last = columns.arrivals.last, first < last {
            let seconds = columns.arrivals.map { Int(($0 - first).nanoseconds / 1_000_000_000) }
            text += histogram("arrivals by second from the first", ValueHistogram(even: seconds, atMost: 30))
        }
        return text
    }

    private func histogram(_ name: String, _ histogram: ValueHistogram) -> String {
        let most = histogram.bins.map(\.count).max() ?? 0
        let all = Double(histogram.bins.reduce(0) { $0 + $1.count })
        let labels = histogram.bins.map { bin in
            bin.values.count == 1 ? "\(bin.values.lowerBound)" : "\(bin.values.lowerBound)-\(bin.values.upperBound)"
        }
        let width = labels.map(\.count).max() ?? 0
        let countWidth = String(most).count
        var text = "\n\(name)\n"
        for (bin, label) in zip(histogram.bins, labels) {
            let bar = bin.count == 0 ? 0 : max(1, (bin.count * 40 + most / 2) / most)
            text += String(repeating: " ", count: width - label.count) + label + "  "
            text += String(repeating: "#", count: bar) + String(repeating: " ", count: 40 - bar) + "  "
            let count = String(bin.count)
            text += String(repeating: " ", count: countWidth - count.count) + count
            text += "  \(decimal(100 * Double(bin.count) / all, 1)) %\n"
        }
        return text
    }
}

extension GapFit.Family {
    /// With its parameters, times in seconds.
    fileprivate var words: String {
        switch self {
        case .exponential(let mean): "exponential, mean \(decimal(mean, 4))"
        case .weibull(let shape, let scale): "Weibull, shape \(decimal(shape, 3)), scale \(decimal(scale, 4))"
        case .gamma(let shape, let scale): "Gamma, shape \(decimal(shape, 3)), scale \(decimal(scale, 4))"
        case .logNormal(let mu, let sigma): "lognormal, mu \(decimal(mu, 3)), sigma \(decimal(sigma, 3))"
        }
    }
}
