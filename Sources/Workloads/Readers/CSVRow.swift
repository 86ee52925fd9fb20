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

    @inline(__always)
    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    @inline(__always)
    mutating func next() -> CSVField? {
        guard position <= line.count else { return nil }
        var start = position
        while start < line.count, isBlank(line[start]) { start &+= 1 }
        if start < line.count, line[start] == 0x22 { return quotedField(opening: start) }
        let comma = indexOfComma(from: start)
        position = comma &+ 1
        return field(start, comma)
    }

    /// A field of one to nine digits and nothing else, in one pass; otherwise `nil`, and `next` is to look closer.
    @inline(__always)
    mutating func plainCount() -> Int? {
        var place = position
        var value = 0
        while place < line.count, let digit = digit(line[place]) {
            value = value &* 10 &+ Int(digit)
            place &+= 1
        }
        guard place > position, place &- position <= 9, place == line.count || line[place] == 0x2C else { return nil }
        position = place &+ 1
        return value
    }

    /// A field of digits, perhaps a point, and at most nine more, as nanoseconds; otherwise `nil` as above.
    @inline(__always)
    mutating func plainSeconds() -> Int64? {
        var place = position
        var value: Int64 = 0
        while place < line.count, let digit = digit(line[place]) {
            value = value &* 10 &+ digit
            place &+= 1
        }
        let wholeDigits = place &- position
        var decimals = 0
        if place < line.count, line[place] == 0x2E {
            let first = place &+ 1
            place = first
            if let eight = eightDigits(at: first) {
                value = value &* 100_000_000 &+ eight
                place &+= 8
            }
            while place < line.count, let digit = digit(line[place]) {
                value = value &* 10 &+ digit
                place &+= 1
            }
            decimals = place &- first
        }
        // Nine digits before the point and nine after it cannot overflow.
        guard wholeDigits >= 1, wholeDigits <= 9, decimals <= 9, place == line.count || line[place] == 0x2C else {
            return nil
        }
        position = place &+ 1
        return value &* powerOfTen(9 &- decimals)
    }

    /// The number that eight bytes of the line are, if they are digits.
    @inline(__always)
    private func eightDigits(at place: Int) -> Int64? {
        guard place &+ 8 <= line.count else { return nil }
        let bytes = UInt64(littleEndian: line.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        // A digit's upper half is 3, and still is when 6 is added.
        let upper: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        let threes: UInt64 = 0x3030_3030_3030_3030
        guard bytes & upper == threes, (bytes &+ 0x0606_0606_0606_0606) & upper == threes else { return nil }
        // The first digit is in the lowest byte: to pairs, to fours, to all eight.
        let pairs = ((bytes &- threes) &* (10 << 8 | 1)) >> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* (100 << 16 | 1)) >> 16 & 0x0000_FFFF_0000_FFFF
        return Int64(truncatingIfNeeded: (fours &* (10_000 << 32 | 1)) >> 32)
    }

    /// A field of a date and time and nothing else; otherwise `nil` as above.
    mutating func plainCalendarTime() -> Int64? {
        var place = position
        guard let time = CalendarText.nanoseconds(line, at: &place), place == line.count || line[place] == 0x2C else {
            return nil
        }
        position = place &+ 1
        return time
    }

    @inline(__always)
    private func field(_ start: Int, _ comma: Int, isMalformed: Bool = false) -> CSVField {
        var end = comma
        while end > start, isBlank(line[end &- 1]) { end &-= 1 }
        return CSVField(
            bytes: UnsafeRawBufferPointer(rebasing: line[start..<end]), offset: start, isQuoted: false,
            isMalformed: isMalformed)
    }

    /// The next comma, or the end of the line.
    @inline(__always)
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
private func digit(_ byte: UInt8) -> Int64? {
    let digit = Int64(byte) &- 0x30
    return digit >= 0 && digit <= 9 ? digit : nil
}

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
