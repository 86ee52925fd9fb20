internal import Diagnostics

/// What was found wrong in a file so far, with the line being read as the default place.
struct RowReport {
    let file: String
    var line = 1
    private(set) var found = DiagnosticCollector()

    init(file: String) { self.file = file }

    /// The place of a byte of the current line. Columns count bytes from 1 and leave a byte order mark out.
    func location(offset: Int, line: Int? = nil) -> SourceLocation {
        SourceLocation(file: file, line: line ?? self.line, column: offset + 1)
    }

    mutating func error(at offset: Int, _ message: String, help: String? = nil) {
        found.error(at: location(offset: offset), message, help: help)
    }

    mutating func warning(at offset: Int, line: Int? = nil, _ message: String, help: String? = nil) {
        found.warning(at: location(offset: offset, line: line), message, help: help)
    }

    var isFull: Bool { found.isFull }
    var hasErrors: Bool { !found.errors.isEmpty }
}
