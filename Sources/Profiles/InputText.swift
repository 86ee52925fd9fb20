public import Diagnostics
internal import Foundation

/// Reads small text files whole: profiles, model configurations, scenarios.
public enum InputText {
    /// Far above any settings file; a path to a trace or to weights is noticed before it fills memory.
    static let maximumBytes = 64 << 20

    /// - Throws: an error at the file, or at the first byte that is not UTF-8.
    public static func read(_ path: String) throws(InputError) -> String {
        let start = SourceLocation(file: path, line: 1, column: 1)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw InputError(at: start, "found no such file")
        }
        if isDirectory.boolValue { throw InputError(at: start, "found a folder, expected a file") }
        // Of an empty file `read` returns no data at all.
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: maximumBytes + 1) ?? Data()
        else {
            throw InputError(at: start, "cannot be read, expected a file that this user may read")
        }
        guard data.count <= maximumBytes else {
            throw InputError(at: start, "found more than \(maximumBytes >> 20) MiB, expected a settings file")
        }
        let bytes = [UInt8](data)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw InputError(at: placeOfInvalidByte(in: bytes, file: path), "found a byte that is not UTF-8")
    }

    private static func placeOfInvalidByte(in bytes: [UInt8], file: String) -> SourceLocation {
        var (line, column) = (1, 1)
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\n" { (line, column) = (line + 1, 1) } else { column += UTF8.width(scalar) }
        }
        return SourceLocation(file: file, line: line, column: column)
    }
}
