/// Fits positive parameters to rows that each depend on a few of them, by moving one parameter at a time.
///
/// The objective is the mean relative error of the rows (robust against outliers, unlike squares) plus a small penalty on
/// the ratio of neighbouring parameters, which settles those that no row speaks for. Steps are factors that shrink; every
/// loop has a bound, and no step leaves the limits or the orderings. Deterministic.
struct CoordinateDescent {
    /// `parameters[smaller] <= factor · parameters[larger]`.
    struct Ordering {
        var smaller: Int
        var larger: Int
        var factor: Double
    }

    var parameters: [Double]
    var limits: [ClosedRange<Double>]
    var orderings: [Ordering] = []
    var neighbours: [(Int, Int)] = []

    private static let smoothing = 5e-4
    private static let steps = [1.3, 1.15, 1.07, 1.03, 1.015, 1.007]
    private static let sweepsPerStep = 12
    private static let movesPerSweep = 20
    private static let smallestGain = 1e-8

    /// - Parameters:
    ///   - touched: the parameters that each row depends on.
    ///   - error: the relative error of a row under some parameters.
    mutating func minimise(touched: [[Int]], error: (_ row: Int, _ parameters: [Double]) -> Double) {
        if touched.isEmpty { return }
        var rowsOf = [[Int]](repeating: [], count: parameters.count)
        for (row, indices) in touched.enumerated() {
            for index in indices { rowsOf[index].append(row) }
        }
        for step in Self.steps {
            for _ in 0..<Self.sweepsPerStep {
                var gain = 0.0
                for index in parameters.indices {
                    for factor in [step, 1 / step] {
                        gain += move(index, by: factor, rows: rowsOf[index], of: touched.count, error: error)
                    }
                }
                if gain < 1e-5 { break }
            }
        }
    }

    /// Moves one parameter as long as that lowers the objective; returns by how much it did.
    private mutating func move(
        _ index: Int, by factor: Double, rows: [Int], of count: Int, error: (Int, [Double]) -> Double
    ) -> Double {
        func objective() -> Double {
            var sum = 0.0
            for row in rows { sum += error(row, parameters) }
            var penalty = 0.0
            for (a, b) in neighbours where a == index || b == index {
                let ratio = excess(parameters[a], parameters[b])
                penalty += ratio * ratio
            }
            return sum / Double(count) + Self.smoothing * penalty
        }
        let start = objective()
        var best = start
        for _ in 0..<Self.movesPerSweep {
            let old = parameters[index]
            parameters[index] = min(max(old * factor, limits[index].lowerBound), limits[index].upperBound)
            let value = isOrdered(index) ? objective() : .infinity
            if value >= best - Self.smallestGain {
                parameters[index] = old
                break
            }
            best = value
        }
        return start - best
    }

    private func isOrdered(_ index: Int) -> Bool {
        orderings.allSatisfy {
            ($0.smaller != index && $0.larger != index)
                || parameters[$0.smaller] <= $0.factor * parameters[$0.larger]
        }
    }
}

/// How far two positive numbers are apart: the larger over the smaller, minus one.
func excess(_ a: Double, _ b: Double) -> Double { a > b ? a / b - 1 : b / a - 1 }

/// Rounded to four significant digits, so that a file holds exactly what was fitted.
func fourDigits(_ value: Double) -> Double {
    if value == 0 || !value.isFinite { return value }
    // Multiplies or divides by a power of ten that is exact, so that the result prints short.
    var (scale, shrink) = (1.0, 1.0)
    while abs(value) * scale < 1000 { scale *= 10 }
    while abs(value) / shrink >= 10_000 { shrink *= 10 }
    return scale > 1 ? (value * scale).rounded() / scale : (value / shrink).rounded() * shrink
}

/// Whether a shape belongs to the half that the fit may see; a hash of its numbers decides (SplitMix64's finalizer).
func isFitted(_ shape: [Int]) -> Bool {
    var hash: UInt64 = 0
    for number in shape {
        hash = (hash ^ UInt64(truncatingIfNeeded: number)) &+ 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
        hash ^= hash >> 31
    }
    return hash & 1 == 0
}
