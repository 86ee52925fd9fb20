/// A mean over replications and, from two on, half of its 95 % confidence interval by Student's t.
struct Estimate {
    var mean: Double
    var halfWidth: Double?

    /// `nil` without values.
    init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let n = Double(values.count)
        let mean = values.reduce(0, +) / n
        self.mean = mean
        guard values.count > 1 else { return }
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
        halfWidth = StudentT.quantile(samples: values.count) * (variance / n).squareRoot()
    }
}

/// The 97.5 % quantile of Student's t, from the usual tables.
enum StudentT {
    /// By degrees of freedom, from 1.
    private static let quantiles = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ]
    /// From 31 degrees of freedom on that of 30, which is at most 4 % too wide.
    private static let last = 2.042

    static func quantile(samples: Int) -> Double {
        samples - 2 < quantiles.count ? quantiles[samples - 2] : last
    }

    /// A table `t (samples, quantile)` for queries.
    static func sql(upTo samples: Int) -> String {
        let rows = (2...max(2, samples)).map { "(\($0), \(quantile(samples: $0)))" }
        return "t (samples, quantile) AS (VALUES \(rows.joined(separator: ", ")))"
    }
}
