public import Diagnostics
internal import Profiles
internal import Scenarios

extension SweepPlan {
    /// Reads a plan: a scenario, by path or in place, with `axes` and a `sample` over its fields.
    ///
    /// - Parameter overrides: `--set` arguments for the scenario, applied before the axes.
    public static func load(path: String, overrides: [String] = []) throws(InputError) -> SweepPlan {
        let root = try YAMLNode.parse(try InputText.read(path), file: path)
        let (folder, file) = splitPath(path)
        let findings = Findings()
        var reader = try YAMLReader.root(of: root, "the sweep", findings)
        let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
        let name = reader.optional("name", .string("a name"))?.value ?? stem
        let document = ScenarioDocument.read(&reader, name: stem, folder: folder, overrides: overrides)
        let axes = readList(reader.node("axes"), "axes", findings) { readAxis($0, findings) }
        let sampled = reader.node("sample").flatMap { readSample($0, findings) }
        reader.finish()
        checkFields(axes.map(\.field) + (sampled?.axes.map(\.field) ?? []), findings)
        if axes.isEmpty, sampled == nil {
            findings.error(at: root.location, "the sweep has no \"axes\" and no \"sample\", expected one of them")
        }
        try findings.throwIfAny()
        guard let document else { preconditionFailure("a sweep without a scenario and no error reported") }
        let plan = SweepPlan(name: name, document: document, axes: axes, sampled: sampled)
        let points = axes.reduce(Double(sampled?.points ?? 1)) { $0 * Double($1.values.count) }
        guard points <= Double(maximumPoints) else {
            throw InputError(
                at: root.location, "found axes that cross to \(points) points, expected at most \(maximumPoints)")
        }
        return plan
    }

    private static func checkFields(_ fields: [Located<String>], _ findings: Findings) {
        for (index, field) in fields.enumerated() where fields[..<index].contains(where: { $0.value == field.value }) {
            findings.error(
                at: field.location, "found a second axis over \"\(shortened(field.value))\", expected another field")
        }
    }

    private static func readAxis(_ node: YAMLNode, _ findings: Findings) -> SweepAxis? {
        guard var keys = YAMLReader(node, "an axis", findings) else { return nil }
        let field = keys.required("field", .string("a field of the scenario, as in workload.rate"))
        let values: [YAMLNode]?
        if let listed = keys.node("values") {
            values = nonEmptyList(listed, "values", findings)
        } else if let range = readRange(&keys) {
            let steps = keys.required("steps", .int(in: 2...maximumPoints))?.value
            values = steps.map { steps in
                (0..<steps).map {
                    .number(range.number(atLevel: Double($0) / Double(steps - 1)), at: node.location)
                }
            }
        } else {
            if keys.place(of: "from") == nil { keys.reportMissing("values", expected: "a list, or from, to and steps") }
            _ = keys.node("steps")
            values = nil
        }
        keys.finish()
        guard let field, let values else { return nil }
        return SweepAxis(field: field, values: values)
    }

    private static func readSample(_ node: YAMLNode, _ findings: Findings) -> SampledAxes? {
        guard var keys = YAMLReader(node, "the sample", findings) else { return nil }
        let method: Located<SampledAxes.Method>? = keys.optional("method", .choice("a method"))
        let points = keys.required("points", .int(in: 1...maximumPoints))
        let seed = keys.optional("seed", .int(in: 0...Int.max))?.value ?? 1
        let axes = readList(keys.node("axes"), "axes", findings) { readSampledAxis($0, findings) }
        if axes.isEmpty { keys.reportMissing("axes", expected: "a list of at least one axis") }
        keys.finish()
        return points.map {
            SampledAxes(method: method?.value ?? .latinHypercube, points: $0.value, seed: UInt64(seed), axes: axes)
        }
    }

    private static func readSampledAxis(_ node: YAMLNode, _ findings: Findings) -> SampledAxes.Axis? {
        guard var keys = YAMLReader(node, "a sampled axis", findings) else { return nil }
        let field = keys.required("field", .string("a field of the scenario, as in workload.rate"))
        let domain: SampledDomain?
        if let listed = keys.node("values") {
            domain = nonEmptyList(listed, "values", findings).map { .choice($0) }
        } else {
            domain = readRange(&keys).map { .range($0, place: node.location) }
            if domain == nil, keys.place(of: "from") == nil {
                keys.reportMissing("values", expected: "a list, or from and to")
            }
        }
        keys.finish()
        guard let field, let domain else { return nil }
        return SampledAxes.Axis(field: field, domain: domain)
    }

    /// `from`, `to`, `scale` and `whole`; `nil` if there is no `from`, or something is wrong with them.
    private static func readRange(_ keys: inout YAMLReader) -> NumberRange? {
        let bounds = -1e18...1e18
        let from = keys.optional("from", .number(in: bounds))
        let to = from == nil ? keys.optional("to", .number(in: bounds)) : keys.required("to", .number(in: bounds))
        let scale: Located<NumberRange.Scale>? = keys.optional("scale", .choice("a scale"))
        let isWhole = keys.optional("whole", .bool)?.value ?? false
        guard let from, let to else { return nil }
        if let scale, scale.value == .log, from.value <= 0 || to.value <= 0 {
            keys.findings.error(
                at: scale.location, "scale: found log from \(from.value) to \(to.value), expected bounds above 0")
            return nil
        }
        return NumberRange(from: from.value, to: to.value, scale: scale?.value ?? .linear, isWhole: isWhole)
    }
}

/// The items of a list that is not empty.
private func nonEmptyList(_ node: YAMLNode, _ key: String, _ findings: Findings) -> [YAMLNode]? {
    guard case .sequence(let items) = node.content, !items.isEmpty else {
        findings.error(at: node.location, "\(key): expected a list of at least one value")
        return nil
    }
    return items
}
