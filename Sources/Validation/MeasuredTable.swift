internal import Diagnostics
internal import Workloads

/// A CSV file of measurements whose columns are found by name. Fields hold no quotes or commas.
struct MeasuredTable {
    /// A line of the table.
    struct Row {
        let file: String
        let line: Int
        let columns: [String]
        private let fields: [Substring]
        private let offsets: [Int]

        init(file: String, line: Int, columns: [String], text: String) {
            self.file = file
            self.line = line
            self.columns = columns
            fields = text.split(separator: ",", omittingEmptySubsequences: false)
            var (offsets, position): ([Int], Int) = ([], 1)
            for field in fields {
                offsets.append(position)
                position += field.utf8.count + 1
            }
            self.offsets = offsets
        }

        var count: Int { fields.count }

        /// - Precondition: the table was asked for the column.
        private func index(_ column: String) -> Int {
            guard let index = columns.firstIndex(of: column) else { preconditionFailure("no column \(column)") }
            return index
        }

        func text(_ column: String) -> String { String(fields[index(column)]) }

        func error(_ column: String, expected: String) -> InputError {
            InputError(
                at: SourceLocation(file: file, line: line, column: offsets[index(column)]),
                "\(column) \"\(text(column))\", expected \(expected)")
        }

        /// - Parameter most: as in traces, unless said otherwise.
        func count(
            _ column: String, atLeast bound: Int, atMost most: Int = 1_000_000_000
        ) throws(InputError) -> Int {
            guard let value = Int(text(column)), (bound...most).contains(value) else {
                throw error(column, expected: "a whole number from \(bound) to \(most)")
            }
            return value
        }

        func number(_ column: String, atLeast bound: Double = 0) throws(InputError) -> Double {
            guard let value = Double(text(column)), value.isFinite, value >= bound else {
                throw error(column, expected: "a number of at least \(bound)")
            }
            return value
        }
    }

    /// Hands over the rows one by one; what is wrong in them is gathered, up to twenty findings.
    static func forEachRow(
        of path: String, columns expected: [String], _ body: (Row) throws(InputError) -> Void
    ) throws(InputError) {
        var columns: [String] = []
        var found = DiagnosticCollector()
        try forEachLine(ofFile: path) { (text, number) throws(InputError) in
            if number == 1 {
                columns = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                for column in expected where !columns.contains(column) {
                    found.error(
                        at: SourceLocation(file: path, line: 1, column: 1),
                        "no column \"\(column)\", expected a header with \(expected.joined(separator: ","))")
                }
                return try found.throwIfAny()
            }
            if text.isEmpty || found.isFull { return }
            let row = Row(file: path, line: number, columns: columns, text: text)
            guard row.count == columns.count else {
                return found.error(
                    at: SourceLocation(file: path, line: number, column: 1),
                    "\(row.count) fields, expected \(columns.count) as in the header")
            }
            do throws(InputError) { try body(row) } catch { found.absorb(error) }
        }
        if columns.isEmpty {
            found.error(at: SourceLocation(file: path, line: 1, column: 1), "the file is empty, expected a header")
        }
        try found.throwIfAny()
    }
}
