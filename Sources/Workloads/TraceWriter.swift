public import Diagnostics
internal import EventKernel

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Writes our own CSV. Times are exact: as many decimals as the nanoseconds need, none more.
public struct TraceWriter: Sendable {
    /// The file's text so far, header first.
    public private(set) var bytes: [UInt8]
    /// What is behind the numbers of a request, by its class index, commas included.
    private let labels: [[UInt8]]

    /// - Parameter classNames: as in `Trace`, like `tenantNames`; empty for a file without such a column.
    /// - Precondition: no name contains a line end, which no line-based reader could read back.
    public init(classNames: [String] = [], tenantNames: [String] = []) {
        precondition(
            (classNames + tenantNames).allSatisfy { !$0.utf8.contains(0x0A) && !$0.utf8.contains(0x0D) },
            "class or tenant with a line end")
        let columns = [classNames, tenantNames]
        let names = zip([",class", ",tenant"], columns).filter { !$1.isEmpty }.map(\.0)
        bytes = Array((CSVFormat.own.exampleHeader + names.joined()).utf8)
        bytes.append(0x0A)
        labels = (0..<max(classNames.count, tenantNames.count)).map { index in
            columns.filter { !$0.isEmpty }.flatMap { [0x2C] + Self.csvField($0[index]) }
        }
    }

    public mutating func append(_ request: Request) {
        appendSeconds(request.arrival.nanoseconds)
        bytes.append(0x2C)
        appendNumber(request.promptTokens)
        bytes.append(0x2C)
        appendNumber(request.outputTokens)
        if !labels.isEmpty { bytes += labels[request.classIndex] }
        bytes.append(0x0A)
    }

    /// The whole trace as a file's bytes.
    public static func csv(_ trace: Trace) -> [UInt8] {
        var writer = TraceWriter(classNames: trace.classNames, tenantNames: trace.tenantNames)
        for request in trace.requests { writer.append(request) }
        return writer.bytes
    }

    /// The whole trace as our own JSON lines, ids of blocks included.
    /// - Precondition: class names as for CSV.
    public static func jsonLines(_ trace: Trace) -> [UInt8] {
        var writer = TraceWriter()
        writer.bytes.removeAll()
        if let hashes = trace.blockHashes {
            writer.append(
                "{\"block_tokens\": \(hashes.blockTokens), \"dialect\": \"\(hashes.dialect.rawValue)\"}\n")
        }
        let labels = [("class", trace.classNames), ("tenant", trace.tenantNames)].map { name, texts in
            texts.map { ", \"\(name)\": \(Self.jsonString($0))" }
        }
        for request in trace.requests {
            writer.append("{\"arrival_s\": ")
            writer.appendSeconds(request.arrival.nanoseconds)
            writer.append(", \"prompt_tokens\": \(request.promptTokens), \"output_tokens\": \(request.outputTokens)")
            for texts in labels where !texts.isEmpty { writer.append(texts[request.classIndex]) }
            if let ids = trace.blockHashes?[request.index], !ids.isEmpty {
                writer.append(", \"block_ids\": [\(ids.map(String.init).joined(separator: ", "))]")
            }
            writer.append("}\n")
        }
        return writer.bytes
    }

    private mutating func append(_ text: String) { bytes += Array(text.utf8) }

    private static func jsonString(_ name: String) -> String {
        var text = "\""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    /// Writes all requests of a source to a new file, in pieces: memory does not grow with it.
    /// - Returns: the number of requests written.
    /// - Throws: `InputError` if the file cannot be written, and what the source throws; the file is then incomplete.
    @discardableResult
    public static func write(
        _ source: inout some RequestSource, classNames: [String] = [], to path: String
    ) throws -> Int {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw writeError(path) }
        defer { close(descriptor) }
        var writer = TraceWriter(classNames: classNames)
        var count = 0
        while let request = try source.next() {
            writer.append(request)
            count += 1
            if writer.bytes.count > 1 << 20 { try writer.flush(descriptor, path) }
        }
        try writer.flush(descriptor, path)
        return count
    }

    /// Writes a file's bytes to a new file.
    /// - Throws: `InputError` if the file cannot be written.
    public static func write(_ bytes: [UInt8], to path: String) throws(InputError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw writeError(path) }
        defer { close(descriptor) }
        var writer = TraceWriter()
        writer.bytes = bytes
        try writer.flush(descriptor, path)
    }

    private mutating func flush(_ descriptor: Int32, _ path: String) throws(InputError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { writeBytes(descriptor, $0.baseAddress! + done, $0.count - done) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.writeError(path) }
            done += written
        }
        bytes.removeAll(keepingCapacity: true)
    }

    private static func writeError(_ path: String) -> InputError {
        InputError(at: nil, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }

    private mutating func appendSeconds(_ nanoseconds: Int64) {
        precondition(nanoseconds >= 0, "arrival at \(nanoseconds) ns")
        appendNumber(Int(nanoseconds / 1_000_000_000))
        var fraction = nanoseconds % 1_000_000_000
        guard fraction > 0 else { return }
        bytes.append(0x2E)
        var place: Int64 = 100_000_000
        while fraction > 0 {
            bytes.append(0x30 + UInt8(fraction / place))
            fraction %= place
            place /= 10
        }
    }

    private mutating func appendNumber(_ number: Int) {
        var place = 1
        while number / place >= 10 { place *= 10 }
        while place > 0 {
            bytes.append(0x30 + UInt8(number / place % 10))
            place /= 10
        }
    }

    private static func csvField(_ name: String) -> [UInt8] {
        // Blanks at the ends would be trimmed by a reader.
        let needsQuotes =
            name.utf8.contains(0x2C) || name.utf8.contains(0x22) || name.utf8.first.map(isBlank) == true
            || name.utf8.last.map(isBlank) == true
        guard needsQuotes else { return Array(name.utf8) }
        return [0x22] + name.utf8.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] } + [0x22]
    }
}

/// Outside the type, where `write` means the system call on every platform.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
