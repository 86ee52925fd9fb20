public import Diagnostics

/// A value with its place, kept together until the checks that compare values are done.
public struct Located<Value> {
    public var value: Value
    public var location: SourceLocation

    public init(_ value: Value, at location: SourceLocation) {
        self.value = value
        self.location = location
    }
}

extension Located: Sendable where Value: Sendable {}

/// What the readers of one input have found so far; shared by all of them, hence a class.
public final class Findings {
    private var collector = DiagnosticCollector()

    public init() {}

    public var warnings: [Diagnostic] { collector.warnings }

    public func error(at location: SourceLocation?, _ message: String, help: String? = nil) {
        collector.error(at: location, message, help: help)
    }

    public func warning(at location: SourceLocation?, _ message: String, help: String? = nil) {
        collector.warning(at: location, message, help: help)
    }

    public func absorb(_ error: InputError) { collector.absorb(error) }

    /// The value of `body`, or `nil` with its errors gathered.
    public func gathering<Value>(_ body: () throws(InputError) -> Value) -> Value? {
        do { return try body() } catch {
            absorb(error)
            return nil
        }
    }

    /// Throws the errors, if there are any, from the top of each file to its bottom.
    public func throwIfAny() throws(InputError) {
        guard !collector.errors.isEmpty else { return }
        var files: [String] = []
        for case let file? in collector.errors.map(\.location?.file) where !files.contains(file) { files.append(file) }
        func key(_ diagnostic: Diagnostic) -> (Int, Int, Int) {
            guard let place = diagnostic.location, let file = files.firstIndex(of: place.file) else {
                return (-1, 0, 0)
            }
            return (file, place.line, place.column)
        }
        throw InputError(
            collector.errors.enumerated()
                .sorted { (key($0.element), $0.offset) < (key($1.element), $1.offset) }
                .map(\.element))
    }
}

private func < (a: ((Int, Int, Int), Int), b: ((Int, Int, Int), Int)) -> Bool {
    a.0 == b.0 ? a.1 < b.1 : a.0 < b.0
}

/// Reads the keys of one mapping and knows which were asked for, so that `finish` can name those nobody wanted.
///
/// A getter that finds something wrong reports it and returns `nil`, as if the key were absent; the caller goes on
/// and the findings end the reading later.
public struct YAMLReader {
    /// What the mapping describes, with its article: "a deployment".
    public let name: String
    public let location: SourceLocation
    public let findings: Findings
    private let entries: [YAMLNode.Entry]
    private var known: [String] = []

    /// `nil`, with the finding reported, if the node is not a mapping.
    public init?(_ node: YAMLNode, _ name: String, _ findings: Findings) {
        guard case .mapping(let entries) = node.content else {
            findings.error(at: node.location, "found \(node.found), expected \(name) as a mapping of keys to values")
            return nil
        }
        self.name = name
        self.findings = findings
        self.entries = entries
        location = node.location
    }

    /// The reader of a document's root, which must be a mapping.
    public static func root(
        of node: YAMLNode, _ name: String, _ findings: Findings
    ) throws(InputError) -> YAMLReader {
        guard let reader = YAMLReader(node, name, findings) else {
            try findings.throwIfAny()
            preconditionFailure("the root of \(name) is not a mapping and no error reported")
        }
        return reader
    }

    /// The value of a key as it stands; `nil` if the key is absent or null.
    public mutating func node(_ key: String) -> YAMLNode? {
        known.append(key)
        guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else { return nil }
        return entry.value
    }

    public mutating func optional<Value>(_ key: String, _ expectation: YAMLExpectation<Value>) -> Located<Value>? {
        guard let node = node(key), let value = expectation.decode(node, key, findings) else { return nil }
        return Located(value, at: node.location)
    }

    public mutating func required<Value>(_ key: String, _ expectation: YAMLExpectation<Value>) -> Located<Value>? {
        guard let node = node(key) else {
            reportMissing(key, expected: expectation.text)
            return nil
        }
        return expectation.decode(node, key, findings).map { Located($0, at: node.location) }
    }

    public func reportMissing(_ key: String, expected: String) {
        findings.error(at: location, "\(name) has no \"\(key)\", expected \(expected)")
    }

    /// The keys of the mapping that are present and not null, with their places.
    public var presentKeys: [(key: String, location: SourceLocation)] {
        entries.filter { !$0.value.isNull }.map { ($0.key, $0.keyLocation) }
    }

    /// Where the key stands; `nil` if it is absent or null.
    public func place(of key: String) -> SourceLocation? { presentKeys.first { $0.key == key }?.location }

    /// Reports the keys that no getter asked for.
    public func finish() {
        for entry in entries where !known.contains(entry.key) {
            let nearest = nearestMatch(to: entry.key, among: known)
            findings.error(
                at: entry.keyLocation, "found the unknown key \"\(shortened(entry.key))\" in \(name)",
                help: nearest.map { "did you mean \"\($0)\"?" } ?? "known keys: \(known.joined(separator: ", "))")
        }
    }
}
