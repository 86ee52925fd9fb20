import CostModels

/// The roofline written down a second time, plainly: every operator of every layer on its own, one interpolation each.
struct NaivePricing {
    let model: ModelArchitecture
    let device: DeviceProfile
    let efficiency: EfficiencyProfile
    let tp: Int
    let sms: Int

    /// Seconds of the kernels of an iteration.
    func seconds(_ shape: IterationShape) -> Double {
        let tokens = Double(shape.tokens)
        let sampled = Double(shape.prefillCompletions + shape.decodeSequences)
        let (heads, hidden) = (Double(model.heads / tp), Double(model.hiddenSize))
        let (kv, size) = (Double(max(1, model.keyValueHeads / tp)), Double(model.headSize))
        let intermediate = Double(model.intermediateSize / tp)
        var total = elementwise(2 * hidden * 2 * tokens)
        for _ in 0..<model.layers {
            total += 2 * elementwise(4 * hidden * 2 * tokens)
            total += product(tokens, (heads + 2 * kv) * size, hidden)
            total += elementwise(2 * (heads + kv) * size * 2 * tokens)
            if shape.prefillTokens > 0 { total += prefillAttention(shape, heads: heads, kv: kv, size: size) }
            if shape.decodeSequences > 0 { total += decodeAttention(shape, kv: kv, size: size) }
            total += product(tokens, hidden, heads * size)
            total += product(tokens, 2 * intermediate, hidden)
            total += elementwise(3 * intermediate * 2 * tokens)
            total += product(tokens, hidden, intermediate)
            if tp > 1 { total += 2 * allReduce(hidden * 2 * tokens) }
        }
        if sampled > 0 {
            total += elementwise(4 * hidden * 2 * tokens)
            total += product(sampled, (Double(model.vocabularySize) / Double(tp)).rounded(.up), hidden)
            total += elementwise(Double(model.vocabularySize) * 4 * sampled)
        }
        return total
    }

    private func product(_ m: Double, _ n: Double, _ k: Double) -> Double {
        let gemm = efficiency.gemm
        let costed = gemm.rows.indices.map { gemm.rows[$0] / linear(n * k, gemm.matrixElements, gemm.compute[$0]) }
        let last = gemm.rows.last!
        let rows = m > last ? costed.last! * m / last : linear(m, gemm.rows, costed)
        let compute = 2 * n * k * rows / (device.bf16FLOPS * share(efficiency.smScaling.compute))
        let fraction = linear(2 * n * k, gemm.bandwidth.knots, gemm.bandwidth.values)
        let bandwidth = device.memoryBandwidthBytesPerSecond * fraction * share(efficiency.smScaling.weightReads)
        return gemm.launchSeconds + max(compute, 2 * (n * k + m * k + m * n) / bandwidth)
    }

    private func prefillAttention(_ shape: IterationShape, heads: Double, kv: Double, size: Double) -> Double {
        let attention = efficiency.prefillAttention
        let (tokens, chunks) = (Double(shape.prefillTokens), Double(shape.prefillSequences))
        let (pairs, context) = (Double(shape.prefillAttentionPairs), Double(shape.prefillContextTokens))
        let (knots, values) = (attention.compute.knots, attention.compute.values)
        let keys = pairs / tokens
        let costed =
            keys >= knots.last! ? keys / values.last! : linear(keys, knots, zip(knots, values).map { $0 / $1 })
        let peak = device.bf16FLOPS * share(efficiency.smScaling.compute)
        let bytes = context * kv * size * 4 + tokens * heads * size * 4
        let compute = 4 * size * heads * tokens * costed / peak
        return attention.launchSeconds + attention.tailSecondsPerKey * context / chunks
            + max(compute, bytes / attentionBandwidth(streams: chunks * kv))
    }

    private func decodeAttention(_ shape: IterationShape, kv: Double, size: Double) -> Double {
        let latency = efficiency.decodeAttention.latency
        let streams = Double(shape.decodeSequences) * kv
        let last = latency.knots.last!
        let all =
            streams > last ? latency.values.last! * streams / last : linear(streams, latency.knots, latency.values)
        let waiting = latency.values[0]
        return waiting + (all - waiting) / share(efficiency.smScaling.compute)
            + Double(shape.decodeContextTokens) * kv * size * 4 / attentionBandwidth(streams: streams)
    }

    private func attentionBandwidth(streams: Double) -> Double {
        let curve = efficiency.decodeAttention.bandwidth
        return device.memoryBandwidthBytesPerSecond * linear(streams, curve.knots, curve.values)
            * share(efficiency.smScaling.reads)
    }

    private func elementwise(_ bytes: Double) -> Double {
        let bandwidth = device.memoryBandwidthBytesPerSecond * efficiency.elementwise.bandwidth
        return efficiency.elementwise.launchSeconds + bytes / (bandwidth * share(efficiency.smScaling.reads))
    }

    private func allReduce(_ bytes: Double) -> Double {
        let curve = efficiency.allReduce.groups.first { $0.ranks == tp }!.seconds
        let last = curve.knots.last!
        let all = bytes > last ? curve.values.last! * bytes / last : linear(bytes, curve.knots, curve.values)
        return curve.values[0] + (all - curve.values[0]) * efficiency.allReduce.linkBytesPerSecond
            / device.nvlinkBytesPerSecond
    }

    private func share(_ curve: Curve) -> Double {
        let x =
            Double(sms) * Double(efficiency.smScaling.streamingMultiprocessors)
            / Double(device.streamingMultiprocessors)
        return x < curve.knots[0] ? curve.values[0] * x / curve.knots[0] : linear(x, curve.knots, curve.values)
    }

    private func linear(_ x: Double, _ knots: [Double], _ values: [Double]) -> Double {
        if x <= knots[0] { return values[0] }
        for i in 1..<knots.count where x <= knots[i] {
            let weight = (x - knots[i - 1]) / (knots[i] - knots[i - 1])
            return values[i - 1] + (values[i] - values[i - 1]) * weight
        }
        return values.last!
    }
}
