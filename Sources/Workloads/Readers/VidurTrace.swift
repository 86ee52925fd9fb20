extension CSVFormat {
    /// Vidur's traces to replay, and its tables of lengths, which have no times.
    static let vidur = CSVFormat(known: [
        .init(name: "arrived_at", role: .arrival, isRequired: false),
        .init(name: "num_prefill_tokens", role: .prompt),
        .init(name: "num_decode_tokens", role: .output),
        .init(name: "num_total_tokens", role: .notUsed, isRequired: false),
        .init(name: "pd_ratio", role: .notUsed, isRequired: false),
    ])
}
