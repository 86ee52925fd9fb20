internal import CostModels

extension KernelMeasurements {
    /// Fits the four constants of the schedule of tiles to burst lines: the smallest mean relative error.
    func fittedPrefillBound() -> PrefillAttentionBound {
        let rows = prefill.filter { $0.state == .burst }
        var descent = CoordinateDescent(
            parameters: [5e-6, 1.2e-8, 1.5e-6, 0.6], limits: [1e-7...1e-3, 1e-10...1e-6, 1e-9...1e-4, 0.01...2])
        descent.minimise(touched: rows.map { _ in [0, 1, 2, 3] }) { index, parameters in
            let row = rows[index]
            let seconds = Self.bound(parameters).seconds(
                heads: Double(row.heads), chunks: Double(row.batch), queries: Double(row.queries),
                past: Double(row.past), sms: Double(row.sms))
            return excess(seconds, row.seconds)
        }
        return Self.bound(descent.parameters.map(fourDigits))
    }

    private static func bound(_ parameters: [Double]) -> PrefillAttentionBound {
        PrefillAttentionBound(
            launchSeconds: parameters[0], secondsPerKey: parameters[1], secondsPerTile: parameters[2],
            imbalance: parameters[3])
    }
}
