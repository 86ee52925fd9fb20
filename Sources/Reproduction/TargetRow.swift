/// A result of the paper that a simulation has to show, with our values.
public struct TargetRow: Sendable {
    /// One number of it, or one order.
    public struct Check: Sendable {
        public var what: String
        public var expected: String
        public var ours: String
        public var tolerance: String
        public var passes: Bool
    }

    public enum Verdict: String, Sendable {
        case pass, fail
    }

    /// As the targets are numbered in the order of importance.
    public var number: Int
    public var result: String
    public var checks: [Check]
    /// Numbers that help to judge the row and are not judged themselves.
    public var remarks: [String] = []
    /// Why checks are out, each with the run that shows it.
    public var causes: [String] = []

    public var verdict: Verdict { checks.allSatisfy(\.passes) ? .pass : .fail }
}

extension TargetRow.Check {
    /// Within a relative tolerance of a number of the paper. `nil` of ours is a fail.
    static func near(_ what: String, expected: Double, ours: Double?, within share: Double, places: Int = 2) -> Self {
        Self(
            what: what, expected: decimal(expected, places), ours: ours.map { decimal($0, places) } ?? "none",
            tolerance: "±\(decimal(share * 100, 0)) %",
            passes: ours.map { abs($0 - expected) <= share * expected } ?? false)
    }

    /// Within an absolute tolerance.
    static func near(
        _ what: String, expected: Double, ours: Double?, plusMinus width: Double, places: Int = 1
    ) -> Self {
        Self(
            what: what, expected: decimal(expected, places), ours: ours.map { decimal($0, places) } ?? "none",
            tolerance: "±\(decimal(width, places))", passes: ours.map { abs($0 - expected) <= width } ?? false)
    }

    /// Within a factor either way.
    static func near(_ what: String, expected: Double, ours: Double, factor: Double) -> Self {
        Self(
            what: what, expected: decimal(expected, 1), ours: decimal(ours, 1),
            tolerance: "factor \(decimal(factor, 0))",
            passes: ours >= expected / factor && ours <= expected * factor)
    }

    static func atLeast(_ what: String, _ least: Double, ours: Double, expected: String, places: Int = 2) -> Self {
        Self(
            what: what, expected: expected, ours: decimal(ours, places), tolerance: "≥ \(decimal(least, places))",
            passes: ours >= least)
    }

    static func atMost(_ what: String, _ most: Double, ours: Double, expected: String, places: Int = 2) -> Self {
        Self(
            what: what, expected: expected, ours: decimal(ours, places), tolerance: "≤ \(decimal(most, places))",
            passes: ours <= most)
    }
}
