/// A JSON value whose objects keep the order in which their members were written.
package enum JSONText {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONText])
    case object([(String, JSONText)])

    package init(_ value: String?) { self = value.map(JSONText.string) ?? .null }
    package init(_ value: Double?) { self = value.map(JSONText.number) ?? .null }

    /// Indented by two spaces a level. Numbers have the fewest digits that read back as the same number; those that
    /// JSON cannot express are null.
    package func text(indent: Int = 0) -> String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return String(value)
        case .number(let value): return value.isFinite ? value.description : "null"
        case .string(let value): return Self.quoted(value)
        case .array(let values):
            return Self.block("[", values.map { $0.text(indent: indent + 1) }, "]", indent: indent)
        case .object(let members):
            let lines = members.map { Self.quoted($0) + ": " + $1.text(indent: indent + 1) }
            return Self.block("{", lines, "}", indent: indent)
        }
    }

    private static func block(_ open: String, _ lines: [String], _ close: String, indent: Int) -> String {
        if lines.isEmpty { return open + close }
        let outer = String(repeating: "  ", count: indent)
        return open + "\n" + lines.map { outer + "  " + $0 }.joined(separator: ",\n") + "\n" + outer + close
    }

    /// Control characters are escaped, as JSON demands.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// One line of CSV, quoted as RFC 4180 says where a field needs it.
package func csvLine(_ fields: [String]) -> String {
    let quoted = fields.map { field in
        let needsQuotes = field.unicodeScalars.contains { [",", "\"", "\n", "\r"].contains($0) }
        guard needsQuotes else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
    return quoted.joined(separator: ",") + "\n"
}
