public import CostModels
public import Diagnostics

/// Sets what the tables believe beside the rows of measured files.
///
/// A file is recognised by its header: products (m, n, k), attention (q_len, past, q_dtype), chunked and mixed attention
/// (n_decode, kv_decode), all-reduce (op, impl), operations of a layer (op, tokens, tp), whole iterations (kind, sms,
/// tokens, batch, context, ms) and two lanes (kind, sms_prefill, sms_decode, …). Rows of other GPUs and number formats
/// stay without a prediction.
public struct RowPredictor {
    /// A line of the output: the line of the file with the predictions appended, or the header with their names.
    public typealias Line = String

    let tables: KernelTables
    let device: DeviceProfile
    let gpu: String
    let state: PowerState?
    let mechanism: CoRunSurface.Mechanism?
    /// Prices iterations and operations of a layer.
    let costs: [PowerState: TableCostModel]

    /// Errors by regime, in the order in which regimes were met, of all files so far.
    public private(set) var report = CalibrationReport()
    /// Rows that stayed without a prediction.
    public private(set) var unpriced = 0

    /// - Parameters:
    ///   - gpu: as the files name it.
    ///   - model: for iterations and operations of a layer.
    ///   - state: of the device; `nil` for bursts of single kernels and sustained iterations.
    ///   - mechanism: how two lanes share the GPU; `nil` for streams where both have all SMs, MPS where caps overlap, and
    ///     green contexts where they do not.
    public init(
        tables: KernelTables, device: DeviceProfile, gpu: String, model: ModelArchitecture,
        efficiency: EfficiencyProfile, tensorParallelism: Int = 1, state: PowerState? = nil,
        mechanism: CoRunSurface.Mechanism? = nil
    ) throws(CostModelError) {
        var costs: [PowerState: TableCostModel] = [:]
        for state in PowerState.allCases {
            costs[state] = try TableCostModel(
                model: model, device: device, tables: tables, efficiency: efficiency, runtime: .ideal,
                tensorParallelism: tensorParallelism, maxSequences: 1, state: state, equalContexts: true)
        }
        self.tables = tables
        self.device = device
        self.gpu = gpu
        self.state = state
        self.mechanism = mechanism
        self.costs = costs
    }

    /// Reads a file and hands over the lines of the output one by one.
    public mutating func predict(csv path: String, _ emit: (Line) -> Void) throws(InputError) {
        var schema: RowSchema?
        var regimes: [(name: String, comparisons: [CalibrationReport.Comparison])] = []
        var collector = DiagnosticCollector()
        do throws(InputError) {
            try forEachRow(ofCSV: path) { (row) throws(InputError) in
                guard let known = schema else {
                    let known = try RowSchema(header: row)
                    schema = known
                    emit(row.text + "," + known.added.joined(separator: ","))
                    return
                }
                do throws(InputError) {
                    let predictions = try known.predictions(row, self)
                    if predictions.isEmpty { unpriced += 1 }
                    emit(row.text + "," + known.appended(predictions))
                    for prediction in predictions {
                        let index = regimes.firstIndex { $0.name == prediction.regime } ?? regimes.count
                        if index == regimes.count { regimes.append((prediction.regime, [])) }
                        regimes[index].comparisons.append(
                            .init(
                                shape: "line \(row.line)", predicted: prediction.price.seconds,
                                measured: prediction.measured))
                    }
                } catch {
                    collector.absorb(error)
                    if collector.isFull { throw error }
                }
            }
        } catch {
            if collector.errors.isEmpty { throw error }
        }
        try collector.throwIfAny()
        for regime in regimes { report.add(regime.name, fittedRows: 0, heldOut: regime.comparisons) }
    }
}

/// A predicted time beside a measured one.
struct RowPrediction {
    var regime: String
    var price: KernelPrice
    var measured: Double
    /// Of the column in the output: microseconds or milliseconds.
    var unit: Double
}
