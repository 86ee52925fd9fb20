public import CostModels

/// Kernel tables made of a benchmark's lines, and how far they are off on points that they have not seen.
public struct TableCalibration: Sendable {
    public let tables: KernelTables
    /// By family: the leave-out errors, the sums of parts against whole iterations, the co-runs held out.
    public let report: CalibrationReport

    /// Everything goes into the tables; errors come from tables made without the points that they are about.
    ///
    /// - Parameters:
    ///   - models: those that whole iterations and co-runs were measured with.
    ///   - efficiency: prices what was not measured.
    ///   - sharing: how lanes slow each other by the law fitted to serving runs, to be set beside the co-runs.
    ///   - throttling: for measurements that are bursts alone.
    public init(
        _ measurements: KernelMeasurements, device: DeviceProfile, models: [ModelArchitecture],
        efficiency: EfficiencyProfile, sharing: CoRunSharing? = nil, throttling: InferredThrottling? = nil
    ) {
        let bound = measurements.fittedPrefillBound()
        let matrices = MatrixHoldOut(measurements, device: device)
        var tables = measurements.tables(
            device: device.id, bound: bound, gemmLaunchSeconds: matrices.fittedLaunch(), graphGapSeconds: 0,
            coRun: CoRunFit.surface(measurements.coRuns, models: models))
        let check = IterationCheck(
            measurements.iterations, parts: measurements.parts, device: device, models: models, efficiency: efficiency)
        tables.graphGapSeconds = check.fittedGap(tables)
        tables.throttling = throttling

        var report = CalibrationReport()
        HoldOut(measurements: measurements, bound: bound, device: device).add(to: &report)
        matrices.add(to: &report, launch: tables.gemm.launchSeconds)
        check.add(to: &report, tables)
        check.addSameState(to: &report, gap: tables.graphGapSeconds)
        let coRuns = CoRunHoldOut(measurements.coRuns, models: models)
        coRuns.add(to: &report)
        if let sharing { coRuns.add(to: &report, sharing, device: device, efficiency: efficiency) }
        self.tables = tables
        self.report = report
    }

    /// The largest errors with which tables are written.
    public struct Bound: Hashable, Sendable {
        public var name: String
        public var median: Double
        /// `nil` where only the median is bounded.
        public var p90: Double?

        /// The part of the name before its first comma.
        var family: String { String(name.prefix { $0 != "," }) }
    }

    public static let bounds = [
        Bound(name: "gemm, M held out", median: 0.04, p90: 0.10),
        Bound(name: "gemm, SMs held out", median: 0.05, p90: nil),
        Bound(name: "prefill attention, queries held out", median: 0.03, p90: 0.10),
        Bound(name: "prefill attention, SMs held out", median: 0.05, p90: nil),
        Bound(name: "decode attention, context held out", median: 0.02, p90: 0.10),
        Bound(name: "decode attention, SMs held out", median: 0.05, p90: nil),
        Bound(name: "elementwise, tokens held out", median: 0.03, p90: 0.10),
        Bound(name: "elementwise, SMs held out", median: 0.05, p90: nil),
        Bound(name: "all-reduce, bytes held out", median: 0.05, p90: nil),
        Bound(name: "iteration, sum of parts", median: 0.03, p90: nil),
        Bound(name: "co-run, rows held out", median: 0.05, p90: 0.12),
        Bound(name: "co-run, pairs of SM counts held out", median: 0.05, p90: 0.12),
    ]

    /// What is wrong with the tables: families that miss their bound, and by how much. Empty for tables that may be used.
    public var violations: [(family: String, text: String)] {
        Self.bounds.compactMap { bound in
            guard let entry = report[bound.name] else { return nil }
            func percent(_ value: Double) -> String { "\((value * 1000).rounded() / 10) %" }
            if entry.medianError > bound.median {
                return (
                    bound.family,
                    "\(bound.name): median error \(percent(entry.medianError)), bound \(percent(bound.median))"
                )
            }
            if let p90 = bound.p90, entry.p90Error > p90 {
                return (
                    bound.family, "\(bound.name): P90 of the error \(percent(entry.p90Error)), bound \(percent(p90))"
                )
            }
            return nil
        }
    }
}
