internal import CostModels

/// Fits `GEMMEfficiency` to timed matrix products.
struct GEMMFit {
    /// Projections of language models are not smaller on either side, whatever the tensor parallelism.
    static let smallestSide = 512

    private static let rowKnots = (5...14).map { Double(1 << $0) }
    /// At the first knot nothing is fitted: weights hide the arithmetic there, and rows on all SMs say nothing about it.
    /// A tile has 64 rows, filled or not; products of 32 rows stay bound by their weights on parts of an H200's SMs down
    /// to 8 of 132, which leaves room for no more.
    private static let firstKnotEfficiency = 0.5
    private static let elementKnots = stride(from: 18, through: 30, by: 2).map { Double(1 << $0) }
    private static let weightKnots = [20, 22, 23, 24, 25, 26, 27, 28, 30].map { Double(1 << $0) }

    /// A row with its places among the knots.
    private struct Prepared {
        let computeSeconds: Double
        let memorySeconds: Double
        let measured: Double
        let rows: CurvePosition
        let elements: CurvePosition
        let weight: CurvePosition
        let beyond: Double
    }

    private let device: DeviceProfile
    private let prepared: [Prepared]

    init(rows: [GEMMRow], device: DeviceProfile) {
        self.device = device
        prepared = rows.map { row in
            let (m, n, k) = (Double(row.m), Double(row.n), Double(row.k))
            return Prepared(
                computeSeconds: 2 * n * k / device.bf16FLOPS,
                memorySeconds: 2 * (n * k + m * (n + k)) / device.memoryBandwidthBytesPerSecond,
                measured: row.seconds, rows: CurvePosition(of: m, in: Self.rowKnots),
                elements: CurvePosition(of: n * k, in: Self.elementKnots),
                weight: CurvePosition(of: 2 * n * k, in: Self.weightKnots),
                beyond: max(1, m / Self.rowKnots[Self.rowKnots.count - 1]))
        }
    }

    func fit() -> GEMMEfficiency {
        let (rows, columns) = (Self.rowKnots.count, Self.elementKnots.count)
        let weights = rows * columns
        let launch = weights + Self.weightKnots.count
        func cell(_ row: Int, _ column: Int) -> Int { row * columns + column }

        let fixed = Array(repeating: Self.firstKnotEfficiency, count: columns)
        var descent = CoordinateDescent(
            parameters: fixed + Array(repeating: 0.6, count: weights - columns)
                + Array(repeating: 0.7, count: Self.weightKnots.count)
                + [3e-6],
            limits: fixed.map { $0...$0 } + Array(repeating: 0.01...0.94, count: launch - columns) + [1e-7...1e-3])
        for row in 0..<rows {
            for column in 0..<columns {
                if column + 1 < columns { descent.neighbours.append((cell(row, column), cell(row, column + 1))) }
                if row + 1 == rows { continue }
                if row > 0 { descent.neighbours.append((cell(row, column), cell(row + 1, column))) }
                // More rows never take less time: rows/efficiency may not fall from knot to knot.
                let factor = Self.rowKnots[row + 1] / Self.rowKnots[row]
                descent.orderings.append(
                    .init(smaller: cell(row + 1, column), larger: cell(row, column), factor: factor))
            }
        }
        for i in 1..<Self.weightKnots.count { descent.neighbours.append((weights + i - 1, weights + i)) }

        let touched = prepared.map { row in
            var indices = [launch]
            for i in row.weight.corners { indices.append(weights + i) }
            for i in row.rows.corners { for j in row.elements.corners { indices.append(cell(i, j)) } }
            return indices
        }
        descent.minimise(touched: touched) { index, parameters in
            let row = prepared[index]
            func costedRows(_ i: Int) -> Double {
                let low = parameters[cell(i, row.elements.index)]
                let fraction = row.elements.fraction
                if fraction == 0 { return Self.rowKnots[i] / low }
                let high = parameters[cell(i, row.elements.index + 1)]
                return Self.rowKnots[i] / (low * (1 - fraction) + high * fraction)
            }
            var costed = costedRows(row.rows.index)
            if row.rows.fraction > 0 {
                costed = costed * (1 - row.rows.fraction) + costedRows(row.rows.index + 1) * row.rows.fraction
            }
            var bandwidth = parameters[weights + row.weight.index]
            if row.weight.fraction > 0 {
                bandwidth =
                    bandwidth * (1 - row.weight.fraction) + parameters[weights + row.weight.index + 1]
                    * row.weight.fraction
            }
            let compute = row.computeSeconds * costed * row.beyond
            return excess(max(compute, row.memorySeconds / bandwidth) + parameters[launch], row.measured)
        }
        let fitted = descent.parameters.map(fourDigits)
        return GEMMEfficiency(
            launchSeconds: fitted[launch], rows: Self.rowKnots, matrixElements: Self.elementKnots,
            compute: (0..<rows).map { Array(fitted[cell($0, 0)..<cell($0 + 1, 0)]) },
            bandwidth: Curve(knots: Self.weightKnots, values: Array(fitted[weights..<launch])))
    }
}

extension CurvePosition {
    /// The knots that a value at this position depends on.
    var corners: [Int] { fraction == 0 ? [index] : [index, index + 1] }
}
