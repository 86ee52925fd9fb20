extension CSVFormat {
    /// BurstGPT. Part 3 has two columns more than parts 1 and 2, in the middle. Failed calls have no response tokens.
    static let burstGPT = CSVFormat(known: [
        .init(name: "Timestamp", role: .arrival),
        .init(name: "Request tokens", role: .prompt),
        .init(name: "Response tokens", role: .output),
        .init(name: "Log Type", role: .requestClass, isRequired: false),
        .init(name: "Model", role: .notUsed, isRequired: false),
        .init(name: "Total tokens", role: .notUsed, isRequired: false),
        .init(name: "Session ID", role: .notUsed, isRequired: false),
        // On the system it was recorded on: what is simulated here is another one.
        .init(name: "Elapsed time", role: .notUsed, isRequired: false),
    ])
}
