/// How far predictions are from rows that the fit has not seen.
public struct CalibrationReport: Hashable, Sendable {
    /// One family of kernels, or a regime of one.
    public struct Entry: Hashable, Sendable {
        public var name: String
        public var fittedRows: Int
        public var heldOutRows: Int
        /// |predicted/measured − 1| over the rows held out.
        public var medianError: Double
        public var p90Error: Double
        public var worstError: Double
        public var worstShape: String
        /// Median of predicted/measured − 1: above zero is too slow.
        public var bias: Double
    }

    public var entries: [Entry] = []

    public subscript(name: String) -> Entry? { entries.first { $0.name == name } }

    /// A predicted and a measured time of the same shape.
    struct Comparison {
        var shape: String
        var predicted: Double
        var measured: Double

        var error: Double { abs(predicted / measured - 1) }
    }

    /// Adds nothing where nothing was held out.
    mutating func add(_ name: String, fittedRows: Int, heldOut: [Comparison]) {
        guard let worst = heldOut.max(by: { $0.error < $1.error }) else { return }
        let errors = heldOut.map(\.error).sorted()
        let signed = heldOut.map { $0.predicted / $0.measured - 1 }.sorted()
        entries.append(
            Entry(
                name: name, fittedRows: fittedRows, heldOutRows: errors.count, medianError: quantile(0.5, of: errors),
                p90Error: quantile(0.9, of: errors), worstError: worst.error, worstShape: worst.shape,
                bias: quantile(0.5, of: signed)))
    }
}

/// The value at rank ⌈q·n⌉.
private func quantile(_ q: Double, of sorted: [Double]) -> Double {
    sorted[min(sorted.count - 1, max(0, Int((q * Double(sorted.count)).rounded(.up)) - 1))]
}
