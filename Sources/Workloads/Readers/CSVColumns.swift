internal import Diagnostics

/// The columns of a CSV format, found by name in the header: a place says nothing, people add and move columns.
struct CSVColumns {
    /// What a column holds.
    enum Role {
        case arrival, prompt, output, requestClass, tenant, notUsed
        /// Holds the same text in every row that is an LLM request.
        case always(StaticString)
    }

    /// A column that a format knows.
    struct Known {
        var name: String
        var role: Role
        var isRequired = true
    }

    /// Of every column of the file, in its order.
    private(set) var roles: [Role] = []
    private(set) var names: [String] = []

    init(header: UnsafeRawBufferPointer, known: [Known], report: inout RowReport) {
        var strangers: [(name: String, offset: Int)] = []
        var row = CSVRow(header)
        while let field = row.next() {
            let name = String(decoding: field.text, as: UTF8.self)
            if field.isMalformed {
                report.error(at: field.offset, "column name \(quoted(field.bytes)) has quotes inside")
            }
            if let column = known.first(where: { $0.name == name }) {
                if names.contains(name) {
                    report.error(at: field.offset, "column \"\(name)\" appears twice, expected once")
                }
                roles.append(column.role)
            } else {
                strangers.append((name, field.offset))
                roles.append(.notUsed)
            }
            names.append(name)
        }
        let expected = known.filter(\.isRequired).map(\.name).joined(separator: ",")
        for column in known where column.isRequired && !names.contains(column.name) {
            let near = strangers.first { nearestMatch(to: $0.name, among: [column.name]) != nil }
            report.error(
                at: near?.offset ?? 0, "no column \"\(column.name)\", expected a header with \(expected)",
                help: near.map { "did you mean \"\(column.name)\" where \($0.name.debugDescription) stands?" })
        }
        for stranger in strangers where !report.hasErrors {
            report.warning(
                at: TextPlace(line: report.line, offset: stranger.offset),
                "column \(stranger.name.debugDescription) is not used")
        }
    }

    var hasClasses: Bool { roles.contains { if case .requestClass = $0 { true } else { false } } }
    var hasTenants: Bool { roles.contains { if case .tenant = $0 { true } else { false } } }
    var hasArrivals: Bool { roles.contains { if case .arrival = $0 { true } else { false } } }

    /// How many of the required columns among these the line names.
    static func numberNamed(in line: UnsafeRawBufferPointer, _ known: [Known]) -> Int {
        var count = 0
        var row = CSVRow(line)
        while let field = row.next() {
            if known.contains(where: { $0.isRequired && $0.name.utf8.elementsEqual(field.bytes) }) { count += 1 }
        }
        return count
    }
}
