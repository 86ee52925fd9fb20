/// A number that a partition controller or a change of partition takes.
public struct ControllerParameter: Hashable, Sendable {
    public enum Meaning: Hashable, Sendable {
        /// Completed requests, and iterations, of one observation window.
        case windowRequests, windowIterations
        /// Percentage points of one step, and steps of one adjustment.
        case stepSize, steps
        /// Percent of the SMs below which a phase is not put.
        case prefillFloor, decodeFloor
        /// Percent by which the observed TPOT counts when it is held against its limit.
        case decodeGuard
        /// Milliseconds.
        case interval, minimumInterval, horizon, memory
        /// Thousandths of attainment.
        case hysteresis
    }

    public var name: String
    public var meaning: Meaning
    public var defaultValue: Int
    public var range: ClosedRange<Int>
    public var summary: String

    init(_ name: String, _ meaning: Meaning, _ defaultValue: Int, _ range: ClosedRange<Int>, _ summary: String) {
        self.name = name
        self.meaning = meaning
        self.defaultValue = defaultValue
        self.range = range
        self.summary = summary
    }
}

/// A controller that semi-PD pools can name.
public struct ControllerDescription: Hashable, Sendable {
    public var id: String
    public var summary: String
    public var follows: String
    public var parameters: [ControllerParameter]
}

/// What decides the SM partition of semi-PD instances during a run, in the order in which it is listed.
public enum ControllerCatalog {
    public static let controllers = [fixed, paper, code, model]

    public static var ids: [String] { controllers.map(\.id) }

    public static func controller(_ id: String) -> ControllerDescription? { controllers.first { $0.id == id } }

    static let fixed = ControllerDescription(
        id: "static", summary: "the partition stays what it is", follows: "Semi-PD on SGLang", parameters: [])

    // The paper gives no numbers; these are those of the released code.
    static let paper = ControllerDescription(
        id: "paper", summary: "Algorithm 1: raises the phase that breaks its SLO by a latency model refitted online",
        follows: "Semi-PD (arXiv 2504.19867), section 5",
        parameters: [
            window,
            ControllerParameter(
                "window_iterations", .windowIterations, 0, 0...10_000_000,
                "iterations of a window; 0 counts completed requests instead"),
        ] + steps)

    static let code = ControllerDescription(
        id: "code", summary: "moves one phase by a few points between a floor and 100 by fits made offline",
        follows: "the released Semi-PD code on DistServe, DynamicPartitioner",
        parameters: [window] + steps + [
            ControllerParameter(
                "decode_guard", .decodeGuard, 110, 100...200,
                "percent of the observed TPOT that is held against its limit")
        ])

    static let model = ControllerDescription(
        id: "model",
        summary: "takes the partition for which the cost model and the queues promise the highest attainment",
        follows: "no engine: the simulator's own",
        parameters: [
            ControllerParameter("interval_ms", .interval, 1_000, 1...3_600_000, "between two decisions"),
            ControllerParameter(
                "minimum_interval_ms", .minimumInterval, 2_000, 0...3_600_000, "between two changes"),
            ControllerParameter(
                "hysteresis", .hysteresis, 20, 0...1_000, "thousandths of attainment that a change has to gain"),
            ControllerParameter("horizon_ms", .horizon, 5_000, 1...3_600_000, "over which attainment is predicted"),
            ControllerParameter("memory_ms", .memory, 20_000, 1...3_600_000, "of the averages of rate and lengths"),
        ])

    private static let window = ControllerParameter(
        "window_size", .windowRequests, 400, 1...10_000_000, "completed requests of an observation window")

    private static let steps = [
        ControllerParameter("step_size", .stepSize, 2, 1...100, "percentage points of one step"),
        ControllerParameter("max_step", .steps, 3, 1...100, "steps of one adjustment"),
        ControllerParameter("prefill_floor", .prefillFloor, 80, 1...100, "percent that prefill keeps at least"),
        ControllerParameter("decode_floor", .decodeFloor, 80, 1...100, "percent that decode keeps at least"),
    ]
}
