internal import Diagnostics

/// A table of a kernel folder: `#` lines, a header, rows of comma-separated fields, some of which are lists of numbers
/// separated by spaces.
struct KernelTableText {
    struct Row {
        let file: String
        let line: Int
        /// Of the whole file, and in it the start of the row and the ends of its fields.
        fileprivate let bytes: [UInt8]
        fileprivate let start: Int
        fileprivate let ends: ArraySlice<Int>

        func location(_ field: Int) -> SourceLocation { location(byte: range(of: field).lowerBound) }

        func text(_ field: Int) -> String { text(range(of: field)) }

        func count(_ field: Int, atLeast bound: Int = 1) throws(InputError) -> Int {
            let range = range(of: field)
            guard let value = decimalCount(bytes, range) ?? Int(text(range)), value >= bound else {
                throw InputError(
                    at: location(field), "found \"\(text(field))\", expected a whole number of at least \(bound)")
            }
            return value
        }

        func number(_ field: Int) throws(InputError) -> Double { try number(range(of: field)) }

        /// Numbers separated by single spaces.
        func numbers(_ field: Int) throws(InputError) -> [Double] {
            let range = range(of: field)
            var (values, start) = plainNumbers(range)
            while start <= range.upperBound {
                let end = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: " ")) ?? range.upperBound
                values.append(try number(start..<end))
                start = end + 1
            }
            return values
        }

        /// The numbers up to the first that is not plain, and where that begins; behind the range if there is none.
        private func plainNumbers(_ range: Range<Int>) -> (values: [Double], rest: Int) {
            bytes.withUnsafeBufferPointer { bytes in
                var (values, start): ([Double], Int) = ([], range.lowerBound)
                var spaces = 0
                for place in range where bytes[place] == UInt8(ascii: " ") { spaces &+= 1 }
                values.reserveCapacity(spaces + 1)
                while start <= range.upperBound, let number = plainNumber(bytes, start..<range.upperBound),
                    number.end == range.upperBound || bytes[number.end] == UInt8(ascii: " ")
                {
                    values.append(number.value)
                    start = number.end + 1
                }
                return (values, start)
            }
        }

        /// Ascending sizes and as many times above zero, given in microseconds, returned in seconds.
        func curve(_ sizes: Int, _ times: Int) throws(InputError) -> (sizes: [Double], seconds: [Double]) {
            let (x, y) = (try numbers(sizes), try numbers(times))
            guard zip(x, x.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw InputError(at: location(sizes), "found sizes out of order, expected them to ascend")
            }
            guard x.count == y.count else {
                throw InputError(at: location(times), "found \(y.count) times, expected \(x.count), one for each size")
            }
            guard y.allSatisfy({ $0 > 0 }) else {
                throw InputError(at: location(times), "found a time of zero or less, expected microseconds")
            }
            return (x, y.map { $0 / 1e6 })
        }

        func value<Value: RawRepresentable & CaseIterable>(
            _ field: Int, as type: Value.Type
        ) throws(InputError) -> Value where Value.RawValue == String {
            if let value = Value(rawValue: text(field)) { return value }
            throw InputError(
                at: location(field),
                "found \"\(text(field))\", expected one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
        }

        private func range(of field: Int) -> Range<Int> {
            let end = ends.startIndex + field
            return (field == 0 ? start : ends[end - 1] + 1)..<ends[end]
        }

        private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

        private func location(byte: Int) -> SourceLocation {
            SourceLocation(file: file, line: line, column: byte - start + 1)
        }

        private func number(_ range: Range<Int>) throws(InputError) -> Double {
            let plain = bytes.withUnsafeBufferPointer { plainNumber($0, range) }
            if let plain, plain.end == range.upperBound { return plain.value }
            guard let value = Double(text(range)), value.isFinite else {
                throw InputError(at: location(byte: range.lowerBound), "found \"\(text(range))\", expected a number")
            }
            return value
        }
    }

    let rows: [Row]

    /// - Parameter columns: the header, which is always the same.
    init(_ text: String, file: String, columns: [String]) throws(InputError) {
        let bytes = Array(text.utf8)
        var lines: [(number: Int, start: Int, firstEnd: Int)] = []
        var ends: [Int] = []
        var hasHeader = false
        var (number, start) = (0, 0)
        while start <= bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = start
            number += 1
            start = end + 1
            if line == end || bytes[line] == UInt8(ascii: "#") { continue }
            if !hasHeader {
                let found = String(decoding: bytes[line..<end], as: UTF8.self)
                guard found == columns.joined(separator: ",") else {
                    throw InputError(
                        at: SourceLocation(file: file, line: number, column: 1),
                        "found the header \"\(found)\", expected \"\(columns.joined(separator: ","))\"")
                }
                hasHeader = true
                continue
            }
            lines.append((number, line, ends.count))
            for place in line..<end where bytes[place] == UInt8(ascii: ",") { ends.append(place) }
            ends.append(end)
            let fields = ends.count - lines[lines.count - 1].firstEnd
            guard fields == columns.count else {
                throw InputError(
                    at: SourceLocation(file: file, line: number, column: 1),
                    "found \(fields) fields, expected \(columns.count)")
            }
        }
        guard hasHeader else {
            throw InputError(
                at: SourceLocation(file: file, line: 1, column: 1),
                "found no header, expected \"\(columns.joined(separator: ","))\"")
        }
        rows = lines.map { line in
            let ends = ends[line.firstEnd..<(line.firstEnd + columns.count)]
            return Row(file: file, line: line.number, bytes: bytes, start: line.start, ends: ends)
        }
    }
}

/// A number of one to eighteen digits and nothing else; otherwise `nil`, and the text is to be looked at more closely.
private func decimalCount(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard (1...18).contains(range.count) else { return nil }
    var value = 0
    for place in range {
        let digit = bytes[place] &- UInt8(ascii: "0")
        if digit > 9 { return nil }
        value = value &* 10 &+ Int(digit)
    }
    return value
}

/// The number that bytes begin with and where it ends: perhaps a minus, up to fifteen digits, a point perhaps after the first
/// of them; otherwise `nil`, and the text is to be looked at more closely. Such a number is a quotient of two that a
/// `Double` holds exactly, so that one division rounds it as it should be.
private func plainNumber(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> (value: Double, end: Int)? {
    var place = range.lowerBound
    let isNegative = place < range.upperBound && bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    let first = place
    // Seventeen digits at most, which an `Int` holds.
    let end = min(range.upperBound, first + 17)
    var value = 0
    func takeDigits() {
        while place < end {
            let digit = bytes[place] &- UInt8(ascii: "0")
            if digit > 9 { break }
            value = value &* 10 &+ Int(digit)
            place &+= 1
        }
    }
    takeDigits()
    let whole = place - first
    var decimals = 0
    if place < end, bytes[place] == UInt8(ascii: ".") {
        place += 1
        let point = place
        takeDigits()
        decimals = place - point
        if decimals == 0 { return nil }
    }
    guard whole > 0, whole + decimals <= 15 else { return nil }
    let magnitude = decimals == 0 ? Double(value) : Double(value) / powersOfTen[decimals]
    return (isNegative ? -magnitude : magnitude, place)
}

private let powersOfTen: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14]
