public import Diagnostics

/// One line of a microbenchmark: a flat JSON object, nested objects read as `outer.inner`, with the place of each value.
public struct MeasurementLine: Sendable {
    enum Value: Hashable, Sendable {
        case text(String)
        case number(Double)
        case flag(Bool)
        case null
        case list([Double])
    }

    private struct Field: Sendable {
        let name: String
        let value: Value
        let column: Int
    }

    public let file: String
    public let line: Int
    private var fields: [Field] = []

    /// - Throws: the first thing in `text` that is not JSON, or is nested deeper than the schema.
    public init(_ text: String, file: String, line: Int) throws(InputError) {
        self.file = file
        self.line = line
        var cursor = Cursor(bytes: Array(text.utf8), file: file, line: line)
        try object(&cursor, prefix: "")
        cursor.skipSpace()
        if !cursor.isAtEnd { throw cursor.error("expected nothing after the object") }
    }

    func has(_ name: String) -> Bool { fields.contains { $0.name == name } }

    func text(_ name: String) throws(InputError) -> String {
        if case .text(let value) = try field(name).value { return value }
        throw wrong(name, "a string")
    }

    /// Whether strings have these values; all must be there.
    func matches(_ values: [(name: String, text: String)]) throws(InputError) -> Bool {
        for value in values where try text(value.name) != value.text { return false }
        return true
    }

    func number(_ name: String) throws(InputError) -> Double {
        if case .number(let value) = try field(name).value { return value }
        throw wrong(name, "a number")
    }

    func count(_ name: String, atLeast bound: Int = 1) throws(InputError) -> Int {
        if case .number(let value) = try field(name).value, value == value.rounded(), value >= Double(bound),
            value < 1e15
        {
            return Int(value)
        }
        throw wrong(name, "a whole number of at least \(bound)")
    }

    /// A list of at least one number.
    func numbers(_ name: String) throws(InputError) -> [Double] {
        if case .list(let values) = try field(name).value, !values.isEmpty { return values }
        throw wrong(name, "a list of numbers")
    }

    /// A time in microseconds, as seconds.
    func seconds(_ name: String = "median_us") throws(InputError) -> Double {
        let value = try number(name)
        if value > 0 { return value / 1e6 }
        throw wrong(name, "microseconds above zero")
    }

    private func field(_ name: String) throws(InputError) -> Field {
        if let field = fields.first(where: { $0.name == name }) { return field }
        throw InputError(
            at: SourceLocation(file: file, line: line, column: 1), "found no \"\(name)\", expected one in this family")
    }

    func wrong(_ name: String, _ expected: String) -> InputError {
        let field = fields.first { $0.name == name }
        return InputError(
            at: SourceLocation(file: file, line: line, column: field?.column ?? 1),
            "found \(name) \(field.map { Self.shown($0.value) } ?? "missing"), expected \(expected)")
    }

    private static func shown(_ value: Value) -> String {
        switch value {
        case .text(let text): "\"\(text)\""
        case .number(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
        case .flag(let flag): "\(flag)"
        case .null: "null"
        case .list: "a list"
        }
    }

    private mutating func object(_ cursor: inout Cursor, prefix: String) throws(InputError) {
        try cursor.expect("{", "the object of a measurement")
        if cursor.take("}") { return }
        repeat {
            cursor.skipSpace()
            let name = prefix + (try cursor.string())
            try cursor.expect(":", "a value for \"\(name)\"")
            cursor.skipSpace()
            let column = cursor.column
            if cursor.isAt("{") {
                if !prefix.isEmpty { throw cursor.error("expected no deeper nesting") }
                try object(&cursor, prefix: name + ".")
            } else {
                fields.append(Field(name: name, value: try cursor.value(), column: column))
            }
        } while cursor.take(",")
        try cursor.expect("}", "\",\" or the end of the object")
    }
}

/// A place in the bytes of a line.
private struct Cursor {
    let bytes: [UInt8]
    let file: String
    let line: Int
    private var position = 0

    init(bytes: [UInt8], file: String, line: Int) {
        self.bytes = bytes
        self.file = file
        self.line = line
    }

    var column: Int { position + 1 }
    var isAtEnd: Bool { position >= bytes.count }

    func isAt(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    func error(_ expectation: String) -> InputError {
        let found = isAtEnd ? "the end of the line" : "\"\(Unicode.Scalar(bytes[position]))\""
        return InputError(
            at: SourceLocation(file: file, line: line, column: column), "found \(found), \(expectation)")
    }

    mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 || bytes[position] == 0x0D {
            position += 1
        }
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        if !isAt(character) { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar, _ what: String) throws(InputError) {
        if !take(character) { throw error("expected \(what)") }
    }

    mutating func value() throws(InputError) -> MeasurementLine.Value {
        if isAt("\"") { return .text(try string()) }
        if isAt("[") {
            position += 1
            var values: [Double] = []
            if take("]") { return .list(values) }
            repeat {
                skipSpace()
                values.append(try number())
            } while take(",")
            try expect("]", "\",\" or the end of the list")
            return .list(values)
        }
        for (word, value) in [("true", MeasurementLine.Value.flag(true)), ("false", .flag(false)), ("null", .null)]
        where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        return .number(try number())
    }

    private mutating func number() throws(InputError) -> Double {
        let start = position
        while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
            position = start
            throw error("expected a JSON value")
        }
        return value
    }

    mutating func string() throws(InputError) -> String {
        if !isAt("\"") { throw error("expected a string") }
        position += 1
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            // Only what the harness writes is undone: an escaped quote, backslash or slash; the rest is kept as it is.
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count,
                "\"\\/".utf8.contains(bytes[position + 1])
            {
                position += 1
            }
            text.append(bytes[position])
            position += 1
        }
        if isAtEnd { throw error("expected the end of the string") }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }
}
