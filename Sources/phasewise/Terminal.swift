internal import Diagnostics
internal import Foundation

/// The terminal: results go to standard output, everything else to standard error.
enum Terminal {
    /// Standard output could not take a result, for another reason than a reader that has left.
    struct WriteError: Error, CustomStringConvertible {
        var reason: String

        var description: String { "standard output cannot be written: \(reason)" }
    }

    /// A reader that has seen enough, as in `| head -1`, ends the program as a success instead of by a signal.
    static func expectBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Text that ends its own lines.
    static func write(_ text: String) throws(WriteError) { try write(Array(text.utf8)) }

    static func write(_ bytes: [UInt8]) throws(WriteError) {
        if let error = put(bytes, to: STDOUT_FILENO) {
            if error == EPIPE { Foundation.exit(0) }
            throw WriteError(reason: String(cString: strerror(error)))
        }
    }

    /// Writes a file that a user asked for, in the place of one that is there.
    static func writeFile(_ bytes: [UInt8], to path: String) throws(InputError) {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        } catch {
            throw InputError(
                at: nil, "\(path): cannot be written: \(error.localizedDescription)", help: "name another file with -o")
        }
    }

    static func say(_ line: String) throws(WriteError) { try write(line + "\n") }

    /// What cannot be said on standard error is not said.
    static func complain(_ text: String) { _ = put(Array((text + "\n").utf8), to: STDERR_FILENO) }

    static func complain(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics { complain(diagnostic.description) }
    }

    /// Writes without a line end, over what was written so before.
    static func overwrite(_ text: String) { _ = put(Array("\r\u{1B}[K\(text)".utf8), to: STDERR_FILENO) }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// - Returns: The error number if not all could be written.
    private static func put(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer
            while let start = rest.baseAddress, !rest.isEmpty {
                let count = Foundation.write(descriptor, start, rest.count)
                if count < 0, errno != EINTR { return errno }
                rest = UnsafeRawBufferPointer(rebasing: rest[max(0, count)...])
            }
            return nil
        }
    }
}
