internal import CostModels

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Fits the compact model to co-runs: least squares in the logarithm, with a small penalty on the weights, which settles
/// those that few rows speak for. Pairs of SM counts one by one; those of MPS caps together, if there are enough, and then
/// each for what its rows say beyond the surface of all.
enum CoRunFit {
    private static let penalty = 0.03
    private static let noPenalty = 1e-9
    /// Of what a pair of caps says beyond the surface of all, which has more rows than any pair.
    private static let beyondPenalty = 1.0

    /// Pairs of caps from which a polynomial with six terms can be told.
    private static let leastPairs = 10

    static func surface(
        _ rows: [KernelMeasurements.CoRun], models: [ModelArchitecture]
    ) -> CoRunSurface? {
        let caps = Self.caps(rows.filter { $0.mechanism == .mps }, models: models)
        let total = Double(rows.reduce(1) { max($0, $1.prefillSMs, $1.decodeSMs) })
        var partitions: [CoRunSurface.Partition] = []
        let keys = Set(rows.map { Key(mechanism: $0.mechanism, prefill: $0.prefillSMs, decode: $0.decodeSMs) })
        for key in keys.sorted() {
            let own = rows.filter {
                $0.mechanism == key.mechanism && $0.prefillSMs == key.prefill && $0.decodeSMs == key.decode
            }
            let lanes = own.compactMap { Self.lanes($0, models: models) }
            // Fewer rows than weights say nothing about a pair.
            if lanes.count != own.count || lanes.count <= CoRunSurface.Features.count { continue }
            let features = lanes.map { CoRunSurface.Features($0).values }
            func range(_ value: (CoRunSurface.Lanes) -> Double) -> ClosedRange<Double> {
                let values = lanes.map(value)
                return values.min()!...values.max()!
            }
            var (prefill, decode) = (
                own.map { log(max(1, $0.prefillSlowdown)) }, own.map { log(max(1, $0.decodeSlowdown)) }
            )
            let base =
                key.mechanism != .mps
                ? nil
                : caps?.weights(prefillShare: Double(key.prefill) / total, decodeShare: Double(key.decode) / total)
            if let base {
                for (index, lanes) in lanes.enumerated() {
                    prefill[index] -= CoRunSurface.Features(lanes).dot(base.prefill)
                    decode[index] -= CoRunSurface.Features(lanes).dot(base.decode)
                }
            }
            let penalties =
                base == nil ? (constant: noPenalty, others: penalty) : (constant: beyondPenalty, others: beyondPenalty)
            partitions.append(
                CoRunSurface.Partition(
                    mechanism: key.mechanism, prefillSMs: key.prefill, decodeSMs: key.decode,
                    prefillWeights: weights(features, prefill, penalties),
                    decodeWeights: weights(features, decode, penalties),
                    prefillLayerSeconds: range(\.prefillLayerSeconds), decodeLayerSeconds: range(\.decodeLayerSeconds),
                    decodeKeyValueShare: range(\.decodeKeyValueShare)))
        }
        return partitions.isEmpty ? nil : CoRunSurface(partitions: partitions, caps: caps)
    }

    private static func caps(
        _ rows: [KernelMeasurements.CoRun], models: [ModelArchitecture]
    ) -> CoRunSurface.Caps? {
        let lanes = rows.compactMap { Self.lanes($0, models: models) }
        let pairs = Set(rows.map { [$0.prefillSMs, $0.decodeSMs] })
        if lanes.count != rows.count || pairs.count < leastPairs { return nil }
        let (prefill, decode) = (rows.map(\.prefillSMs), rows.map(\.decodeSMs))
        let total = Double(max(prefill.max()!, decode.max()!))
        let features = zip(rows, lanes).map { row, lanes in
            let own = CoRunSurface.Features(lanes).values
            return CoRunSurface.Caps.terms(
                prefillShare: Double(row.prefillSMs) / total, decodeShare: Double(row.decodeSMs) / total
            ).flatMap { term in own.map { term * $0 } }
        }
        let penalties = (constant: noPenalty, others: penalty)
        return CoRunSurface.Caps(
            prefillSMs: prefill.min()!...prefill.max()!, decodeSMs: decode.min()!...decode.max()!,
            prefillWeights: weights(features, rows.map { log(max(1, $0.prefillSlowdown)) }, penalties),
            decodeWeights: weights(features, rows.map { log(max(1, $0.decodeSlowdown)) }, penalties))
    }

    /// `nil` for a model that is not known.
    static func lanes(_ row: KernelMeasurements.CoRun, models: [ModelArchitecture]) -> CoRunSurface.Lanes? {
        guard let model = models.first(where: { $0.id == row.model }) else { return nil }
        let attention = model.hiddenSize * model.headSize * (2 * model.heads + 2 * model.keyValueHeads)
        let weightBytes = Double(2 * (attention + 3 * model.hiddenSize * model.intermediateSize))
        let keyValueBytes = Double(row.batch * row.context * model.keyValueBytesPerToken / model.layers)
        return CoRunSurface.Lanes(
            prefillLayerSeconds: row.prefillLayerSeconds, decodeLayerSeconds: row.decodeLayerSeconds,
            decodeKeyValueShare: keyValueBytes / (keyValueBytes + weightBytes))
    }

    private struct Key: Hashable, Comparable {
        var mechanism: CoRunSurface.Mechanism
        var prefill: Int
        var decode: Int

        static func < (a: Self, b: Self) -> Bool {
            (a.mechanism.rawValue, a.prefill, a.decode) < (b.mechanism.rawValue, b.prefill, b.decode)
        }
    }

    /// Ridge regression by the normal equations.
    private static func weights(
        _ features: [[Double]], _ values: [Double], _ penalties: (constant: Double, others: Double)
    ) -> [Double] {
        let n = features[0].count
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: n + 1), count: n)
        for (row, value) in zip(features, values) {
            for i in 0..<n {
                for j in 0..<n { matrix[i][j] += row[i] * row[j] }
                matrix[i][n] += row[i] * value
            }
        }
        for i in 0..<n { matrix[i][i] += i == 0 ? penalties.constant : penalties.others }
        // Positive definite, so that elimination needs no exchange of rows.
        for i in 0..<n {
            for k in 0..<n where k != i {
                let factor = matrix[k][i] / matrix[i][i]
                for j in i...n { matrix[k][j] -= factor * matrix[i][j] }
            }
        }
        return (0..<n).map { fourDigits(matrix[$0][n] / matrix[$0][$0]) }
    }
}
