extension YAMLNode {
    /// The node as a YAML document that parses back to the same content: block style, lists of scalars on one line.
    public var text: String {
        var text = ""
        write(to: &text, indentation: 0)
        return text
    }

    private func write(to text: inout String, indentation: Int) {
        let margin = String(repeating: " ", count: indentation)
        switch content {
        case .mapping(let entries) where !entries.isEmpty:
            for entry in entries {
                text += "\(margin)\(Self.plainOrQuoted(entry.key)):"
                entry.value.writeAfterKey(to: &text, indentation: indentation)
            }
        case .sequence(let items) where !items.isEmpty:
            for item in items {
                var block = ""
                item.write(to: &block, indentation: indentation + 2)
                text += "\(margin)- \(block.dropFirst(indentation + 2))"
            }
        default: text += "\(margin)\(inline)\n"
        }
    }

    private func writeAfterKey(to text: inout String, indentation: Int) {
        switch content {
        case .mapping(let entries) where !entries.isEmpty:
            text += "\n"
            write(to: &text, indentation: indentation + 2)
        case .sequence(let items) where items.contains { !$0.isScalar }:
            text += "\n"
            write(to: &text, indentation: indentation + 2)
        default: text += " \(inline)\n"
        }
    }

    /// The node on one line: a scalar, or a list of scalars, or something empty.
    private var inline: String {
        switch content {
        case .scalar(let scalar, isQuoted: true): Self.quoted(scalar)
        case .scalar(let scalar, isQuoted: false): Self.plainOrQuoted(scalar)
        case .sequence(let items): "[\(items.map(\.inline).joined(separator: ", "))]"
        case .mapping: "{}"
        }
    }

    private var isScalar: Bool { if case .scalar = content { true } else { false } }

    /// The scalar as it is where it consists of harmless characters, else in double quotes.
    private static func plainOrQuoted(_ scalar: String) -> String {
        let isHarmless = scalar.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_-+./ ".utf8.contains(byte)
            }
        }
        let startsOrEndsBadly = ["-", " ", "~"].contains { scalar.hasPrefix($0) } || scalar.hasSuffix(" ")
        let isNegativeNumber = scalar.hasPrefix("-") && Double(scalar) != nil
        if isHarmless, !Self.nullWords.contains(scalar), !startsOrEndsBadly || isNegativeNumber { return scalar }
        return quoted(scalar)
    }

    private static func quoted(_ scalar: String) -> String {
        var text = "\""
        for character in scalar.unicodeScalars {
            switch character {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case _ where needsEscape(character):
                let digits = String(character.value, radix: 16, uppercase: true)
                text += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            default: text.unicodeScalars.append(character)
            }
        }
        return text + "\""
    }

    /// Characters that YAML does not let stand in a text, or reads as line breaks.
    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}
