internal import Diagnostics
internal import Profiles

/// Reads costs that a scenario states itself: affine in the batch, or a table.
struct CostsReader {
    let findings: Findings

    func read(_ node: YAMLNode) -> ResolvedCosts? {
        guard var keys = YAMLReader(node, "a costs mapping", findings) else { return nil }
        let iteration = keys.optional("iteration_ms", Self.milliseconds)?.value ?? 0
        let isTable = keys.place(of: "tokens_ms") != nil || keys.place(of: "sequences_ms") != nil
        let form = isTable ? readTable(&keys) : readAffine(&keys)
        keys.finish()
        return form.map { ResolvedCosts(iteration: iteration, form: $0) }
    }

    private static var milliseconds: YAMLExpectation<Double> { .number(in: 0...1e9) }

    private func readTable(_ keys: inout YAMLReader) -> ResolvedCosts.Form? {
        let tokens = readPoints("tokens_ms", &keys)
        let sequences = readPoints("sequences_ms", &keys)
        guard let tokens, let sequences else { return nil }
        return .table(tokens: tokens, sequences: sequences)
    }

    /// Pairs of a count and milliseconds, by ascending count.
    private func readPoints(_ key: String, _ keys: inout YAMLReader) -> [ResolvedCosts.Point]? {
        guard let pairs = keys.required(key, .list(of: .list(of: .number(in: 0...1e9), count: 2))) else { return nil }
        var points: [ResolvedCosts.Point] = []
        for (index, pair) in pairs.value.enumerated() {
            guard let count = Int(exactly: pair[0]), count > points.last?.count ?? 0 else {
                findings.error(
                    at: pairs.location,
                    "\(key)[\(index)]: found the count \(pair[0]), expected a whole number above "
                        + "\(points.last?.count ?? 0)")
                return nil
            }
            points.append(.init(count: count, milliseconds: pair[1]))
        }
        if points.isEmpty { findings.error(at: pairs.location, "\(key): found an empty list, expected points") }
        return points.isEmpty ? nil : points
    }

    private func readAffine(_ keys: inout YAMLReader) -> ResolvedCosts.Form? {
        let prefill = readPrefill(keys.node("prefill"), in: keys)
        let decodeNode = keys.node("decode")
        if decodeNode == nil { keys.reportMissing("decode", expected: "constant_ms and what sequences add") }
        let decode = decodeNode.flatMap { readDecode($0, "a decode costs mapping") }
        let large = keys.node("large_decode").map(readLargeDecode)
        guard let prefill, let decode = decode?.cost else { return nil }
        if let large, large == nil { return nil }
        return .affine(prefill: prefill, decode: decode, largeDecode: large ?? nil)
    }

    private func readPrefill(_ node: YAMLNode?, in costs: YAMLReader) -> ResolvedCosts.Prefill? {
        guard let node else {
            costs.reportMissing("prefill", expected: "constant_ms and what tokens add, or \"tokens_ms\" for a table")
            return nil
        }
        guard var keys = YAMLReader(node, "a prefill costs mapping", findings) else { return nil }
        let constant = keys.required("constant_ms", Self.milliseconds)
        let perToken = keys.optional("per_token_ms", Self.milliseconds)?.value ?? 0
        let perSquaredToken = keys.optional("per_squared_token_ms", Self.milliseconds)?.value ?? 0
        keys.finish()
        return constant.map { .init(constant: $0.value, perToken: perToken, perSquaredToken: perSquaredToken) }
    }

    /// - Parameter takesThreshold: whether the key `above` is one of them.
    private func readDecode(
        _ node: YAMLNode, _ name: String, takesThreshold: Bool = false
    ) -> (cost: ResolvedCosts.Decode?, above: Int?) {
        guard var keys = YAMLReader(node, name, findings) else { return (nil, nil) }
        let above = takesThreshold ? keys.required("above", .int(in: 0...65_536))?.value : nil
        let constant = keys.required("constant_ms", Self.milliseconds)
        let perContextToken = keys.optional("per_context_token_ms", Self.milliseconds)?.value ?? 0
        let perSequence = keys.optional("per_sequence_ms", Self.milliseconds)?.value ?? 0
        keys.finish()
        let cost = constant.map {
            ResolvedCosts.Decode(constant: $0.value, perContextToken: perContextToken, perSequence: perSequence)
        }
        return (cost, above)
    }

    private func readLargeDecode(_ node: YAMLNode) -> ResolvedCosts.LargeDecode? {
        let read = readDecode(node, "a large_decode costs mapping", takesThreshold: true)
        guard let cost = read.cost, let above = read.above else { return nil }
        return .init(above: above, cost: cost)
    }
}
