#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A field of a CSV line: its bytes without surrounding blanks or quotes.
struct CSVField {
    var bytes: UnsafeRawBufferPointer
    /// Of `bytes` in the line.
    var offset: Int
    /// Whether `""` in the bytes stands for one quote.
    var isQuoted: Bool
    /// Whether quotes are where they may not be; `bytes` then reach to the next comma.
    var isMalformed: Bool

    /// The text, with doubled quotes undone.
    var text: [UInt8] {
        guard isQuoted else { return Array(bytes) }
        var text: [UInt8] = []
        var previousWasQuote = false
        for byte in bytes {
            previousWasQuote = byte == 0x22 && !previousWasQuote
            if !previousWasQuote { text.append(byte) }
        }
        return text
    }
}

/// The fields of one line, first to last. RFC 4180 without line ends inside quotes.
struct CSVRow {
    private let line: UnsafeRawBufferPointer
    /// Where the next field starts; past the end once there are no more.
    private(set) var position = 0

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    mutating func next() -> CSVField? {
        guard position <= line.count else { return nil }
        var start = position
        while start < line.count, isBlank(line[start]) { start &+= 1 }
        if start < line.count, line[start] == 0x22 { return quotedField(opening: start) }
        let comma = indexOfComma(from: start)
        position = comma &+ 1
        return field(start, comma)
    }

    private func field(_ start: Int, _ comma: Int, isMalformed: Bool = false) -> CSVField {
        var end = comma
        while end > start, isBlank(line[end &- 1]) { end &-= 1 }
        return CSVField(
            bytes: UnsafeRawBufferPointer(rebasing: line[start..<end]), offset: start, isQuoted: false,
            isMalformed: isMalformed)
    }

    /// The next comma, or the end of the line.
    private func indexOfComma(from start: Int) -> Int {
        guard start < line.count, let base = line.baseAddress,
            let comma = memchr(base + start, 0x2C, line.count - start)
        else { return line.count }
        return UnsafeRawPointer(comma) - base
    }

    private mutating func quotedField(opening: Int) -> CSVField {
        var close = opening + 1
        while close < line.count {
            if line[close] == 0x22 {
                guard close + 1 < line.count, line[close + 1] == 0x22 else { break }
                close += 1
            }
            close += 1
        }
        var after = close + 1
        while after < line.count, isBlank(line[after]) { after += 1 }
        if close < line.count, after >= line.count || line[after] == 0x2C {
            position = after + 1
            return CSVField(
                bytes: UnsafeRawBufferPointer(rebasing: line[(opening + 1)..<close]), offset: opening + 1,
                isQuoted: true,
                isMalformed: false)
        }
        let comma = indexOfComma(from: opening)
        position = comma + 1
        return field(opening, comma, isMalformed: true)
    }
}

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
