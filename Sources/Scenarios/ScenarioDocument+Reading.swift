internal import Diagnostics
package import Profiles

extension ScenarioDocument {
    /// The key `scenario` of a plan or a suite, a path or a mapping, with the fields of `set` put into it.
    package static func read(
        _ keys: inout YAMLReader, name: String, folder: String, overrides: [String] = []
    ) -> ScenarioDocument? {
        guard let node = keys.node("scenario") else {
            keys.reportMissing("scenario", expected: "the path of a scenario, or a scenario in place")
            return nil
        }
        let findings = keys.findings
        var document = findings.gathering { () throws(InputError) in
            switch node.content {
            case .mapping: return ScenarioDocument(node, name: name, folder: folder)
            case .sequence: throw InputError(at: node.location, "scenario: found a list, expected a path or a mapping")
            case .scalar(let path, _):
                let resolved = resolvedPath(Located(path, at: node.location), folder: folder)
                do throws(InputError) { return try ScenarioDocument(path: resolved) } catch {
                    // A file that cannot be opened is a mistake where it is named.
                    var error = error
                    for index in error.diagnostics.indices where error.diagnostics[index].location == nil {
                        error.diagnostics[index].location = node.location
                    }
                    throw error
                }
            }
        }
        let changes = FieldChanges.read(keys.node("set"), findings)
        guard var read = document else { return nil }
        document = findings.gathering { () throws(InputError) in
            for change in changes { try read.set(change.value, at: change.field) }
            try read.apply(overrides: overrides)
            return read
        }
        return document
    }
}

/// Fields with the values that a file gives them, as in `set: {workload.rate: 12}`.
package enum FieldChanges {
    package static func read(_ node: YAMLNode?, _ findings: Findings) -> [(field: Located<String>, value: YAMLNode)] {
        guard let node else { return [] }
        guard case .mapping(let entries) = node.content else {
            findings.error(at: node.location, "set: expected a mapping of fields to values")
            return []
        }
        return entries.map { (Located($0.key, at: $0.keyLocation), $0.value) }
    }
}

/// What was read of each item of a list; empty if there is no list.
package func readList<Item>(
    _ node: YAMLNode?, _ key: String, _ findings: Findings, _ read: (YAMLNode) -> Item?
) -> [Item] {
    guard let node else { return [] }
    guard case .sequence(let items) = node.content, !items.isEmpty else {
        findings.error(at: node.location, "\(key): expected a list of at least one item")
        return []
    }
    return items.compactMap(read)
}
