/// A place in an input: file, line and column, both counted from 1, the column in bytes as compilers do.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}

/// One thing found in an input: what was found, what was expected, and where.
public struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    public enum Severity: String, Sendable { case error, warning, note }

    public var severity: Severity
    /// `nil` where the finding is about the input as a whole.
    public var location: SourceLocation?
    public var message: String
    /// What to do about it, where that is not obvious.
    public var help: String?

    public init(_ severity: Severity = .error, at location: SourceLocation?, _ message: String, help: String? = nil) {
        self.severity = severity
        self.location = location
        self.message = message
        self.help = help
    }

    /// `file:line:column: error: message`, with the help on a line of its own.
    public var description: String {
        let place = location.map { "\($0): " } ?? ""
        return "\(place)\(severity.rawValue): \(message)" + (help.map { "\n    help: \($0)" } ?? "")
    }
}

/// An input that cannot be used, with everything found wrong in it, up to `DiagnosticCollector.limit` findings.
public struct InputError: Error, Sendable, CustomStringConvertible {
    public var diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) {
        precondition(!diagnostics.isEmpty, "an input error needs a diagnostic")
        self.diagnostics = diagnostics
    }

    public init(at location: SourceLocation?, _ message: String, help: String? = nil) {
        self.init([Diagnostic(.error, at: location, message, help: help)])
    }

    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// Gathers findings so that a user sees many at once; reading stops at the limit.
public struct DiagnosticCollector: Sendable {
    public static let limit = 20

    public private(set) var errors: [Diagnostic] = []
    public private(set) var warnings: [Diagnostic] = []

    public init() {}

    public var isFull: Bool { errors.count >= Self.limit }

    public mutating func error(at location: SourceLocation?, _ message: String, help: String? = nil) {
        if !isFull { errors.append(Diagnostic(.error, at: location, message, help: help)) }
    }

    public mutating func warning(at location: SourceLocation?, _ message: String, help: String? = nil) {
        if warnings.count < Self.limit { warnings.append(Diagnostic(.warning, at: location, message, help: help)) }
    }

    public mutating func absorb(_ error: InputError) {
        for diagnostic in error.diagnostics where !isFull { errors.append(diagnostic) }
    }

    /// Throws what was gathered, if any of it is an error.
    public func throwIfAny() throws(InputError) {
        if !errors.isEmpty { throw InputError(errors) }
    }
}
