public import Diagnostics
internal import Profiles
internal import Reporting
internal import Scenarios

extension RegressionSuite {
    /// Reads a suite file. Paths in it start from its folder.
    public static func load(path: String) throws(InputError) -> RegressionSuite {
        let root = try YAMLNode.parse(try InputText.read(path), file: path)
        let (folder, file) = splitPath(path)
        let findings = Findings()
        var reader = try YAMLReader.root(of: root, "the suite", findings)
        let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
        let name = reader.optional("name", .string("a name"))?.value ?? stem
        let replications = reader.optional("replications", .int(in: 1...10_000))?.value ?? defaultReplications
        let confidence = reader.optional("confidence", .number(in: 0.5...0.999999))?.value ?? defaultConfidence
        let casesNode = reader.node("cases")
        if casesNode == nil { reader.reportMissing("cases", expected: "a list of at least one case") }
        let cases = readList(casesNode, "cases", findings) { readCase($0, folder: folder, findings) }
        let limits = readList(reader.node("limits"), "limits", findings) { readLimit($0, findings) }
        let candidate = reader.node("candidate")
        let (baseline, baselineChanges) = readBaseline(reader.node("baseline"), folder: folder, findings)
        reader.finish()
        for (index, test) in cases.enumerated() where cases[..<index].contains(where: { $0.name == test.name }) {
            findings.error(at: test.place, "found a second case \"\(shortened(test.name))\", expected another name")
        }
        var candidateChanges: [(field: Located<String>, value: YAMLNode)] = []
        if let candidate, var keys = YAMLReader(candidate, "the candidate", findings) {
            candidateChanges = FieldChanges.read(keys.node("set"), findings)
            keys.finish()
        }
        try findings.throwIfAny()
        return RegressionSuite(
            name: name, cases: cases, limits: limits.isEmpty ? RegressionLimit.defaults : limits,
            replications: replications, confidence: confidence, baseline: baseline, baselineChanges: baselineChanges,
            candidateChanges: candidateChanges)
    }

    private static func readCase(_ node: YAMLNode, folder: String, _ findings: Findings) -> Case? {
        guard var keys = YAMLReader(node, "a case", findings) else { return nil }
        let name = keys.required("name", .string("a name"))
        let deployment = keys.optional("deployment", .string("a deployment of the scenario"))?.value
        let document = ScenarioDocument.read(&keys, name: name?.value ?? "case", folder: folder)
        keys.finish()
        guard let name, let document else { return nil }
        return Case(name: name.value, document: document, deployment: deployment, place: node.location)
    }

    private static func readLimit(_ node: YAMLNode, _ findings: Findings) -> RegressionLimit? {
        guard var keys = YAMLReader(node, "a limit", findings) else { return nil }
        let judged = MetricSelection.all.filter { $0.metric.isBetterHigher != nil }
        let metric = keys.required("metric", .word("a metric", of: judged.map(\.name)))
        let absolute = keys.optional("absolute", .number(in: 0...1e12))?.value ?? 0
        let relative = keys.optional("relative", .number(in: 0...1e3))?.value ?? 0
        keys.finish()
        guard let metric, let selection = MetricSelection(metric.value) else { return nil }
        return RegressionLimit(selection, absolute: absolute, relative: relative)
    }

    private static func readBaseline(
        _ node: YAMLNode?, folder: String, _ findings: Findings
    ) -> (Baseline?, [(field: Located<String>, value: YAMLNode)]) {
        guard let node, var keys = YAMLReader(node, "the baseline", findings) else { return (nil, []) }
        let changes = FieldChanges.read(keys.node("set"), findings)
        let file = keys.optional("file", .string("the path of a baseline file"))
        let database = keys.optional("database", .string("the path of a results database"))
        let program = keys.optional("program", .string("the path of a phasewise program"))
        keys.finish()
        func path(_ given: Located<String>) -> String { resolvedPath(given, folder: folder) }
        let named: [Baseline] = [
            file.map { .file(path: path($0)) }, database.map { .database(path: path($0)) },
            program.map { .program(path: path($0)) },
        ].compactMap(\.self)
        if named.count > 1 {
            findings.error(
                at: node.location, "found several of \"file\", \"database\" and \"program\", expected one of them")
        }
        return (named.first ?? .changed, changes)
    }
}
