public import Diagnostics

/// A value of a YAML or JSON text that knows its place.
///
/// Scalars stay text until a reader says what it expects (`YAMLExpectation`), so that `0.10` as a name stays `0.10` and
/// a wrong type is reported with what was written.
public struct YAMLNode: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        /// Quoted scalars are strings; plain ones are whatever the reader expects.
        case scalar(String, isQuoted: Bool)
        case sequence([YAMLNode])
        /// In the order of the text, without duplicate keys.
        case mapping([Entry])
    }

    /// A key and its value in a mapping.
    public struct Entry: Hashable, Sendable {
        public var key: String
        public var keyLocation: SourceLocation
        public var value: YAMLNode

        public init(key: String, keyLocation: SourceLocation, value: YAMLNode) {
            self.key = key
            self.keyLocation = keyLocation
            self.value = value
        }
    }

    public var content: Content
    public var location: SourceLocation

    public init(_ content: Content, at location: SourceLocation) {
        self.content = content
        self.location = location
    }

    /// A plain `null`, `~` or nothing at all: the same as leaving the key out.
    public var isNull: Bool {
        if case .scalar(let text, isQuoted: false) = content {
            return Self.nullWords.contains(text)
        }
        return false
    }

    static let nullWords = ["", "~", "null", "Null", "NULL"]

    /// What was found, for messages.
    var found: String {
        switch content {
        case .scalar(let text, let isQuoted):
            isNull ? "nothing" : isQuoted ? "the string \"\(shortened(text))\"" : "\"\(shortened(text))\""
        case .sequence(let items): items.isEmpty ? "an empty list" : "a list"
        case .mapping: "a mapping"
        }
    }
}

/// At most 60 characters of a text, so that a message stays a line.
package func shortened(_ text: String) -> String {
    text.count <= 60 ? text : "\(text.prefix(57))..."
}
