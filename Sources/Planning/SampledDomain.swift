public import Diagnostics
public import Profiles

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Numbers between two bounds, evenly spread on a scale.
public struct NumberRange: Hashable, Sendable {
    public enum Scale: String, CaseIterable, Sendable {
        case linear
        case log
    }

    public var from: Double
    public var to: Double
    public var scale: Scale
    /// Whether values are rounded to whole numbers.
    public var isWhole: Bool

    /// The number at a level from 0 to 1.
    func number(atLevel level: Double) -> Double {
        let number =
            switch scale {
            case .linear: from + (to - from) * level
            case .log: from * pow(to / from, level)
            }
        return isWhole ? number.rounded() : number
    }
}

/// What a sampled axis draws from.
public enum SampledDomain: Sendable {
    case range(NumberRange, place: SourceLocation)
    /// Each equally likely.
    case choice([YAMLNode])

    func value(atLevel level: Double) -> YAMLNode {
        switch self {
        case .range(let range, let place): .number(range.number(atLevel: level), at: place)
        case .choice(let values): values[min(Int(level * Double(values.count)), values.count - 1)]
        }
    }
}

extension YAMLNode {
    /// The shortest decimal that reads back as the same number.
    static func number(_ value: Double, at place: SourceLocation) -> YAMLNode {
        YAMLNode(.scalar(Int(exactly: value).map(String.init) ?? "\(value)", isQuoted: false), at: place)
    }
}
