extension CSVFormat {
    /// Azure LLM inference traces of 2023 (Splitwise: seven decimals, no zone), 2024 (DynamoLLM: six decimals or none,
    /// and a zone) and 2025 (ModServe: `T` and `Z`, images in a column of their own).
    static let azure = CSVFormat(
        known: [
            .init(name: "TIMESTAMP", role: .arrival),
            .init(name: "ContextTokens", role: .prompt),
            .init(name: "GeneratedTokens", role: .output),
            .init(name: "NumImages", role: .notUsed, isRequired: false),
        ], time: .calendar)
}
