internal import Diagnostics

/// A table of a kernel folder: `#` lines, a header, rows of comma-separated fields, some of which are lists of numbers
/// separated by spaces.
struct KernelTableText {
    struct Row {
        let file: String
        let line: Int
        fileprivate let fields: [(text: Substring.UTF8View, column: Int)]

        func location(_ field: Int) -> SourceLocation {
            SourceLocation(file: file, line: line, column: fields[field].column)
        }

        func text(_ field: Int) -> String { String(Substring(fields[field].text)) }

        func count(_ field: Int, atLeast bound: Int = 1) throws(InputError) -> Int {
            guard let value = Int(text(field)), value >= bound else {
                throw InputError(
                    at: location(field), "found \"\(text(field))\", expected a whole number of at least \(bound)")
            }
            return value
        }

        func number(_ field: Int) throws(InputError) -> Double {
            guard let value = Double(text(field)), value.isFinite else {
                throw InputError(at: location(field), "found \"\(text(field))\", expected a number")
            }
            return value
        }

        /// Numbers separated by single spaces.
        func numbers(_ field: Int) throws(InputError) -> [Double] {
            var (values, column): ([Double], Int) = ([], fields[field].column)
            for part in fields[field].text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false) {
                guard let value = Double(Substring(part)), value.isFinite else {
                    throw InputError(
                        at: SourceLocation(file: file, line: line, column: column),
                        "found \"\(Substring(part))\", expected a number")
                }
                values.append(value)
                column += part.count + 1
            }
            return values
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
    }

    let rows: [Row]

    /// - Parameter columns: the header, which is always the same.
    init(_ text: String, file: String, columns: [String]) throws(InputError) {
        var rows: [Row] = []
        var hasHeader = false
        var number = 0
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            if !hasHeader {
                let found = String(Substring(line))
                guard found == columns.joined(separator: ",") else {
                    throw InputError(
                        at: SourceLocation(file: file, line: number, column: 1),
                        "found the header \"\(found)\", expected \"\(columns.joined(separator: ","))\"")
                }
                hasHeader = true
                continue
            }
            var (fields, column): ([(Substring.UTF8View, Int)], Int) = ([], 1)
            for field in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                fields.append((Substring(field).utf8, column))
                column += field.count + 1
            }
            guard fields.count == columns.count else {
                throw InputError(
                    at: SourceLocation(file: file, line: number, column: 1),
                    "found \(fields.count) fields, expected \(columns.count)")
            }
            rows.append(Row(file: file, line: number, fields: fields))
        }
        guard hasHeader else {
            throw InputError(
                at: SourceLocation(file: file, line: 1, column: 1),
                "found no header, expected \"\(columns.joined(separator: ","))\"")
        }
        self.rows = rows
    }
}
