/// Minimises a function of a few positive parameters by multiplicative moves of one at a time, in ever smaller steps.
/// The same start gives the same result.
enum PatternSearch {
    private static let steps = [1.25, 1.08, 1.02, 1.005, 1.001]
    /// Bounds the search; far more than any fit here needs.
    private static let sweepsPerStep = 60

    static func minimise(_ start: [Double], _ objective: ([Double]) throws -> Double) rethrows -> [Double] {
        var (best, parameters) = (try objective(start), start)
        for step in steps {
            var sweeps = 0
            var improved = true
            while improved, sweeps < sweepsPerStep {
                improved = false
                sweeps += 1
                for index in parameters.indices {
                    for factor in [step, 1 / step] {
                        var candidate = parameters
                        candidate[index] *= factor
                        let value = try objective(candidate)
                        if value < best {
                            (best, parameters, improved) = (value, candidate, true)
                        }
                    }
                }
            }
        }
        return parameters
    }
}

/// Rounded to four significant digits, so that a profile file holds exactly what was fitted.
func fourDigits(_ value: Double) -> Double {
    if value == 0 || !value.isFinite { return value }
    var (scale, shrink) = (1.0, 1.0)
    while abs(value) * scale < 1000 { scale *= 10 }
    while abs(value) / shrink >= 10_000 { shrink *= 10 }
    return scale > 1 ? (value * scale).rounded() / scale : (value / shrink).rounded() * shrink
}

/// The middle value, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
    precondition(!values.isEmpty, "the median of nothing")
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
