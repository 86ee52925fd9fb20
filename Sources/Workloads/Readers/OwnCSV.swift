extension CSVFormat {
    /// Our own CSV. Arrivals are decimal seconds from the start of the trace.
    static let own = CSVFormat(known: [
        .init(name: "arrival_s", role: .arrival),
        .init(name: "prompt_tokens", role: .prompt),
        .init(name: "output_tokens", role: .output),
        .init(name: "class", role: .requestClass, isRequired: false),
        .init(name: "tenant", role: .tenant, isRequired: false),
        // For the user's own reference: requests are known by their position.
        .init(name: "id", role: .notUsed, isRequired: false),
    ])
}
