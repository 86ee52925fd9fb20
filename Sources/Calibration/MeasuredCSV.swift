internal import Diagnostics

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A line of a CSV file with its fields in place. Fields hold no quotes or commas: the schemas have no free text.
struct CSVRow {
    let file: String
    let line: Int
    private let bytes: [UInt8]
    private let fields: [Range<Int>]

    init(file: String, line: Int, bytes: [UInt8]) {
        self.file = file
        self.line = line
        self.bytes = bytes
        var (fields, start): ([Range<Int>], Int) = ([], 0)
        for i in bytes.indices where bytes[i] == UInt8(ascii: ",") {
            fields.append(start..<i)
            start = i + 1
        }
        fields.append(start..<bytes.count)
        self.fields = fields
    }

    var count: Int { fields.count }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    subscript(field: Int) -> String { String(decoding: bytes[fields[field]], as: UTF8.self) }

    func matches(_ field: Int, _ text: String) -> Bool { bytes[fields[field]].elementsEqual(text.utf8) }

    func location(_ field: Int) -> SourceLocation {
        SourceLocation(file: file, line: line, column: fields[field].lowerBound + 1)
    }

    func count(_ field: Int, _ name: String, atLeast bound: Int = 1) throws(InputError) -> Int {
        guard let value = Int(self[field]), value >= bound else {
            throw InputError(
                at: location(field), "\(name) \"\(self[field])\" is not a whole number of at least \(bound)")
        }
        return value
    }

    /// A time in units of `unit` seconds, as seconds.
    func seconds(_ field: Int, unit: Double) throws(InputError) -> Double {
        guard let value = Double(self[field]), value > 0, value.isFinite else {
            throw InputError(at: location(field), "found \"\(self[field])\", expected a time above 0")
        }
        return value * unit
    }

    /// A latency in microseconds as seconds.
    func seconds(_ field: Int) throws(InputError) -> Double {
        guard let value = Double(self[field]), value > 0, value.isFinite else {
            throw InputError(at: location(field), "latency_us \"\(self[field])\" is not a number above 0")
        }
        return value / 1e6
    }
}

/// Hands over the lines of a CSV file one by one, the header first, without holding the file in memory.
func forEachRow(ofCSV path: String, _ body: (CSVRow) throws(InputError) -> Void) throws(InputError) {
    guard let file = fopen(path, "rb") else {
        throw InputError(at: nil, "\(path): cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var (line, number): ([UInt8], Int) = ([], 0)
    var columns = 0
    func finish() throws(InputError) {
        number += 1
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if line.isEmpty { return }
        let row = CSVRow(file: path, line: number, bytes: line)
        if number == 1 { columns = row.count }
        if row.count != columns {
            throw InputError(
                at: SourceLocation(file: path, line: number, column: 1),
                "\(row.count) fields, expected \(columns) as in the header")
        }
        try body(row)
        line.removeAll(keepingCapacity: true)
    }
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { break }
        var rest = buffer[..<count]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            line.append(contentsOf: rest[..<newline])
            try finish()
            rest = rest[(newline + 1)...]
        }
        line.append(contentsOf: rest)
    }
    if !line.isEmpty { try finish() }
    if number == 0 { throw InputError(at: SourceLocation(file: path, line: 1, column: 1), "the file is empty") }
}
