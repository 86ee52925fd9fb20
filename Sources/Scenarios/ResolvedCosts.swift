internal import CostModels

/// What iterations cost as a scenario states it, in place of a model of the device. Milliseconds, as written.
public struct ResolvedCosts: Hashable, Sendable {
    public enum Form: Hashable, Sendable {
        /// `largeDecode` holds above so many sequences.
        case affine(prefill: Prefill, decode: Decode, largeDecode: LargeDecode?)
        /// By tokens of iterations with prompt tokens, and by sequences of the others.
        case table(tokens: [Point], sequences: [Point])
    }

    /// constant + perToken·Σ tokens + perSquaredToken·Σ tokens².
    public struct Prefill: Hashable, Sendable {
        public var constant: Double
        public var perToken: Double
        public var perSquaredToken: Double
    }

    /// constant + perContextToken·Σ context + perSequence·sequences.
    public struct Decode: Hashable, Sendable {
        public var constant: Double
        public var perContextToken: Double
        public var perSequence: Double
    }

    public struct LargeDecode: Hashable, Sendable {
        public var above: Int
        public var cost: Decode
    }

    public struct Point: Hashable, Sendable {
        public var count: Int
        public var milliseconds: Double
    }

    /// On top of every iteration.
    public var iteration: Double
    public var form: Form
}

extension ResolvedCosts {
    func costModel(streamingMultiprocessors: Int) -> any CostModel {
        switch form {
        case .affine(let prefill, let decode, let largeDecode):
            AffineCostModel(
                streamingMultiprocessors: streamingMultiprocessors, iterationSeconds: iteration / 1e3,
                prefill: .init(
                    constantSeconds: prefill.constant / 1e3, secondsPerToken: prefill.perToken / 1e3,
                    secondsPerSquaredToken: prefill.perSquaredToken / 1e3),
                decode: decode.seconds, largeBatch: largeDecode.map { .init(above: $0.above, decode: $0.cost.seconds) })
        case .table(let tokens, let sequences):
            TokenTableCostModel(
                tokens: Self.grid(tokens), sequences: Self.grid(sequences), iterationSeconds: iteration / 1e3)
        }
    }

    private static func grid(_ points: [Point]) -> MeasuredGrid {
        MeasuredGrid(points.map(\.count), seconds: points.map { $0.milliseconds / 1e3 })
    }
}

extension ResolvedCosts.Decode {
    fileprivate var seconds: AffineCostModel.DecodeCost {
        .init(
            constantSeconds: constant / 1e3, secondsPerContextToken: perContextToken / 1e3,
            secondsPerSequence: perSequence / 1e3)
    }
}
