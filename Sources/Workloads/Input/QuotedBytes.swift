/// Bytes of an input as a message shows them: in quotes, cut at 40 bytes, control characters and broken UTF-8 escaped,
/// so that no input can play tricks on a terminal.
func quoted(_ bytes: UnsafeRawBufferPointer) -> String {
    let limit = 40
    var text = "\""
    for scalar in String(decoding: bytes.prefix(limit), as: UTF8.self).unicodeScalars {
        switch scalar {
        case "\"", "\\": text += "\\\(scalar)"
        default: text += scalar.properties.generalCategory.isShown ? String(scalar) : scalar.escaped(asASCII: true)
        }
    }
    return text + (bytes.count > limit ? "…\"" : "\"")
}

extension Unicode.GeneralCategory {
    fileprivate var isShown: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
