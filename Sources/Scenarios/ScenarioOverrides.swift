public import Diagnostics
public import Profiles

extension YAMLNode {
    /// Applies `--set` arguments like `deployments.0.partition=[60, 100]` in order, before anything is checked: names
    /// address keys, numbers the items of lists; the number after the last appends; a value is YAML; an empty value is
    /// as if the key were not there. Mappings on the way that do not exist are made.
    ///
    /// What is set keeps the argument as its place: file `--set KEY`, line 1, column in the argument.
    public mutating func apply(overrides: [String]) throws(InputError) {
        var collector = DiagnosticCollector()
        for argument in overrides {
            do throws(InputError) { try apply(override: argument) } catch { collector.absorb(error) }
        }
        try collector.throwIfAny()
    }

    private mutating func apply(override argument: String) throws(InputError) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            throw InputError(
                at: SourceLocation(file: "--set \(argument)", line: 1, column: 1),
                "found no \"KEY=VALUE\", expected for example workload.rate=12")
        }
        let key = String(argument[..<equals])
        let file = "--set \(key)"
        let valueText = String(argument[argument.index(after: equals)...])
        let valueColumn = key.utf8.count + 2
        var value: YAMLNode
        if valueText.allSatisfy({ $0 == " " }) {
            value = YAMLNode(.scalar("", isQuoted: false), at: SourceLocation(file: file, line: 1, column: 1))
            value.location.column = valueColumn
        } else {
            do throws(InputError) {
                value = try YAMLNode.parse(valueText, file: file)
                value.shift(columns: valueColumn - 1)
            } catch {
                var shifted = error
                for index in shifted.diagnostics.indices {
                    guard shifted.diagnostics[index].location?.line == 1 else { continue }
                    shifted.diagnostics[index].location?.column += valueColumn - 1
                }
                throw shifted
            }
        }
        var column = 1
        var steps: [OverrideStep] = []
        for part in key.split(separator: ".", omittingEmptySubsequences: false) {
            steps.append(
                OverrideStep(name: String(part), location: SourceLocation(file: file, line: 1, column: column)))
            column += part.utf8.count + 1
        }
        try set(value, at: steps[...])
    }

    /// Sets what a flag of its own stands for; `nil` is as if the key were not there. An existing mapping keeps its place.
    mutating func set(_ value: YAMLNode?, at key: String, flag: String) throws(InputError) {
        let place = SourceLocation(file: flag, line: 1, column: 1)
        let steps = key.split(separator: ".").map { OverrideStep(name: String($0), location: place) }
        try set(value ?? .absent(at: place), at: steps[...])
    }

    /// Sets a field named in a file: every part of the name has the place of the name.
    mutating func set(_ value: YAMLNode, at field: Located<String>) throws(InputError) {
        let names = field.value.split(separator: ".", omittingEmptySubsequences: false)
        let steps = names.map { OverrideStep(name: String($0), location: field.location) }
        try set(value, at: steps[...])
    }

    private mutating func set(_ value: YAMLNode, at steps: ArraySlice<OverrideStep>) throws(InputError) {
        guard let step = steps.first else {
            self = value
            return
        }
        guard !step.name.isEmpty else {
            throw InputError(
                at: step.location, "found an empty name between the dots, expected for example workload.rate")
        }
        if isNull { content = .mapping([]) }
        switch content {
        case .scalar:
            throw InputError(
                at: step.location, "found \"\(step.name)\" below a single value, expected a mapping or a list")
        case .sequence(var items):
            guard let index = Int(step.name), items.indices.contains(index) || index == items.count else {
                throw InputError(
                    at: step.location,
                    "found \"\(step.name)\", expected the number of an item of the list, 0 to \(items.count)")
            }
            if index == items.count { items.append(.absent(at: step.location)) }
            try items[index].set(value, at: steps.dropFirst())
            content = .sequence(items)
        case .mapping(var entries):
            let index = entries.firstIndex { $0.key == step.name } ?? entries.count
            if index == entries.count {
                entries.append(Entry(key: step.name, keyLocation: step.location, value: .absent(at: step.location)))
            }
            entries[index].keyLocation = step.location
            try entries[index].value.set(value, at: steps.dropFirst())
            content = .mapping(entries)
        }
    }

    private static func absent(at location: SourceLocation) -> YAMLNode {
        YAMLNode(.scalar("", isQuoted: false), at: location)
    }

    /// Moves everything on the first line to the right.
    private mutating func shift(columns: Int) {
        func shifted(_ location: SourceLocation) -> SourceLocation {
            var location = location
            if location.line == 1 { location.column += columns }
            return location
        }
        location = shifted(location)
        switch content {
        case .scalar: break
        case .sequence(var items):
            for index in items.indices { items[index].shift(columns: columns) }
            content = .sequence(items)
        case .mapping(var entries):
            for index in entries.indices {
                entries[index].keyLocation = shifted(entries[index].keyLocation)
                entries[index].value.shift(columns: columns)
            }
            content = .mapping(entries)
        }
    }
}

/// One name of a dotted key, and where it stands in the argument.
private struct OverrideStep {
    var name: String
    var location: SourceLocation
}
