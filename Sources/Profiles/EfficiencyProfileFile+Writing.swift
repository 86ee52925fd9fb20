public import CostModels

extension EfficiencyProfile {
    /// The text of a file of `Profiles/efficiency/` that reads back as this profile.
    ///
    /// - Parameters:
    ///   - header: comment lines for the top.
    ///   - notes: a comment for each section, by its key, in the order in which they matter to a reader.
    public func yaml(header: [String], notes: [(section: String, text: String)]) -> String {
        var text = header.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
        func section(_ key: String, _ body: String) {
            text += "\n"
            for note in notes where note.section == key { text += "# \(note.text)\n" }
            text += "\(key):\n\(body)"
        }
        text += "origin: \(origin)\n"
        section(
            "gemm",
            "  launch_seconds: \(plain(gemm.launchSeconds))\n  rows: \(list(gemm.rows))\n"
                + "  matrix_elements: \(list(gemm.matrixElements))\n  compute_efficiency:\n"
                + gemm.compute.map { "    - \(list($0))\n" }.joined()
                + "  bandwidth_efficiency: \(pairs(gemm.bandwidth))\n")
        section(
            "prefill_attention",
            "  launch_seconds: \(plain(prefillAttention.launchSeconds))\n"
                + "  tail_seconds_per_key: \(plain(prefillAttention.tailSecondsPerKey))\n"
                + "  compute_efficiency: \(pairs(prefillAttention.compute))\n")
        section(
            "decode_attention",
            "  latency_seconds: \(pairs(decodeAttention.latency))\n"
                + "  bandwidth_efficiency: \(pairs(decodeAttention.bandwidth))\n")
        section(
            "elementwise",
            "  launch_seconds: \(plain(elementwise.launchSeconds))\n"
                + "  bandwidth_efficiency: \(plain(elementwise.bandwidth))\n")
        section(
            "all_reduce",
            "  link_bytes_per_second: \(plain(allReduce.linkBytesPerSecond))\n  groups:\n"
                + allReduce.groups.map { "    - ranks: \($0.ranks)\n      seconds: \(pairs($0.seconds))\n" }.joined())
        section(
            "sm_scaling",
            "  streaming_multiprocessors: \(smScaling.streamingMultiprocessors)\n"
                + "  compute: \(pairs(smScaling.compute))\n  weight_reads: \(pairs(smScaling.weightReads))\n"
                + "  reads: \(pairs(smScaling.reads))\n")
        section(
            "sharing",
            "  delivered_bandwidth: \(plain(sharing.deliveredBandwidth))\n"
                + "  overlap_gain: \(plain(sharing.overlapGain))\n")
        return text
    }
}

/// Whole numbers without a fraction; others in the shortest form that reads back the same.
private func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
}

private func list(_ values: [Double]) -> String { "[\(values.map(plain).joined(separator: ", "))]" }

private func pairs(_ curve: Curve) -> String {
    "[\(zip(curve.knots, curve.values).map { "[\(plain($0)), \(plain($1))]" }.joined(separator: ", "))]"
}
