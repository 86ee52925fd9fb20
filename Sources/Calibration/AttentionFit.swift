internal import CostModels

/// Fits attention efficiencies to timed kernels.
enum AttentionFit {
    /// The head size of the models that profiles are for.
    static let headSize = 128
    /// Below these, rows say nothing but launch time.
    static let shortestContext = 16
    static let shortestQuery = 16
    /// Above this, rows say nothing about serving.
    static let largestBatch = 1024

    private static let latencyKnots: [Double] = [1, 32, 128, 256, 512, 1024, 2048, 4096, 8192]
    private static let streamKnots: [Double] = [1, 8, 64, 512, 4096]
    private static let keyKnots: [Double] = [8, 32, 128, 256, 512, 1024, 2048, 4096, 8192]

    /// Kernels treat multi-head attention as a case of its own (FlashAttention-2 does not split its KV, for one), and
    /// models of today group their heads: multi-head rows are reported, not fitted.
    static func isGrouped(_ row: AttentionRow) -> Bool { row.heads > row.keyValueHeads }

    static func isDecodeUsed(_ row: AttentionRow) -> Bool {
        row.headSize == headSize && row.past + 1 >= shortestContext && row.batch <= largestBatch
    }

    static func isPrefillUsed(_ row: AttentionRow) -> Bool {
        row.headSize == headSize && row.past == 0 && row.queryLength >= shortestQuery
    }

    static func fitDecode(_ rows: [AttentionRow], device: DeviceProfile) -> DecodeAttentionEfficiency {
        struct Prepared {
            let latency: CurvePosition
            let beyond: Double
            let bandwidth: CurvePosition
            let readSeconds: Double
        }
        let prepared = rows.map { row in
            let streams = Double(row.batch * row.keyValueHeads)
            let bytes = Double(row.batch * (row.past + 1) * row.keyValueHeads * row.headSize * 4)
            return Prepared(
                latency: CurvePosition(of: streams, in: latencyKnots),
                beyond: max(1, streams / latencyKnots[latencyKnots.count - 1]),
                bandwidth: CurvePosition(of: streams, in: streamKnots),
                readSeconds: bytes / device.memoryBandwidthBytesPerSecond)
        }
        let latencies = latencyKnots.count
        var descent = CoordinateDescent(
            parameters: latencyKnots.map { 1e-5 + 1e-8 * $0 } + streamKnots.map { _ in 0.8 },
            limits: latencyKnots.map { _ in 1e-7...1 } + streamKnots.map { _ in 0.02...0.94 })
        for i in 1..<latencies {
            descent.orderings.append(.init(smaller: i - 1, larger: i, factor: 1))
            // Latency per stream may not rise, so that the proportion held above the last knot is an upper bound.
            descent.orderings.append(.init(smaller: i, larger: i - 1, factor: latencyKnots[i] / latencyKnots[i - 1]))
            descent.neighbours.append((i - 1, i))
        }
        for i in 1..<streamKnots.count { descent.neighbours.append((latencies + i - 1, latencies + i)) }
        let touched = prepared.map { $0.latency.corners + $0.bandwidth.corners.map { latencies + $0 } }
        descent.minimise(touched: touched) { index, parameters in
            let row = prepared[index]
            let latency = row.latency.interpolate(parameters) * row.beyond
            let low = parameters[latencies + row.bandwidth.index]
            let bandwidth =
                row.bandwidth.fraction == 0
                ? low
                : low * (1 - row.bandwidth.fraction)
                    + parameters[latencies + row.bandwidth.index + 1] * row.bandwidth.fraction
            return excess(latency + row.readSeconds / bandwidth, rows[index].seconds)
        }
        let fitted = descent.parameters.map(fourDigits)
        return DecodeAttentionEfficiency(
            latency: Curve(knots: latencyKnots, values: Array(fitted[..<latencies])),
            bandwidth: Curve(knots: streamKnots, values: Array(fitted[latencies...])))
    }

    static func fitPrefill(_ rows: [AttentionRow], device: DeviceProfile) -> PrefillAttentionEfficiency {
        struct Prepared {
            let keys: Double
            let position: CurvePosition
            let beyond: Double
            let secondsPerKey: Double
            let longest: Double
        }
        let last = keyKnots.count - 1
        let prepared = rows.map { row in
            let keys = Double(row.queryLength + 1) / 2
            let perKey = Double(row.batch * row.queryLength * row.heads * row.headSize * 4) / device.bf16FLOPS
            return Prepared(
                keys: keys, position: CurvePosition(of: keys, in: keyKnots), beyond: max(1, keys / keyKnots[last]),
                secondsPerKey: perKey, longest: Double(row.queryLength))
        }
        let (launch, tail) = (keyKnots.count, keyKnots.count + 1)
        var descent = CoordinateDescent(
            parameters: keyKnots.map { 0.6 * $0 / ($0 + 400) } + [1e-5, 5e-9],
            limits: keyKnots.map { _ in 0.001...0.97 } + [1e-7...1e-3, 1e-12...1e-6])
        for i in 1...last {
            descent.neighbours.append((i - 1, i))
            // More keys never take less time.
            descent.orderings.append(.init(smaller: i, larger: i - 1, factor: keyKnots[i] / keyKnots[i - 1]))
        }
        descent.minimise(touched: prepared.map { $0.position.corners + [launch, tail] }) { index, parameters in
            let row = prepared[index]
            var costed = keyKnots[row.position.index] / parameters[row.position.index]
            if row.position.fraction > 0 {
                let next = keyKnots[row.position.index + 1] / parameters[row.position.index + 1]
                costed += (next - costed) * row.position.fraction
            }
            let compute = costed * row.beyond * row.secondsPerKey
            return excess(parameters[launch] + parameters[tail] * row.longest + compute, rows[index].seconds)
        }
        let fitted = descent.parameters.map(fourDigits)
        return PrefillAttentionEfficiency(
            launchSeconds: fitted[launch], tailSecondsPerKey: fitted[tail],
            compute: Curve(knots: keyKnots, values: Array(fitted[...last])))
    }
}
