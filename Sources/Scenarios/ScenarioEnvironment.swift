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
    /// Where the trace or the generator is named.
    public var workloadPlace: SourceLocation
    /// Where each deployment stands in the text.
    public var deploymentPlaces: [SourceLocation]
    /// The classes with limits of their own, and where they are named.
    public var limitedClasses: [Located<String>]
}

extension ScenarioResolution {
    /// Keeps one deployment only.
    ///
    /// - Parameter name: its name; `nil` if there is only one to keep.
    public mutating func select(deployment name: String?) throws(InputError) {
        let names = scenario.deployments.map(\.name)
        let list = names.joined(separator: ", ")
        guard let name else {
            if names.count == 1 { return }
            throw InputError(
                at: nil, "the scenario has \(names.count) deployments, expected one",
                help: "name one of \(list) with --deployment, or use `phasewise compare`")
        }
        guard let index = names.firstIndex(of: name) else {
            throw InputError(
                at: SourceLocation(file: "--deployment", line: 1, column: 1),
                "found no deployment \"\(name)\", expected one of \(list)")
        }
        scenario.deployments = [scenario.deployments[index]]
        deploymentPlaces = [deploymentPlaces[index]]
    }
}
