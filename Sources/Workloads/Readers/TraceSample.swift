internal import Diagnostics

/// The first bytes of a file, from which its format is told.
struct TraceSample {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The lines of a file of so many bytes, if they are as long as those seen. Room to reserve, no more than for a very
    /// long trace.
    func lines(ofBytes size: Int) -> Int {
        if bytes.isEmpty { return 0 }
        let lines = Double(size) / Double(bytes.count) * Double(bytes.count { $0 == 0x0A } + 1)
        return Int(min(lines, Double(1 << 24)))
    }

    static func emptyFile(_ report: RowReport) -> InputError {
        InputError(
            at: report.location(TextPlace()), "the file is empty, expected a trace", help: knownStarts)
    }

    /// The format asked for, or else the one recognised.
    func format(as wanted: TraceFormat?, _ report: RowReport) throws(InputError) -> TraceFormat {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw InputError(
                at: report.location(TextPlace()), "the file is UTF-16, expected UTF-8", help: "convert it with iconv")
        }
        if let wanted { return wanted }
        var lines = LineReader(ByteSource(bytes: bytes), file: report.file, chunkSize: max(1, bytes.count))
        var first = try lines.next()
        while let line = first, line.allSatisfy(isBlank) { first = try lines.next() }
        guard let first else { throw Self.emptyFile(report) }
        let start = first[first.firstIndex { !isBlank($0) } ?? first.startIndex]
        let isJSON = start == 0x7B || start == 0x5B
        let format = isJSON ? TraceFormat.recognised(keys: keys) : TraceFormat.recognised(header: first)
        guard let format else {
            throw InputError(
                at: report.location(TextPlace(line: lines.lineNumber)),
                isJSON && !keys.isEmpty
                    ? "an object with \(keys.prefix(8).map(\.debugDescription).joined(separator: ", ")) starts no "
                        + "known trace format"
                    : "first line \(quoted(first)) starts no known trace format",
                help: Self.knownStarts)
        }
        return format
    }

    /// Of the first object, as far as the sample goes.
    private var keys: [String] {
        var scanner = JSONScanner(ByteSource(bytes: bytes), chunkSize: max(1, bytes.count))
        var keys: [String] = []
        do throws(JSONFault) {
            while try scanner.kind() == .array {
                try scanner.enter()
                guard try scanner.nextElement() else { return keys }
            }
            guard try scanner.kind() == .object else { return keys }
            try scanner.enter()
            while try scanner.nextKey() {
                keys.append(String(decoding: scanner.text, as: UTF8.self))
                try scanner.skipValue()
            }
        } catch {
            // The sample ends where it ends, and what is wrong with the text is for the reader to say.
        }
        return keys
    }

    private static var knownStarts: String {
        "known starts: "
            + TraceFormat.allCases.map { "\($0.exampleStart) (\($0.rawValue))" }.joined(separator: "; ")
    }
}
