internal import CostModels

/// What lanes on disjoint SMs cost each other, through bandwidth alone: medians over co-runs in green contexts.
struct HardSplitFit {
    let decodeBandwidthLoss: Double
    let prefillLossApart: Double

    /// `nil` where there are no such rows.
    init?(_ rows: [CoRunRow], total: Int) {
        /// The decode of a row alone on all SMs.
        func wholeDevice(_ row: CoRunRow) -> Double? {
            rows.first {
                $0.decodeSMs == total && $0.batch == row.batch && $0.context == row.context && $0.layers == row.layers
            }?.decodeAloneMicroseconds
        }
        var (decodeLosses, prefillLosses): ([Double], [Double]) = ([], [])
        for row in rows where row.mechanism == "green" && row.prefillSMs + row.decodeSMs <= total {
            decodeLosses.append((row.decodeSlowdown - 1) * Double(total) / Double(row.prefillSMs))
            guard let whole = wholeDevice(row) else { continue }
            let speed = min(1, whole / row.decodeAloneMicroseconds)
            prefillLosses.append((1 - 1 / row.prefillSlowdown) * row.decodeSlowdown / speed)
        }
        if decodeLosses.isEmpty || prefillLosses.isEmpty { return nil }
        decodeBandwidthLoss = fourDigits(median(decodeLosses))
        prefillLossApart = fourDigits(median(prefillLosses))
    }

    func apply(to sharing: inout CoRunSharing) {
        sharing.decodeBandwidthLoss = decodeBandwidthLoss
        sharing.prefillLossApart = prefillLossApart
    }
}
