public import Diagnostics
public import Profiles
internal import Reporting
public import Scenarios

/// Cases that are run for a candidate and for a baseline, and how far the candidate may be worse.
public struct RegressionSuite: Sendable {
    /// One scenario with one deployment.
    public struct Case: Sendable {
        public var name: String
        public var document: ScenarioDocument
        /// Which deployment; `nil` where there is only one.
        public var deployment: String?
        public var place: SourceLocation
    }

    /// What the candidate is compared with.
    public enum Baseline: Hashable, Sendable {
        /// The same program with these fields changed.
        case changed
        /// Values that `--update-baseline` wrote.
        case file(path: String)
        /// Runs that an earlier `regress --database` stored.
        case database(path: String)
        /// Another build of the program.
        case program(path: String)
    }

    public var name: String
    public var cases: [Case]
    public var limits: [RegressionLimit]
    /// Draws of each case.
    public var replications: Int
    /// That a run of the suite without any change raises no alarm.
    public var confidence: Double
    /// `nil` where the suite names none: a flag must.
    public var baseline: Baseline?
    public var baselineChanges: [(field: Located<String>, value: YAMLNode)]
    public var candidateChanges: [(field: Located<String>, value: YAMLNode)]

    /// The chance of a false alarm in one comparison (Bonferroni).
    public var allowedError: Double { (1 - confidence) / Double(cases.count * limits.count) }

    public static let defaultReplications = 16
    public static let defaultConfidence = 0.99
}

extension RegressionSuite {
    /// Which of the two is run.
    public enum Side: String, CaseIterable, Sendable { case candidate, baseline }

    /// The scenario of one case of one side, before the replication is chosen.
    ///
    /// - Parameter overrides: `--set` arguments, applied last.
    public func document(
        of test: Case, for side: Side, overrides: [String] = []
    ) throws(InputError) -> ScenarioDocument {
        var document = test.document
        for change in side == .candidate ? candidateChanges : baselineChanges {
            try document.set(change.value, at: change.field)
        }
        try document.apply(overrides: overrides)
        return document
    }
}
