internal import CostModels
internal import Diagnostics
internal import Yams

/// A node of a profile file that knows where it stands, so that every wrong value is reported with its place.
struct ProfileNode {
    private let node: Node
    private let file: String

    static func document(_ text: String, file: String) throws(InputError) -> ProfileNode {
        do {
            guard let node = try yamlTree(text) else {
                throw InputError(at: SourceLocation(file: file, line: 1, column: 1), "the file is empty")
            }
            return ProfileNode(node: node, file: file)
        } catch let error as InputError {
            throw error
        } catch let error as YamlError {
            throw InputError(at: Self.location(of: error, file: file), "not YAML: \(Self.problem(of: error))")
        } catch {
            throw InputError(at: SourceLocation(file: file, line: 1, column: 1), "not YAML: \(error)")
        }
    }

    func error(_ message: String) -> InputError { InputError(at: location, message) }

    private var location: SourceLocation {
        SourceLocation(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    /// The fields of a mapping that has exactly `keys`, except for those in `optional`, which it may lack.
    func mapping(keys: [String], optional: [String] = []) throws(InputError) -> Fields {
        guard let mapping = node.mapping else {
            throw error("expected a mapping with the keys \(keys.joined(separator: ", "))")
        }
        var collector = DiagnosticCollector()
        var found: [(String, ProfileNode)] = []
        for (key, value) in mapping {
            let name = key.string ?? ""
            if keys.contains(name) || optional.contains(name) {
                found.append((name, ProfileNode(node: value, file: file)))
            } else {
                let match = nearestMatch(to: name, among: keys + optional)
                collector.error(
                    at: ProfileNode(node: key, file: file).location, "unknown key \"\(name)\"",
                    help: match.map { "did you mean \"\($0)\"?" }
                        ?? "known keys: \((keys + optional).joined(separator: ", "))")
            }
        }
        for key in keys where !found.contains(where: { $0.0 == key }) {
            collector.error(at: location, "key \"\(key)\" is missing")
        }
        try collector.throwIfAny()
        return Fields(nodes: found)
    }

    /// The nodes of a mapping by key.
    struct Fields {
        fileprivate let nodes: [(String, ProfileNode)]

        /// - Precondition: the key was required.
        subscript(key: String) -> ProfileNode { nodes.first { $0.0 == key }!.1 }

        func optional(_ key: String) -> ProfileNode? { nodes.first { $0.0 == key }?.1 }
    }

    func sequence() throws(InputError) -> [ProfileNode] {
        guard let sequence = node.sequence, !sequence.isEmpty else {
            throw error("expected a list with at least one entry")
        }
        return sequence.map { ProfileNode(node: $0, file: file) }
    }

    func string() throws(InputError) -> String {
        guard let scalar = node.scalar else { throw error("expected a text") }
        return scalar.string
    }

    func number(_ expected: String, where isValid: (Double) -> Bool) throws(InputError) -> Double {
        guard let scalar = node.scalar else { throw error("expected \(expected)") }
        guard let value = Double(scalar.string), value.isFinite, isValid(value) else {
            throw error("\"\(scalar.string)\" is not \(expected)")
        }
        return value
    }

    func positive() throws(InputError) -> Double { try number("a number above 0") { $0 > 0 } }
    func notNegative() throws(InputError) -> Double { try number("a number of at least 0") { $0 >= 0 } }
    func fraction() throws(InputError) -> Double {
        try number("a fraction above 0 and at most 1") { $0 > 0 && $0 <= 1 }
    }

    func integer(atLeast bound: Int) throws(InputError) -> Int {
        let expected = "a whole number of at least \(bound)"
        let value = try number(expected) { $0 >= Double(bound) && $0 < 1e18 && $0 == $0.rounded(.towardZero) }
        return Int(value)
    }

    func positiveInteger() throws(InputError) -> Int { try integer(atLeast: 1) }

    func fractions() throws(InputError) -> [Double] {
        var values: [Double] = []
        for node in try sequence() { values.append(try node.fraction()) }
        return values
    }

    /// Numbers above 0, each larger than the one before.
    func ascending() throws(InputError) -> [Double] {
        var values: [Double] = []
        for node in try sequence() {
            let value = try node.positive()
            if let last = values.last, value <= last {
                throw node.error("\(value) does not exceed the \(last) before it")
            }
            values.append(value)
        }
        return values
    }

    enum ValueKind { case fraction, notNegative }

    /// A list of [knot, value] pairs with ascending knots.
    func curve(of kind: ValueKind) throws(InputError) -> Curve {
        var (knots, values): ([Double], [Double]) = ([], [])
        for node in try sequence() {
            let pair = try node.sequence()
            if pair.count != 2 { throw node.error("expected a pair [knot, value], found \(pair.count) entries") }
            let knot = try pair[0].notNegative()
            if let last = knots.last, knot <= last {
                throw pair[0].error("knot \(knot) does not exceed the \(last) before it")
            }
            knots.append(knot)
            values.append(try kind == .fraction ? pair[1].fraction() : pair[1].notNegative())
        }
        return Curve(knots: knots, values: values)
    }

    /// A number above 0, or a list of [knot, value] pairs.
    func numberOrCurve() throws(InputError) -> Curve {
        node.sequence == nil ? .constant(try positive()) : try curve(of: .notNegative)
    }

    private static func location(of error: YamlError, file: String) -> SourceLocation {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            SourceLocation(file: file, line: mark.line, column: mark.column)
        default: SourceLocation(file: file, line: 1, column: 1)
        }
    }

    private static func problem(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): problem
        default: "\(error)"
        }
    }
}
