extension CSVFormat {
    /// Lengths that somebody counted with a tokenizer, as DistServe and vLLM's benchmarks name them.
    static let lengths = CSVFormat(known: [
        .init(name: "prompt_len", role: .prompt),
        .init(name: "output_len", role: .output),
        .init(name: "task_id", role: .notUsed, isRequired: false),
    ])
}
