internal import Diagnostics

/// What a reader expects of a value: how to decode it and how to say so when it is something else.
public struct YAMLExpectation<Value> {
    /// "a whole number of at least 1"
    public let text: String
    let decode: (YAMLNode, _ path: String, Findings) -> Value?

    init(_ text: String, decode: @escaping (YAMLNode, _ path: String, Findings) -> Value?) {
        self.text = text
        self.decode = decode
    }

    /// A scalar. `parse` gets its text and whether it was quoted.
    static func scalar(_ text: String, parse: @escaping (String, Bool) -> Value?) -> Self {
        Self(text) { node, path, findings in
            if !node.isNull, case .scalar(let scalar, let isQuoted) = node.content, let value = parse(scalar, isQuoted)
            {
                return value
            }
            findings.error(at: node.location, "\(path): found \(node.found), expected \(text)")
            return nil
        }
    }
}

extension YAMLExpectation<Int> {
    /// Whole numbers, also as `450e9` as long as that is exact.
    public static func int(in range: ClosedRange<Int>) -> Self {
        .scalar("a whole number \(boundsText(range))") { text, isQuoted in
            guard !isQuoted, let value = wholeNumber(text), range.contains(value) else { return nil }
            return value
        }
    }

    private static func boundsText(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    }
}

extension YAMLExpectation<Double> {
    public static func number(above bound: Double) -> Self {
        .scalar("a number above \(briefly(bound))") { text, isQuoted in
            guard !isQuoted, let value = decimalNumber(text), value > bound else { return nil }
            return value
        }
    }

    public static func number(in range: ClosedRange<Double>) -> Self {
        .scalar("a number from \(briefly(range.lowerBound)) to \(briefly(range.upperBound))") { text, isQuoted in
            guard !isQuoted, let value = decimalNumber(text), range.contains(value) else { return nil }
            return value
        }
    }
}

extension YAMLExpectation<Bool> {
    public static var bool: Self {
        .scalar("true or false") { text, isQuoted in
            switch (text, isQuoted) {
            case ("true", false), ("True", false): true
            case ("false", false), ("False", false): false
            default: nil
            }
        }
    }
}

extension YAMLExpectation<String> {
    /// Any text that is not empty; numbers may stand unquoted.
    public static func string(_ what: String = "a text") -> Self {
        .scalar(what) { text, _ in text.isEmpty ? nil : text }
    }

    /// One of the given words.
    public static func word(_ what: String, of known: [String]) -> Self {
        choice(what, of: known.map { ($0, $0) })
    }
}

extension YAMLExpectation {
    /// The case of an enumeration whose raw values are words.
    public static func choice(_ what: String) -> Self
    where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
        choice(what, of: Value.allCases.map { ($0.rawValue, $0) })
    }

    private static func choice(_ what: String, of known: [(word: String, value: Value)]) -> Self {
        let words = known.map(\.word)
        let text = "\(what): \(words.joined(separator: ", "))"
        return Self(text) { node, path, findings in
            var found = node.found
            var help: String?
            if !node.isNull, case .scalar(let scalar, _) = node.content {
                if let match = known.first(where: { $0.word == scalar }) { return match.value }
                // Quoted or not, a word is a word.
                found = "\"\(shortened(scalar))\""
                help = nearestMatch(to: scalar, among: words).map { "did you mean \"\($0)\"?" }
            }
            findings.error(at: node.location, "\(path): found \(found), expected \(text)", help: help)
            return nil
        }
    }

    /// A list whose items are all as expected, of any length or of exactly `count`.
    public static func list<Item>(of item: YAMLExpectation<Item>, count: Int? = nil) -> Self where Value == [Item] {
        let text = count.map { "a list of \($0) values, each \(item.text)" } ?? "a list of values, each \(item.text)"
        return Self(text) { node, path, findings in
            guard case .sequence(let nodes) = node.content, nodes.count == count ?? nodes.count else {
                findings.error(at: node.location, "\(path): found \(node.found), expected \(text)")
                return nil
            }
            let items = nodes.enumerated().map { item.decode($1, "\(path)[\($0)]", findings) }
            return items.contains { $0 == nil } ? nil : items.compactMap(\.self)
        }
    }
}

/// The number that a plain scalar states in decimal, finite. Hexadecimal, `inf` and `nan` are not numbers here.
private func decimalNumber(_ text: String) -> Double? {
    let isDecimal = text.utf8.allSatisfy { byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
    }
    guard isDecimal, let value = Double(text), value.isFinite else { return nil }
    return value
}

private func wholeNumber(_ text: String) -> Int? {
    if let value = Int(text) { return value }
    guard let value = decimalNumber(text), let whole = Int(exactly: value), whole.magnitude <= 1 << 53 else {
        return nil
    }
    return whole
}

/// A bound as people write it: 0.01, 60, 1e18.
private func briefly(_ value: Double) -> String {
    var (rest, exponent) = (value, 0)
    while rest >= 10, rest.truncatingRemainder(dividingBy: 10) == 0 { (rest, exponent) = (rest / 10, exponent + 1) }
    if rest == 1 && exponent > 4 { return "1e\(exponent)" }
    return Int(exactly: value).map(String.init) ?? "\(value)"
}
