/// Whole numbers and decimal seconds from bytes, without a `Double` in between.
enum DecimalText {
    enum Failure: Error { case notANumber, negative, tooLarge }

    /// The largest count of tokens that is believed: far above any context, far below overflow.
    static let largestCount = 1_000_000_000

    /// Digits only. Leading zeros are allowed.
    static func count(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Int {
        var value = 0
        for byte in bytes {
            let digit = Int(byte) &- 0x30
            guard digit >= 0, digit <= 9 else { throw isNegativeNumber(bytes) ? .negative : .notANumber }
            value = value &* 10 &+ digit
            if value > largestCount { throw bytes.allSatisfy(isDigit) ? .tooLarge : .notANumber }
        }
        if bytes.isEmpty { throw .notANumber }
        return value
    }

    /// Decimal seconds (`12`, `0.25`, `1.5e-06`) to the nearest nanosecond, half up; exact up to nine decimals.
    /// The limit of 4·10⁹ s (times since 1970 fit) keeps every sum of two times within 64 bits of nanoseconds.
    /// - Parameter unit: how many decimals lie between the unit of the text and a nanosecond: 9 for seconds.
    static func nanoseconds(_ bytes: UnsafeRawBufferPointer, unit: Int = 9) throws(Failure) -> Int64 {
        if isNegativeNumber(bytes) { throw .negative }
        let exponentMark = bytes.firstIndex { $0 == 0x65 || $0 == 0x45 }
        let mantissa = bytes[..<(exponentMark ?? bytes.endIndex)]
        let integerDigits = mantissa.firstIndex(of: 0x2E) ?? mantissa.endIndex
        let digitCount = mantissa.count { isDigit($0) }
        guard digitCount > 0, mantissa.count == digitCount + (integerDigits == mantissa.endIndex ? 0 : 1) else {
            throw .notANumber
        }
        var exponent = 0
        if let exponentMark {
            var text = bytes[(exponentMark + 1)...]
            let negative = text.first == 0x2D
            if negative || text.first == 0x2B { text = text.dropFirst() }
            // Four digits are plenty: 1e-9999 is 0 and 1e9999 is too large.
            guard !text.isEmpty, text.count <= 4, text.allSatisfy(isDigit) else { throw .notANumber }
            for byte in text { exponent = exponent * 10 + Int(byte - 0x30) }
            if negative { exponent = -exponent }
        }
        // The number is 0.d1d2d3… times a power of ten; nanoseconds are the first `wanted` of its digits.
        let wanted = integerDigits + exponent + unit
        var value: Int64 = 0
        var position = 0
        for byte in mantissa where byte != 0x2E {
            let digit = Int64(byte - 0x30)
            if position < wanted {
                if value > largestNanoseconds / 10 { throw .tooLarge }
                value = value * 10 + digit
            } else if position == wanted, digit >= 5 {
                value += 1
            }
            position += 1
        }
        while value > 0, position < wanted {
            if value > largestNanoseconds / 10 { throw .tooLarge }
            value *= 10
            position += 1
        }
        if value > largestNanoseconds { throw .tooLarge }
        return value
    }

    /// A parameter that a user writes. In decimal: `inf` and hexadecimal are no numbers here.
    static func number(_ text: Substring) -> Double? {
        let isDecimal = text.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
        return isDecimal ? Double(text).flatMap { $0.isFinite ? $0 : nil } : nil
    }

    static let largestNanoseconds: Int64 = 4_000_000_000_000_000_000

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private static func isNegativeNumber(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count > 1 && bytes[0] == 0x2D && (isDigit(bytes[1]) || bytes[1] == 0x2E)
    }
}

/// 10 to the power of 0 to 18.
@inline(__always)
func powerOfTen(_ exponent: Int) -> Int64 {
    var power: Int64 = 1
    for _ in 0..<exponent { power &*= 10 }
    return power
}
