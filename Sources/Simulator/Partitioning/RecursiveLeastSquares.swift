/// A line value = slope·u + intercept, fitted to one observation after the other.
///
/// Starts from a prior line that counts as a Gaussian guess; each coefficient's variance is given in units of an
/// observation's. The result after any number of observations is that of ridge regression on all of them at once.
struct RecursiveLeastSquares: Hashable, Sendable {
    private(set) var slope: Double
    private(set) var intercept: Double
    // The covariance of both, symmetric.
    private var slopeVariance: Double
    private var interceptVariance: Double
    private var covariance = 0.0

    init(slope: Double, intercept: Double, variance: Double) {
        self.slope = slope
        self.intercept = intercept
        slopeVariance = variance
        interceptVariance = variance
    }

    mutating func observe(_ u: Double, _ value: Double) {
        let towardsSlope = slopeVariance * u + covariance
        let towardsIntercept = covariance * u + interceptVariance
        let spread = 1 + towardsSlope * u + towardsIntercept
        let surprise = value - (slope * u + intercept)
        slope += towardsSlope / spread * surprise
        intercept += towardsIntercept / spread * surprise
        slopeVariance -= towardsSlope * towardsSlope / spread
        interceptVariance -= towardsIntercept * towardsIntercept / spread
        covariance -= towardsSlope * towardsIntercept / spread
    }
}
