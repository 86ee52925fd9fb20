public import Diagnostics
public import Profiles

/// What a scenario may refer to besides its own text.
public struct ScenarioEnvironment: Sendable {
    public var catalog: ProfileCatalog
    /// Names of workload presets that can be generated.
    public var generators: [String]
    /// Names of trace formats.
    public var traceFormats: [String]
    /// Ids of runtime profiles.
    public var runtimes: [String]

    public init(catalog: ProfileCatalog, generators: [String], traceFormats: [String], runtimes: [String]) {
        self.catalog = catalog
        self.generators = generators
        self.traceFormats = traceFormats
        self.runtimes = runtimes
    }
}

/// A resolved scenario and what the user should know about how it came about.
public struct ScenarioResolution: Sendable {
    public var scenario: ResolvedScenario
    /// Warnings of the profiles, then notes on replication.
    public var remarks: [Diagnostic]
    /// Where each deployment stands in the text.
    public var deploymentPlaces: [SourceLocation]
}
