/// A run of a real engine on real GPUs: what arrived, what became of it, and every engine step.
public struct ServingRun: Hashable, Sendable {
    /// How the engine served.
    public enum Policy: Hashable, Sendable {
        /// Prompts first, then decode steps of all running.
        case unified
        /// Two processes under MPS, with these percentages of the SMs.
        case semiPD(prefill: Double, decode: Double)
        /// Two green contexts of one process, with these numbers of SMs.
        case greenContexts(prefill: Int, decode: Int)
        /// One GPU prefills, one decodes.
        case disaggregated

        /// Whether the phases run side by side on one GPU.
        var isShared: Bool {
            switch self {
            case .semiPD, .greenContexts: true
            case .unified, .disaggregated: false
            }
        }
    }

    public struct Key: Hashable, Sendable {
        public var policy: Policy
        /// Length mix, as the files name it.
        public var mix: String
        /// Requests per second.
        public var rate: Double
    }

    public struct MeasuredRequest: Hashable, Sendable {
        public var arrival: Double
        public var promptTokens: Int
        public var outputTokens: Int
        public var timeToFirstToken: Double
        public var endToEnd: Double
    }

    public enum Phase: Hashable, Sendable { case prefill, decode, transfer }

    /// One engine step; times in seconds on the clock of the arrivals.
    public struct Step: Hashable, Sendable {
        public var phase: Phase
        public var start: Double
        public var end: Double
        public var sequences: Int
        /// Prompt tokens of a prefill, Σ context of a decode, bytes of a transfer.
        public var tokens: Int

        public var duration: Double { end - start }
    }

    public var key: Key
    /// In order of arrival.
    public var requests: [MeasuredRequest] = []
    /// In order of start within each phase.
    public var steps: [Step] = []

    public var rate: Double { key.rate }
    public var policy: Policy { key.policy }

    public func steps(_ phase: Phase) -> [Step] { steps.filter { $0.phase == phase } }
}

extension ServingRun.Policy: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unified: "unified"
        case .semiPD(let x, let y): "semi-pd (\(Int(x)), \(Int(y)))"
        case .greenContexts(let prefill, let decode): "semi-pd \(prefill)+\(decode)"
        case .disaggregated: "disaggregated"
        }
    }
}
