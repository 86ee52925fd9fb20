public import Diagnostics
internal import EventKernel
public import Profiles
public import Scenarios
internal import Statistics

/// A field of a scenario and the values that it takes, one after the other.
public struct SweepAxis: Sendable {
    /// As `--set` addresses it: `deployments.0.tp`.
    public var field: Located<String>
    public var values: [YAMLNode]
}

/// Fields that are drawn together instead of being crossed.
public struct SampledAxes: Sendable {
    public enum Method: String, CaseIterable, Sendable {
        /// Every point on its own.
        case random
        case latinHypercube = "latin-hypercube"
    }

    public struct Axis: Sendable {
        public var field: Located<String>
        public var domain: SampledDomain
    }

    public var method: Method
    public var points: Int
    public var seed: UInt64
    public var axes: [Axis]

    /// The values of every point, in the order of the axes.
    var drawn: [[YAMLNode]] {
        let streams = RandomStreams(seed: seed)
        let names = axes.map(\.field.value)
        let levels =
            switch method {
            case .random: LatinHypercube.independentPoints(points, axes: names, streams: streams)
            case .latinHypercube: LatinHypercube.points(points, axes: names, streams: streams)
            }
        return levels.map { zip(axes, $0).map { $0.domain.value(atLevel: $1) } }
    }
}

/// One setting of all fields of a sweep.
public struct SweepPoint: Sendable {
    /// From 0, in the order of the plan.
    public var index: Int
    /// In the order of `SweepPlan.fields`.
    public var values: [YAMLNode]
}

/// A scenario and the fields of it that are varied: crossed axes, the last one fastest, times the sampled points.
public struct SweepPlan: Sendable {
    /// More points than this are a mistake in a file.
    public static let maximumPoints = 1_000_000

    public var name: String
    public var document: ScenarioDocument
    public var axes: [SweepAxis]
    public var sampled: SampledAxes?

    public var fields: [Located<String>] { axes.map(\.field) + (sampled?.axes.map(\.field) ?? []) }

    /// Number of points.
    public var count: Int { axes.reduce(sampled?.points ?? 1) { $0 * $1.values.count } }

    /// All points, in an order that depends on the plan alone.
    public var points: [SweepPoint] {
        var rows: [[YAMLNode]] = [[]]
        for axis in axes { rows = rows.flatMap { row in axis.values.map { row + [$0] } } }
        if let sampled {
            let drawn = sampled.drawn
            rows = rows.flatMap { row in drawn.map { row + $0 } }
        }
        return rows.enumerated().map { SweepPoint(index: $0, values: $1) }
    }

    /// The scenario of a point.
    public func resolve(
        _ point: SweepPoint, in environment: ScenarioEnvironment
    ) throws(InputError) -> ScenarioResolution {
        var document = document
        for (field, value) in zip(fields, point.values) { try document.set(value, at: field) }
        return try document.resolve(in: environment)
    }
}
