/// The mean of replications and how well it is known.
///
/// Replications are independent draws, so the mean is normal enough for Student's t from a handful on. One replication
/// says nothing about its own error: the bounds are then `nil`.
public struct MeanInterval: Hashable, Sendable {
    public var count: Int
    public var mean: Double
    /// Of the mean, estimated from the spread of the replications; `nil` for fewer than two.
    public var standardError: Double?

    /// - Precondition: there is a value.
    public init(of values: [Double]) {
        precondition(!values.isEmpty, "the mean of nothing")
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        guard values.count > 1 else { return }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardError = (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    }

    /// Half the width of the two-sided interval that holds the true mean with this confidence.
    public func halfWidth(confidence: Double) -> Double? {
        standardError.map { $0 * StudentT.quantile((1 + confidence) / 2, degreesOfFreedom: count - 1) }
    }

    /// The chance of a mean at least this far above `bound` if the true mean were `bound` (one-sided). Replications that
    /// all agree leave no doubt: 0 or 1.
    public func probabilityAtMost(_ bound: Double) -> Double? {
        guard let standardError else { return nil }
        if standardError == 0 { return mean > bound ? 0 : 1 }
        return StudentT.cumulative((bound - mean) / standardError, degreesOfFreedom: count - 1)
    }
}
