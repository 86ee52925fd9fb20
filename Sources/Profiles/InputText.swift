public import Diagnostics
internal import Foundation

/// Reads small text files whole: profiles, model configurations, scenarios.
public enum InputText {
    /// Far above any settings file; a path to a trace or to weights is noticed before it fills memory.
    static let maximumBytes = 64 << 20

    /// - Throws: an error at the file, or at the first byte that is not UTF-8.
    public static func read(_ path: String) throws(InputError) -> String {
        let start = SourceLocation(file: path, line: 1, column: 1)
        let descriptor = open(path, O_RDONLY)
        if descriptor < 0, errno == ENOENT || errno == ENOTDIR { throw InputError(at: start, "found no such file") }
        defer { if descriptor >= 0 { close(descriptor) } }
        var status = stat()
        if descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw InputError(at: start, "found a folder, expected a file")
        }
        guard descriptor >= 0, let bytes = bytes(of: descriptor, expected: Int(status.st_size)) else {
            throw InputError(at: start, "cannot be read, expected a file that this user may read")
        }
        guard bytes.count <= maximumBytes else {
            throw InputError(at: start, "found more than \(maximumBytes >> 20) MiB, expected a settings file")
        }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw InputError(at: placeOfInvalidByte(in: bytes, file: path), "found a byte that is not UTF-8")
    }

    /// Everything, or a byte more than there may be; `nil` if it cannot be read. A pipe is longer than it says.
    private static func bytes(of descriptor: Int32, expected: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count <= maximumBytes {
            let chunk = min(max(4_096, expected + 1 - bytes.count), maximumBytes + 1 - bytes.count)
            var count = 0
            let read = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, initialized in
                count = Foundation.read(descriptor, buffer.baseAddress, chunk)
                initialized = max(0, count)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            if bytes.isEmpty { bytes = read } else { bytes += read }
        }
        return bytes
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
