internal import CZlib

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why bytes could not be had; the reader that asked adds the place.
struct ByteSourceFailure: Error {
    var message: String
}

/// The bytes of an input in order: a file, plain or gzip (recognised by its magic bytes, all members), or memory.
///
/// A class because a position in an open file is shared identity: two copies would steal each other's bytes.
final class ByteSource {
    private var input: Input
    /// Of the file, packed if it is gzip, or of the memory.
    let size: Int
    /// Bytes that were looked at before their time, still to be read.
    private var ahead: ArraySlice<UInt8> = []

    private enum Input {
        /// zlib passes files that are not gzip through, large reads without a copy.
        case file(gzFile)
        case memory([UInt8], position: Int)
    }

    init(path: String) throws(ByteSourceFailure) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ByteSourceFailure(message: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        guard let file = gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw ByteSourceFailure(message: "cannot be opened: out of memory")
        }
        gzbuffer(file, 1 << 18)
        input = .file(file)
    }

    init(bytes: [UInt8]) {
        size = bytes.count
        input = .memory(bytes, position: 0)
    }

    deinit { if case .file(let file) = input { gzclose_r(file) } }

    /// The next `count` bytes, fewer only at the end, which stay to be read. To be asked before anything is read.
    func peek(_ count: Int) throws(ByteSourceFailure) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        defer { buffer.deallocate() }
        let bytes = Array(buffer.prefix(try take(into: buffer)))
        ahead = bytes[...]
        return bytes
    }

    /// Fills `buffer` from its start and returns the number of bytes, less than asked for only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceFailure) -> Int {
        guard !ahead.isEmpty else { return try take(into: buffer) }
        let count = min(buffer.count, ahead.count)
        buffer.copyBytes(from: ahead.prefix(count))
        ahead = ahead.dropFirst(count)
        return try count + take(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
    }

    private func take(into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceFailure) -> Int {
        switch input {
        case .memory(let bytes, let position):
            let count = min(buffer.count, bytes.count - position)
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
            }
            input = .memory(bytes, position: position + count)
            return count
        case .file(let file):
            let count = Int(gzread(file, buffer.baseAddress, UInt32(min(buffer.count, 1 << 30))))
            if count < buffer.count {
                var code: Int32 = 0
                let text = gzerror(file, &code)
                // Z_BUF_ERROR with bytes delivered is a gzip stream cut off: zlib reports it only if asked.
                guard code == Z_OK || code == Z_STREAM_END else {
                    throw ByteSourceFailure(message: Self.describe(code, text.map { String(cString: $0) } ?? ""))
                }
            }
            return max(0, count)
        }
    }

    private static func describe(_ code: Int32, _ text: String) -> String {
        switch code {
        case Z_BUF_ERROR: "gzip data ends early: the file is cut off"
        case Z_DATA_ERROR: "gzip data is damaged: \(text)"
        case Z_ERRNO: "cannot be read: \(String(cString: strerror(errno)))"
        default: "cannot be read: \(text)"
        }
    }
}
