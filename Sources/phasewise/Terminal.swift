internal import Diagnostics
internal import Foundation

/// The terminal: results go to standard output, everything else to standard error.
enum Terminal {
    /// Text that ends its own lines.
    static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    static func say(_ line: String) { write(line + "\n") }

    static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    static func complain(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics { complain(diagnostic.description) }
    }

    /// Writes without a line end, over what was written so before.
    static func overwrite(_ text: String) {
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }

    static var errorIsTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
