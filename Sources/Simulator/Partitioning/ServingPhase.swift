/// The two halves of serving a request, and of a semi-PD instance.
public enum ServingPhase: String, CaseIterable, Hashable, Sendable {
    case prefill, decode
}

/// Some of the two phases.
public struct ServingPhases: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public static let prefill = ServingPhases(rawValue: 1)
    public static let decode = ServingPhases(rawValue: 2)
    public static let both: ServingPhases = [.prefill, .decode]

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public init(_ phase: ServingPhase) {
        switch phase {
        case .prefill: self = .prefill
        case .decode: self = .decode
        }
    }
}

/// One value for each phase.
struct PhasePair<Value> {
    var prefill: Value
    var decode: Value

    subscript(_ phase: ServingPhase) -> Value {
        get { phase == .prefill ? prefill : decode }
        set {
            switch phase {
            case .prefill: prefill = newValue
            case .decode: decode = newValue
            }
        }
    }
}

extension PhasePair: Equatable where Value: Equatable {}
extension PhasePair: Hashable where Value: Hashable {}
extension PhasePair: Sendable where Value: Sendable {}
