internal import EventKernel

/// Writes our own formats. Times are exact: as many decimals as the nanoseconds need, none more.
public struct TraceWriter: Sendable {
    public enum Layout: String, CaseIterable, Sendable {
        case csv
        /// With ids of blocks.
        case jsonLines = "jsonl"
    }

    /// The file's text so far, or since it was last taken, header first.
    public private(set) var bytes: [UInt8] = []
    private let layout: Layout
    /// What is behind the numbers of a request, by its class index, commas included.
    private let labels: [[UInt8]]

    /// - Parameters:
    ///   - classNames: as in `Trace`, like `tenantNames`; empty for a file without such a column.
    ///   - blockFormat: what ids of blocks stand for, for JSON lines; `nil` for a trace without.
    /// - Precondition: no name contains a line end, which no line-based reader could read back.
    public init(
        _ layout: Layout = .csv, classNames: [String] = [], tenantNames: [String] = [], blockFormat: BlockFormat? = nil
    ) {
        precondition(
            (classNames + tenantNames).allSatisfy { !$0.utf8.contains(0x0A) && !$0.utf8.contains(0x0D) },
            "class or tenant with a line end")
        self.layout = layout
        let columns = [("class", classNames), ("tenant", tenantNames)].filter { !$0.1.isEmpty }
        labels = (0..<max(classNames.count, tenantNames.count)).map { index in
            columns.flatMap { name, texts in
                switch layout {
                case .csv: [0x2C] + Self.csvField(texts[index])
                case .jsonLines: Array(", \"\(name)\": \(Self.jsonString(texts[index]))".utf8)
                }
            }
        }
        switch layout {
        case .csv: append(CSVFormat.own.exampleHeader + columns.map { ",\($0.0)" }.joined() + "\n")
        case .jsonLines:
            guard let blockFormat else { return }
            append("{\"block_tokens\": \(blockFormat.tokens), \"dialect\": \"\(blockFormat.dialect.rawValue)\"}\n")
        }
    }

    /// - Parameter blockIDs: of its prompt; CSV has no column for them.
    public mutating func append(_ request: Request, blockIDs: some Collection<UInt32> = EmptyCollection()) {
        switch layout {
        case .csv: appendRow(request)
        case .jsonLines: appendObject(request, blockIDs)
        }
        bytes.append(0x0A)
    }

    private mutating func appendRow(_ request: Request) {
        appendSeconds(request.arrival.nanoseconds)
        bytes.append(0x2C)
        appendNumber(request.promptTokens)
        bytes.append(0x2C)
        appendNumber(request.outputTokens)
        if !labels.isEmpty { bytes += labels[request.classIndex] }
    }

    private mutating func appendObject(_ request: Request, _ blockIDs: some Collection<UInt32>) {
        append("{\"arrival_s\": ")
        appendSeconds(request.arrival.nanoseconds)
        append(", \"prompt_tokens\": ")
        appendNumber(request.promptTokens)
        append(", \"output_tokens\": ")
        appendNumber(request.outputTokens)
        if !labels.isEmpty { bytes += labels[request.classIndex] }
        if !blockIDs.isEmpty {
            var separator = ", \"block_ids\": ["
            for id in blockIDs {
                append(separator)
                appendNumber(Int(id))
                separator = ", "
            }
            append("]")
        }
        append("}")
    }

    /// The text since it was last taken.
    public mutating func takeBytes() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// The whole trace as a file's bytes.
    public static func text(_ trace: Trace, as layout: Layout) -> [UInt8] {
        var writer = TraceWriter(
            layout, classNames: trace.classNames, tenantNames: trace.tenantNames, blockFormat: trace.blockHashes?.format
        )
        for request in trace.requests { writer.append(request, blockIDs: trace.blockHashes?[request.index] ?? []) }
        return writer.bytes
    }

    public static func csv(_ trace: Trace) -> [UInt8] { text(trace, as: .csv) }
    public static func jsonLines(_ trace: Trace) -> [UInt8] { text(trace, as: .jsonLines) }

    private mutating func append(_ text: String) { bytes += text.utf8 }

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
