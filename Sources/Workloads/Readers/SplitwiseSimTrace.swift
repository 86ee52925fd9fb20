extension CSVFormat {
    /// splitwise-sim. It does not use its column `batch_size` either.
    static let splitwiseSim = CSVFormat(known: [
        .init(name: "arrival_timestamp", role: .arrival),
        .init(name: "prompt_size", role: .prompt),
        .init(name: "token_size", role: .output),
        // Its RequestType: 1 is a compute task, 2 is LLM inference.
        .init(name: "request_type", role: .always("2"), isRequired: false),
        .init(name: "request_id", role: .notUsed, isRequired: false),
        .init(name: "application_id", role: .notUsed, isRequired: false),
        .init(name: "batch_size", role: .notUsed, isRequired: false),
    ])
}
