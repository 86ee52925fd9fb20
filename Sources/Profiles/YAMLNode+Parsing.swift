public import Diagnostics
internal import Yams

extension YAMLNode {
    /// Parses a text that holds one YAML document or one JSON value.
    ///
    /// - Parameter file: the name that messages give as the place.
    /// - Throws: one located error if the text is empty, is not YAML, repeats a key, or is unreasonably deep or large.
    public static func parse(_ text: String, file: String) throws(InputError) -> YAMLNode {
        let places = BytePlaces(text)
        func location(_ mark: Mark?) -> SourceLocation {
            let place = mark.map { places.place(line: $0.line, scalarColumn: $0.column) } ?? (line: 1, column: 1)
            return SourceLocation(file: file, line: place.line, column: place.column)
        }
        let root: Node?
        do {
            root = try yamlTree(text)
        } catch {
            throw inputError(error, file: file, location: location)
        }
        guard let root else {
            throw InputError(at: location(nil), "found an empty file, expected a YAML mapping")
        }
        var budget = maximumNodes
        return try convert(root, depth: 0, budget: &budget, location: location)
    }

    private static func convert(
        _ node: Node, depth: Int, budget: inout Int, location: (Mark?) -> SourceLocation
    ) throws(InputError) -> YAMLNode {
        let place = location(node.mark)
        budget -= 1
        // Aliases expand here: a few lines can stand for more values than memory holds.
        guard budget > 0 else {
            throw InputError(at: place, "found aliases that expand to more than \(maximumNodes) values")
        }
        guard depth <= maximumDepth else {
            throw InputError(at: place, "found values nested more than \(maximumDepth) deep")
        }
        switch node {
        case .scalar(let scalar):
            let isQuoted = scalar.style != .plain && scalar.style != .any
            return YAMLNode(.scalar(scalar.string, isQuoted: isQuoted), at: place)
        case .sequence(let sequence):
            var items: [YAMLNode] = []
            for item in sequence {
                items.append(try convert(item, depth: depth + 1, budget: &budget, location: location))
            }
            return YAMLNode(.sequence(items), at: place)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw InputError(at: location(key.mark), "found a key that is not a word, expected a plain key")
                }
                let value = try convert(value, depth: depth + 1, budget: &budget, location: location)
                entries.append(Entry(key: name, keyLocation: location(key.mark), value: value))
            }
            return YAMLNode(.mapping(entries), at: place)
        case .alias:
            throw InputError(at: place, "found an alias without a value")
        }
    }

    private static func inputError(
        _ error: any Error, file: String, location: (Mark?) -> SourceLocation
    ) -> InputError {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let context = context.map { ", \($0.text) at line \($0.mark.line)" } ?? ""
            return InputError(at: location(mark), "not YAML or JSON: \(problem)\(context)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.sorted().first ?? ""
            return InputError(
                at: location(context.mark),
                "found the key \"\(shortened(key))\" more than once in one mapping (first here), expected it once")
        case .reader(let problem, let offset, _, let yaml):
            return InputError(at: place(ofCharacter: offset, in: yaml, file: file), "not a text: \(problem)")
        default:
            return InputError(at: location(nil), "not YAML or JSON: \(error)")
        }
    }

    private static func place(ofCharacter offset: Int?, in text: String, file: String) -> SourceLocation {
        let before = text.prefix(offset ?? 0).utf8
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
        return SourceLocation(file: file, line: line, column: column)
    }
}

private let maximumDepth = 200
private let maximumNodes = 1_000_000
