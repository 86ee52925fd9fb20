extension CSVFormat {
    /// The requests that ServeGen generates, written out by field name; it has no file format of its own.
    static let serveGen = CSVFormat(known: [
        .init(name: "timestamp", role: .arrival),
        .init(name: "input_tokens", role: .prompt),
        .init(name: "output_tokens", role: .output),
        .init(name: "request_id", role: .notUsed, isRequired: false),
        .init(name: "reason_ratio", role: .notUsed, isRequired: false),
    ])
}
