/// A CSV format of one request a row: its columns and how it writes times.
struct CSVFormat {
    enum Time { case seconds, calendar }

    var known: [CSVColumns.Known]
    var time = Time.seconds

    /// The columns that such a file must have.
    var exampleHeader: String { known.filter(\.isRequired).map(\.name).joined(separator: ",") }
}
