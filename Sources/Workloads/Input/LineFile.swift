package import Diagnostics

/// Hands over the lines of a text file, plain or gzip, one by one with their numbers from 1; the text is copied, so this
/// is for files of measurements and not for traces.
package func forEachLine(
    ofFile path: String, _ body: (_ line: String, _ number: Int) throws(InputError) -> Void
) throws(InputError) {
    let source: ByteSource
    do throws(ByteSourceFailure) {
        source = try ByteSource(path: path)
    } catch {
        throw InputError(at: SourceLocation(file: path, line: 1, column: 1), error.message)
    }
    var lines = LineReader(source, file: path)
    while let line = try lines.next() { try body(String(decoding: line, as: UTF8.self), lines.lineNumber) }
}
