/// What is wrong with the text of a JSON input. Wrong values in good text are the reader's to report.
struct JSONFault: Error {
    var place: TextPlace
    var message: String
}

/// Reads JSON values in order, whatever the size of the file: memory is one chunk of it and one short text.
///
/// A caller asks for the `kind` of the next value and takes or skips it. Values may follow one another, so that JSON
/// lines are read by the same rule. Numbers are handed on as text: seconds never pass through a `Double`.
struct JSONScanner: ~Copyable {
    enum Kind { case object, array, string, number, literal }

    /// Far above any trace; what is deeper is an attack on the reader.
    static let deepest = 60
    /// Of a key, name or number. What is longer is cut, which `textIsCut` says.
    static let longestText = 256

    private let source: ByteSource
    private let buffer: UnsafeMutableRawBufferPointer
    private var position = 0
    private var end = 0
    private var line = 1
    /// Where the line starts, counted like `position`; negative once that byte has left the buffer.
    private var lineStart = 0
    private var depth = 0
    /// One bit for each depth: whether the container is an object, and whether it has had a member.
    private var isObject: UInt64 = 0
    private var hasMember: UInt64 = 0

    /// The key, string or number read last.
    private(set) var text: [UInt8] = []
    private(set) var textIsCut = false
    /// Where the value or key read last starts.
    private(set) var place = TextPlace()

    init(_ source: ByteSource, chunkSize: Int = 1 << 20) {
        precondition(chunkSize > 0, "a chunk of \(chunkSize) bytes")
        self.source = source
        buffer = .allocate(byteCount: chunkSize, alignment: 64)
        text.reserveCapacity(Self.longestText)
    }

    deinit { buffer.deallocate() }

    /// The kind of the next value, or `nil` at the end of the input.
    mutating func kind() throws(JSONFault) -> Kind? {
        guard let byte = try nextByte() else {
            if depth > 0 { throw fault("the input ends inside a value, expected its end") }
            return nil
        }
        place = here
        switch byte {
        case 0x7B: return .object
        case 0x5B: return .array
        case 0x22: return .string
        case 0x2D, 0x30...0x39: return .number
        case 0x74, 0x66, 0x6E: return .literal
        default: throw fault("found \(quoted(byte)), expected a JSON value")
        }
    }

    /// Enters the object or array that `kind` has found.
    mutating func enter() throws(JSONFault) {
        guard depth < Self.deepest else {
            throw fault("values nested more than \(Self.deepest) deep, expected a trace")
        }
        depth += 1
        let bit = UInt64(1) << UInt64(depth)
        isObject = buffer[position] == 0x7B ? isObject | bit : isObject & ~bit
        hasMember &= ~bit
        position += 1
    }

    /// Moves to the next member of the object entered last and reads its key into `text`; `false` at its end, which
    /// leaves it.
    mutating func nextKey() throws(JSONFault) -> Bool {
        guard try nextMember(closing: 0x7D) else { return false }
        guard let byte = try nextByte(), byte == 0x22 else { throw try unexpected("a key in double quotes") }
        place = here
        _ = try readString(keeping: true)
        guard let colon = try nextByte(), colon == 0x3A else { throw try unexpected("\":\" after a key") }
        position += 1
        return true
    }

    /// Moves to the next element of the array entered last; `false` at its end, which leaves it.
    mutating func nextElement() throws(JSONFault) -> Bool { try nextMember(closing: 0x5D) }

    /// Reads a string's beginning into `text`. Returns its length in bytes of UTF-8, escapes undone.
    mutating func string() throws(JSONFault) -> Int { try readString(keeping: true) }

    /// Passes over a string. Returns its length as above.
    mutating func skipString() throws(JSONFault) -> Int { try readString(keeping: false) }

    /// Reads a number's text.
    mutating func number() throws(JSONFault) {
        startText()
        while let byte = try currentByte(), isPartOfNumber(byte) {
            keep(byte)
            position += 1
        }
    }

    /// A number of one to nine digits and nothing else, in one pass; otherwise `nil`, and nothing has been read.
    mutating func plainCount() -> Int? {
        var (value, index) = (0, position)
        while index < end, case let digit = Int(buffer[index]) &- 0x30, digit >= 0, digit <= 9 {
            value = value &* 10 &+ digit
            index &+= 1
        }
        guard index < end, index > position, index &- position <= 9, !isPartOfNumber(buffer[index]) else { return nil }
        position = index
        return value
    }

    /// Reads `true`, `false` or `null` into `text`.
    mutating func literal() throws(JSONFault) {
        startText()
        while let byte = try currentByte(), byte >= 0x61, byte <= 0x7A {
            keep(byte)
            position += 1
        }
        if !["true", "false", "null"].contains(where: { $0.utf8.elementsEqual(text) }) {
            throw JSONFault(
                place: place, message: "found \(quotedText), expected a JSON value")
        }
    }

    /// Passes over the next value, whatever it holds.
    mutating func skipValue() throws(JSONFault) {
        let start = depth
        // Ends: every round reads a value or leaves a container, and the input is finite.
        repeat {
            // Typed throws do not pass through `||`.
            var isAtValue = depth == start
            if !isAtValue { isAtValue = try moveToMember() }
            if isAtValue {
                switch try kind() {
                case .object, .array: try enter()
                case .string: _ = try skipString()
                case .number: try number()
                case .literal: try literal()
                case nil: throw fault("the input ends, expected a value")
                }
            }
        } while depth > start
    }

    /// Where the next value starts.
    mutating func placeOfNext() throws(JSONFault) -> TextPlace {
        _ = try nextByte()
        return here
    }

    /// Where the next byte stands.
    var here: TextPlace { TextPlace(line: line, offset: position - lineStart) }

    private mutating func moveToMember() throws(JSONFault) -> Bool {
        isObject >> UInt64(depth) & 1 == 1 ? try nextKey() : try nextElement()
    }

    private mutating func nextMember(closing: UInt8) throws(JSONFault) -> Bool {
        guard let byte = try nextByte() else { throw try unexpected("the end of an object or array") }
        let bit = UInt64(1) << UInt64(depth)
        if byte == closing {
            position += 1
            depth -= 1
            return false
        }
        if hasMember & bit != 0 {
            guard byte == 0x2C else {
                throw try unexpected("\",\" or \"\(Character(Unicode.Scalar(closing)))\"")
            }
            position += 1
        }
        hasMember |= bit
        return true
    }

    /// The next byte that is no blank and no line end, not yet taken.
    private mutating func nextByte() throws(JSONFault) -> UInt8? {
        while let byte = try currentByte() {
            switch byte {
            case 0x20, 0x09, 0x0D: position += 1
            case 0x0A:
                position += 1
                startLine()
            case 0xEF where line == 1 && position == lineStart: try skipByteOrderMark()
            default: return byte
            }
        }
        return nil
    }

    private mutating func skipByteOrderMark() throws(JSONFault) {
        for expected in [0xEF, 0xBB, 0xBF] as [UInt8] {
            guard try currentByte() == expected else { throw try unexpected("a JSON value") }
            position += 1
        }
        lineStart = position
    }

    private mutating func startLine() {
        line += 1
        lineStart = position
    }

    @inline(__always)
    private mutating func currentByte() throws(JSONFault) -> UInt8? {
        if position == end { try refill() }
        return position < end ? buffer[position] : nil
    }

    /// Replaces the bytes, all taken, by the next ones.
    private mutating func refill() throws(JSONFault) {
        lineStart -= position
        position = 0
        end = 0
        do throws(ByteSourceFailure) {
            end = try source.read(into: buffer)
        } catch {
            throw JSONFault(place: here, message: error.message)
        }
    }

    private func fault(_ message: String) -> JSONFault { JSONFault(place: here, message: message) }

    private mutating func unexpected(_ expected: String) throws(JSONFault) -> JSONFault {
        let found = try currentByte().map { quoted($0) } ?? "the end of the input"
        return fault("found \(found), expected \(expected)")
    }

    /// `text` as a message shows it.
    var quotedText: String { text.withUnsafeBytes { Workloads.quoted($0) } }

    private func quoted(_ byte: UInt8) -> String { withUnsafeBytes(of: byte) { Workloads.quoted($0) } }

    @inline(__always)
    private func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2E, 0x2D, 0x2B, 0x65, 0x45: true
        default: false
        }
    }

    private mutating func startText() {
        text.removeAll(keepingCapacity: true)
        textIsCut = false
    }

    private mutating func keep(_ byte: UInt8) {
        if text.count < Self.longestText { text.append(byte) } else { textIsCut = true }
    }
}

extension JSONScanner {
    private mutating func readString(keeping: Bool) throws(JSONFault) -> Int {
        if keeping { startText() }
        position += 1
        var length = 0
        while let byte = try currentByte() {
            switch byte {
            case 0x22:
                position += 1
                return length
            case 0x5C:
                length += try readEscape(keeping: keeping)
            case 0..<0x20:
                throw fault("found \(quoted(byte)) inside a string, expected its closing quote")
            default:
                if keeping { keep(byte) }
                length += 1
                position += 1
            }
        }
        throw fault("the input ends inside a string, expected its closing quote")
    }

    /// One escape. Returns the bytes of UTF-8 it stands for; each half of a surrogate pair counts two of its four.
    private mutating func readEscape(keeping: Bool) throws(JSONFault) -> Int {
        let start = here
        position += 1
        let letter = try currentByte()
        position += letter == nil ? 0 : 1
        let plain: UInt8
        switch letter {
        case 0x22, 0x5C, 0x2F: plain = letter ?? 0
        case 0x62: plain = 0x08
        case 0x66: plain = 0x0C
        case 0x6E: plain = 0x0A
        case 0x72: plain = 0x0D
        case 0x74: plain = 0x09
        case 0x75: return try readCodeUnit(from: start, keeping: keeping)
        default: throw JSONFault(place: start, message: "found a \"\\\" that starts no escape, expected one of JSON's")
        }
        if keeping { keep(plain) }
        return 1
    }

    private mutating func readCodeUnit(from start: TextPlace, keeping: Bool) throws(JSONFault) -> Int {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = try currentByte(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw JSONFault(place: start, message: "found \"\\u\" without four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        // A half of a pair is kept as U+FFFD: names of classes and sessions do without characters that need one.
        if keeping { for byte in String(Unicode.Scalar(unit) ?? "\u{FFFD}").utf8 { keep(byte) } }
        return unit < 0x80 ? 1 : unit < 0x800 || 0xD800..<0xE000 ~= unit ? 2 : 3
    }
}
