internal import Diagnostics

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The lines of an input, one at a time, from a buffer that holds a chunk of it: never the whole file.
struct LineReader: ~Copyable {
    /// Far above any line of a trace; what is longer is not a trace.
    static let longestLine = 16 << 20
    /// Bytes of zero behind those that were read, so that looking for the end of something need not count.
    static let zerosBehind = 40

    let file: String
    /// Of the line returned last, from 1.
    private(set) var lineNumber = 0

    private let source: ByteSource
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var sourceEnded = false

    init(_ source: ByteSource, file: String, chunkSize: Int = 1 << 20) {
        precondition(chunkSize > 0, "a chunk of \(chunkSize) bytes")
        self.source = source
        self.file = file
        buffer = .allocate(byteCount: chunkSize + Self.zerosBehind, alignment: 64)
        markEnd()
    }

    deinit { buffer.deallocate() }

    /// The next line without its line end (LF or CRLF) and without a byte order mark, or `nil` after the last.
    /// The bytes are valid until the next call.
    mutating func next() throws(InputError) -> UnsafeRawBufferPointer? {
        var searched = 0
        // Ends: every round either finds a line end, reaches the end of the input, or grows the buffer to its bound.
        while true {
            let base = buffer.baseAddress! + start
            if let feed = memchr(base + searched, 0x0A, end - start - searched) {
                return takeLine(length: UnsafeRawPointer(feed) - UnsafeRawPointer(base), lineEnd: 1)
            }
            searched = end - start
            if sourceEnded { return searched > 0 ? takeLine(length: searched, lineEnd: 0) : nil }
            if searched > Self.longestLine {
                throw InputError(
                    at: SourceLocation(file: file, line: lineNumber + 1, column: 1),
                    "line of more than \(Self.longestLine >> 20) MiB, expected the lines of a trace")
            }
            try refill()
        }
    }

    /// What is in the buffer and was not handed out, to its zeros.
    @inline(__always)
    var unread: UnsafeRawPointer { UnsafeRawPointer(buffer.baseAddress! + start) }

    /// Takes a line, its end included, off what is unread.
    @inline(__always)
    mutating func skipLine(of length: Int) {
        start &+= length
        lineNumber &+= 1
    }

    private mutating func takeLine(length: Int, lineEnd: Int) -> UnsafeRawBufferPointer {
        lineNumber += 1
        var line = UnsafeRawBufferPointer(start: buffer.baseAddress! + start, count: length)
        start += length + lineEnd
        if line.last == 0x0D { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
        if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) {
            line = UnsafeRawBufferPointer(rebasing: line.dropFirst(3))
        }
        return line
    }

    /// Moves what is left to the front, doubles the buffer if that fills it, and reads until it is full.
    private mutating func refill() throws(InputError) {
        let kept = end - start
        if kept == room {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: 2 * room + Self.zerosBehind, alignment: 64)
            larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
            buffer.deallocate()
            buffer = larger
        } else if kept > 0, start > 0 {
            memmove(buffer.baseAddress!, buffer.baseAddress! + start, kept)
        }
        start = 0
        end = kept
        do throws(ByteSourceFailure) {
            let free = UnsafeMutableRawBufferPointer(rebasing: buffer[kept..<room])
            let count = try source.read(into: free)
            sourceEnded = count < free.count
            end += count
        } catch {
            throw InputError(at: SourceLocation(file: file, line: lineNumber + 1, column: 1), error.message)
        }
        markEnd()
    }

    private var room: Int { buffer.count - Self.zerosBehind }

    private func markEnd() { memset(buffer.baseAddress! + end, 0, Self.zerosBehind) }
}
